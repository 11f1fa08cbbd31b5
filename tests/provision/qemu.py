"""A chip in Espressif's QEMU: `--embedded-services idf,qemu`, with pytest-embedded's classes, but not its fixtures,
which would start the firmware before a test can configure it.
"""

import contextlib
import io
import shlex
from collections.abc import Mapping
from pathlib import Path

import esptool
from pytest_embedded.utils import Meta
from pytest_embedded_idf import IdfApp
from pytest_embedded_qemu import Qemu, QemuDut
from pytest_embedded_qemu.qemu import QEMU_TARGETS
from tbtools.factory.nvs import nvs_image

from tests.provision.device import LAST_WORDS, status_in
from tests.provision.images import FlashLayout
from tests.provision.process import CutProcess, ProcessDevice

PROGRAMS = {"esp32": "qemu-system-xtensa", "esp32c3": "qemu-system-riscv32", "esp32s3": "qemu-system-xtensa"}
"""The chips that there are, and what emulates them."""
HOST = "10.0.2.2"
"""This machine's loopback, as firmware in QEMU sees it."""
PATIENCE_S = 60.0
_ARGUMENTS = (
    "-nic user,model=open_eth "
    "-global driver=timer.{target}.timg,property=wdt_disable,value=true "
    # not by pytest-embedded's --qemu-efuse-path, with which a chip boots for a download
    "-drive file={efuse},if=none,format=raw,id=efuse -global driver=nvram.{target}.efuse,property=drive,value=efuse"
)


class Emulator(CutProcess, Qemu):  # type: ignore[misc]
    """QEMU's process."""


class QemuDevice(ProcessDevice):
    """A process for each boot, and a file as its flash, in *memory*, whose path has no comma. Logs are in *logs*."""

    def __init__(self, app: IdfApp, memory: Path, logs: Path, program: str, arguments: str | None = None) -> None:
        super().__init__(app, PATIENCE_S, logs)
        self._program = program
        self._layout = FlashLayout.of_build(Path(app.binary_path), app.sdkconfig)
        self._flash = memory / "flash.bin"
        self._efuse = memory / "efuse.bin"
        mine = _ARGUMENTS.format(target=app.target, efuse=shlex.quote(str(self._efuse)))
        self._arguments = f"{mine} {arguments or ''}"

    def format(self, settings: Mapping[str, str]) -> None:
        """Flash the whole of it."""
        self._efuse.write_bytes(QEMU_TARGETS[self.app.target].default_efuse)  # the chip's revision is in it
        merge(self.app, self._flash)
        nvs = self._layout.partitions["nvs"]
        with self._flash.open("rb+") as flash:
            flash.seek(nvs.offset)
            flash.write(nvs_image(settings, nvs.size))

    def start(self, meta: Meta) -> Emulator:
        """Start QEMU; the flash keeps what the firmware has written."""
        return Emulator(
            qemu_image_path=str(self._flash),
            qemu_prog_path=self._program,
            qemu_extra_args=self._arguments,
            app=self.app,
            msg_queue=None,
            meta=meta,
        )

    def dut_of(self, process: CutProcess, **common: object) -> QemuDut:
        """It runs as a DUT of QEMU."""
        return QemuDut(qemu=process, **common)

    def wait_end(self) -> int:
        """Wait for its last words."""
        self.expect(LAST_WORDS)
        return status_in(self.log)


def merge(app: IdfApp, image: Path) -> None:
    """Make a whole flash out of what a build has for it."""
    files = [word for file in app.flash_files for word in (hex(file.offset), str(file.file_path))]
    size = app.flash_settings["flash_size"]
    arguments = ["--chip", app.target, "merge-bin", "--output", str(image), "--pad-to-size", size, *files]
    with contextlib.redirect_stdout(io.StringIO()):
        esptool.main(arguments)
