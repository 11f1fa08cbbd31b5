"""Devices that are a process on this machine: the host build, and the binary of ESP-IDF's linux target."""

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from pytest_embedded.log import PexpectProcess
from pytest_embedded.utils import Meta
from pytest_embedded_idf import IdfApp, LinuxDut, LinuxSerial
from tbtools.factory.nvs import NAMESPACE, nvs_image

from tests.provision.device import Device, Setting, plain
from tests.provision.images import FlashLayout

PATIENCE_S = 20.0
_POLL_S = 0.005


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


class Process(LinuxSerial):  # type: ignore[misc]
    """The firmware's process. Its output goes to a file, which the DUT reads without a process between them."""

    REDIRECT_CLS = None

    @property
    def output(self) -> Path:
        """The file."""
        return Path(self._logfile)

    def cut(self) -> None:
        """End it at once, if it runs."""
        self.kill()
        self.wait()
        self.stdin.close()
        self.close()


class LinuxDevice(Device):
    """A process for each boot, a *storage* for all of them. Logs go to *log_dir*."""

    def __init__(self, app: IdfApp, storage: Storage, log_dir: Path) -> None:
        super().__init__(app.target, PATIENCE_S, app.sdkconfig)
        self._app = app
        self._storage = storage
        self._log_dir = log_dir
        self._boots: list[LinuxDut] = []

    def configure(self, **settings: Setting) -> None:
        """Format the storage."""
        self.power_cut()
        self._boots.clear()
        self._storage.format({key: str(value) for key, value in settings.items()})

    def boot(self) -> None:
        """Start a process."""
        self.power_cut()
        environment = {**os.environ, **self._storage.environment()}
        meta = Meta(str(self._log_dir), {}, {})
        process = Process(app=self._app, msg_queue=None, meta=meta, env=environment)
        output = PexpectProcess(os.open(process.output, os.O_RDONLY))
        output.delayafterread = _POLL_S  # reading a file never blocks
        self._boots.append(
            LinuxDut(
                serial=process,
                pexpect_proc=output,
                msg_queue=None,
                app=self._app,
                pexpect_logfile=str(process.output),
                test_case_name=self._log_dir.name,
            )
        )

    def power_cut(self) -> None:
        """Kill the process; AssertionError when a signal had ended it before."""
        if self._boots and not self._process.stdin.closed:
            status = self._process.poll()
            self._process.cut()
            self.dut.pexpect_proc.close()
            assert status is None or status >= 0, f"the firmware was ended by signal {-status}"

    def wait_end(self) -> int:
        """Wait for the process."""
        try:
            return int(self._process.wait(self.patience_s))
        except subprocess.TimeoutExpired as late:
            raise AssertionError(f"the firmware still runs after {self.patience_s} s") from late

    @property
    def log(self) -> str:
        """What the processes printed."""
        return "".join(plain(boot.serial.output.read_text(encoding="utf-8", errors="replace")) for boot in self._boots)

    @property
    def dut(self) -> LinuxDut:
        """The last process."""
        return self._boots[-1]

    @property
    def _process(self) -> Process:
        process: Process = self.dut.serial
        return process


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
