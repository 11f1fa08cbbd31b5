"""Devices that are a process on this machine: the host build, and the binary of ESP-IDF's linux target."""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from pytest_embedded.utils import Meta
from pytest_embedded_idf import IdfApp, LinuxDut, LinuxSerial
from tbtools.factory.nvs import NAMESPACE, nvs_image

from tests.provision.images import FlashLayout
from tests.provision.process import CutProcess, ProcessDevice

PATIENCE_S = 20.0


class Storage(ABC):
    """Where such a device keeps things; *root* is a directory of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @abstractmethod
    def format(self, settings: Mapping[str, str]) -> None:
        """Leave nothing there but *settings*."""

    @abstractmethod
    def environment(self) -> dict[str, str]:
        """The environment variables that lead the firmware to it."""


class StoreDirectory(Storage):
    """The host build's: a file for each value."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._formatted = 0

    def format(self, settings: Mapping[str, str]) -> None:
        """Make a new directory; the old one stays for who looks into a failure."""
        self._formatted += 1
        folder = self._directory / NAMESPACE
        folder.mkdir(parents=True)
        for key, value in settings.items():
            (folder / key).write_text(value, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        """TB_STORE_DIR."""
        return {"TB_STORE_DIR": str(self._directory)}

    @property
    def _directory(self) -> Path:
        return self.root / str(self._formatted)


class FlashFile(Storage):
    """ESP-IDF's emulated flash: a file."""

    def __init__(self, root: Path, layout: FlashLayout) -> None:
        super().__init__(root)
        self._layout = layout

    def format(self, settings: Mapping[str, str]) -> None:
        """Write the whole flash."""
        nvs = nvs_image(settings, self._layout.partitions["nvs"].size)
        self.root.mkdir(parents=True, exist_ok=True)
        self._file.write_bytes(self._layout.flash({"nvs": nvs}))

    def environment(self) -> dict[str, str]:
        """TB_FLASH_FILE."""
        return {"TB_FLASH_FILE": str(self._file)}

    @property
    def _file(self) -> Path:
        return self.root / "flash.bin"


class Process(CutProcess, LinuxSerial):  # type: ignore[misc]
    """The firmware's process."""


class LinuxDevice(ProcessDevice):
    """A process for each boot, a *storage* for all of them. Logs go to *log_dir*."""

    def __init__(self, app: IdfApp, storage: Storage, log_dir: Path) -> None:
        super().__init__(app, PATIENCE_S, log_dir)
        self._storage = storage

    def format(self, settings: Mapping[str, str]) -> None:
        """Format the storage."""
        self._storage.format(settings)

    def start(self, meta: Meta) -> Process:
        """Start the program."""
        environment = {**os.environ, **self._storage.environment()}
        return Process(app=self.app, msg_queue=None, meta=meta, env=environment)

    def dut_of(self, process: CutProcess, **common: object) -> LinuxDut:
        """It runs as a DUT of Linux."""
        return LinuxDut(serial=process, **common)

    def wait_end(self) -> int:
        """Wait for the process."""
        try:
            return int(self.process.wait(self.patience_s))
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"the firmware still runs after {self.patience_s} s") from late


def linux_device(app: IdfApp, work_dir: Path) -> LinuxDevice:
    """The device that the build of *app* makes; only ESP-IDF's leaves a partition table."""
    build_dir = Path(app.binary_path)
    root = work_dir / "store"
    storage = (
        FlashFile(root, FlashLayout.of_build(build_dir, app.sdkconfig))
        if (build_dir / "partition_table").is_dir()
        else StoreDirectory(root)
    )
    return LinuxDevice(app, storage, work_dir)
