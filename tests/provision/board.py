"""A flashed board on a serial port. pytest-embedded flashes it once a session, and resets it through esptool."""

import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import esptool
import pexpect
from pytest_embedded_idf import IdfDut, IdfSerial
from pytest_embedded_serial_esp import EspSerial
from tbtools.factory.nvs import nvs_image
from tbtools.factory.partitions import Partition

from tests.provision.device import LAST_WORDS, Device, Setting, plain, status_in
from tests.provision.images import FlashLayout

PATIENCE_S = 60.0
_EVERYTHING = re.compile(b".*", re.DOTALL)
_SETTLE_S = 0.5  # for what a board that is off by now has said before
_LAST_WORDS_S = 0.3  # for the console to take over what has come: its thread looks every 50 ms


@dataclass(frozen=True)
class WiFi:
    """An access point; *ssid* without spaces, as the firmware reads both from one line."""

    ssid: str
    password: str


def write_arguments(partition: Partition, file: Path) -> list[str]:
    """esptool's arguments that write *file* to *partition* and leave the board in its boot loader, off in effect."""
    return ["--after", "no-reset", "write-flash", "--no-progress", hex(partition.offset), str(file)]


class BoardPower:
    """What esptool does for us, while the console pauses."""

    def __init__(self, serial: IdfSerial) -> None:
        self._serial = serial

    def write(self, partition: Partition, data: bytes) -> None:
        """Write *data* to *partition*; the board stays in its boot loader."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"{partition.name}.bin"
            file.write_bytes(data)
            self._in_loader(lambda: esptool.main(write_arguments(partition, file), esp=self._serial.esp))

    def off(self) -> None:
        """Reset into the boot loader, where nothing of ours runs."""
        self._in_loader(lambda: None)

    def on(self) -> None:
        """Reset into the firmware."""
        self._serial.hard_reset()

    def _in_loader(self, action: Callable[[], None]) -> None:
        time.sleep(_LAST_WORDS_S)
        EspSerial.use_esptool()(lambda _serial: action())(self._serial)


class BoardDevice(Device):
    """The board of *dut*. Each configuration rewrites its whole NVS partition."""

    def __init__(self, dut: IdfDut, layout: FlashLayout, power: BoardPower, wifi: WiFi | None) -> None:
        super().__init__(dut.app.target, PATIENCE_S, dut.app.sdkconfig)
        self._dut = dut
        self._nvs = layout.partitions["nvs"]
        self._power = power
        self._wifi = wifi
        self._log_start = 0
        self._is_fresh = True
        self._is_on = False

    def configure(self, **settings: Setting) -> None:
        """Write the NVS partition."""
        self._power.write(self._nvs, nvs_image({key: str(value) for key, value in settings.items()}, self._nvs.size))
        self._log_start = len(self._whole_log())
        self._is_fresh, self._is_on = True, False

    def boot(self) -> None:
        """Reset it, skip what it said before, and tell it the access point if it asks for one."""
        self._power.off()
        self._skip_old_log()
        if self._is_fresh:
            self._log_start = len(self._whole_log())
            self._is_fresh = False
        self._power.on()
        self._is_on = True
        if self._wifi is not None:
            self.expect("Please input ssid password:")
            self._dut.write(f"{self._wifi.ssid} {self._wifi.password}")

    def power_cut(self) -> None:
        """Hold it in its boot loader."""
        self._power.off()
        self._is_on = False

    def wait_end(self) -> int:
        """Wait for its last words: a board has no exit status, but the same outcomes."""
        self.expect(LAST_WORDS)
        return status_in(self.log)

    @property
    def log(self) -> str:
        """What came over the serial port; what was said before the call is in it."""
        if self._is_on:
            time.sleep(_LAST_WORDS_S)
        return plain(self._whole_log()[self._log_start :])

    @property
    def dut(self) -> IdfDut:
        """The board."""
        return self._dut

    def _whole_log(self) -> str:
        return Path(self._dut.logfile).read_text(encoding="utf-8", errors="replace")

    def _skip_old_log(self) -> None:
        self._dut.expect(pexpect.TIMEOUT, timeout=_SETTLE_S)
        self._dut.expect(_EVERYTHING)
