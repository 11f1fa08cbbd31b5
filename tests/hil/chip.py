"""What stands in for the processor: the firmware as a program of this computer, told what its flash says."""

import hashlib
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tbtools.factory.nvs import NAMESPACE
from tbtools.factory.nvs_reader import read_strings

from tests.factory.firmware_build import APP, APP_FILE, NVS

NOT_FLASHED = "invalid header: 0xffffffff"


class Chip:
    """The program *firmware* for flashes of the build in *build*; what it keeps stays in *root*.

    What the firmware writes to NVS is beside the flash: a flash with another NVS partition is another store.
    """

    def __init__(self, firmware: Path, build: Path, root: Path) -> None:
        self._firmware = firmware
        self._app = (build / APP_FILE).read_bytes()
        self._root = root

    def boot(self, flash: bytes, output: int) -> "subprocess.Popen[bytes] | None":
        """Start it with *output* as its console, or say there that the flash has not this firmware."""
        if not self._holds_app(flash):
            os.write(output, f"{NOT_FLASHED}\n".encode())
            return None
        return subprocess.Popen([self._firmware], stdout=output, env=self._environment(flash))

    def become(self, flash: bytes, hosts: Mapping[str, str]) -> None:
        """Go on as the firmware, in the place of this program. It reaches nothing but *hosts*, each by another name."""
        if not self._holds_app(flash):
            raise SystemExit(NOT_FLASHED)
        os.execve(self._firmware, [str(self._firmware)], self._environment(flash, hosts))

    def _holds_app(self, flash: bytes) -> bool:
        return flash[APP.offset : APP.offset + len(self._app)] == self._app

    def _environment(self, flash: bytes, hosts: Mapping[str, str] | None = None) -> dict[str, str]:
        nvs = flash[NVS.offset : NVS.end]
        store = self._root / hashlib.sha256(nvs).hexdigest()[:16]
        if not store.exists():
            settings = read_strings(nvs).get(NAMESPACE, {})
            if hosts is not None:
                settings["host"] = hosts[settings["host"]]
            (store / NAMESPACE).mkdir(parents=True)
            for key, value in settings.items():
                (store / NAMESPACE / key).write_text(value, encoding="utf-8")
        return {**os.environ, "TB_STORE_DIR": str(store)}
