"""Stands in for Espressif's `qemu-system-riscv32`: takes the same arguments, and runs the firmware of another platform.

Named by --qemu-prog-path; what it needs beside its arguments is in the environment.
"""

import argparse
import os
import sys
from pathlib import Path

from tests.hil.chip import Chip

FIRMWARE, BUILD = "TB_QEMU_FIRMWARE", "TB_QEMU_BUILD"
_NETWORK = {"10.0.2.2": "127.0.0.1"}
_GLOBALS = {  # strap_mode is not among them: 0x02, pytest-embedded's, is a boot for a download
    "driver=nvram.esp32c3.efuse,property=drive,value=efuse",  # chip revision 0.3, which ESP-IDF wants
    "driver=timer.esp32c3.timg,property=wdt_disable,value=true",
}
_MEGABYTES = (2, 4, 8, 16)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(exit_on_error=True)
    parser.add_argument("-nographic", action="store_true", required=True)
    parser.add_argument("-machine", required=True, choices=["esp32c3"])
    parser.add_argument("-nic", required=True, choices=["user,model=open_eth"])
    parser.add_argument("-drive", action="append", required=True)
    parser.add_argument("-global", action="append", dest="properties", required=True)
    parser.add_argument("-qmp", required=True)
    arguments = parser.parse_args()
    drives = [dict(word.split("=", 1) for word in drive.split(",")) for drive in arguments.drive]
    (flash,) = (drive for drive in drives if drive["if"] == "mtd")
    (efuse,) = (drive for drive in drives if drive.get("id") == "efuse")
    _check(set(arguments.properties) == _GLOBALS, f"-global: {arguments.properties}")
    _check(flash["format"] == efuse["format"] == "raw", "-drive: format")
    _check(any(Path(efuse["file"]).read_bytes()), "efuse: no revision")
    image = Path(flash["file"]).read_bytes()
    _check(len(image) in [1024 * 1024 * size for size in _MEGABYTES], f"flash: {len(image)} bytes")
    sys.stdout.write("ESP-ROM:esp32c3-api1-20210207\r\n")
    sys.stdout.flush()
    chip = Chip(Path(os.environ[FIRMWARE]), Path(os.environ[BUILD]), Path(flash["file"]).parent / "store")
    chip.become(image, _NETWORK)


def _check(is_right: bool, what: str) -> None:
    if not is_right:
        raise SystemExit(f"qemu: {what}")


if __name__ == "__main__":
    main()
