"""A folder as ESP-IDF's build leaves it for an ESP32-C3: small, but with images that esptool takes for real ones."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from esptool.bin_image import ELFSection
from esptool.targets import CHIP_DEFS
from tbtools.factory.partitions import Partition

from tests.factory.table import table_of

NVS = Partition("nvs", 0x9000, 0x6000)
APP = Partition("factory", 0x10000, 0x20000)
NVS_KEYS = Partition("nvs_key", 0x30000, 0x1000, holds_nvs_keys=True)
TABLE_OFFSET = 0x8000
APP_FILE = "firmware.bin"
_IRAM = 0x40380000


@dataclass
class FirmwareBuild:
    """The build in *folder*; change what is public, then write() it."""

    folder: Path
    partitions: tuple[Partition, ...] = (NVS, APP)
    chip: str = "esp32c3"
    sdkconfig: dict[str, Any] = field(default_factory=lambda: {"NVS_ENCRYPTION": False})
    app_bytes: int = 20_000

    def __post_init__(self) -> None:
        self.files = {
            0x0: "bootloader/bootloader.bin",
            TABLE_OFFSET: "partition_table/partition-table.bin",
            APP.offset: APP_FILE,
        }

    def write(self) -> "FirmwareBuild":
        """Write all of it."""
        for folder in ("bootloader", "partition_table", "config"):
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        _image(self.chip, 5000).save(str(self.folder / "bootloader/bootloader.bin"))
        (self.folder / "partition_table/partition-table.bin").write_bytes(table_of(*self.partitions))
        _image(self.chip, self.app_bytes).save(str(self.folder / APP_FILE))
        (self.folder / "config/sdkconfig.json").write_text(json.dumps(self.sdkconfig))
        self.write_args()
        return self

    def write_args(self, **changes: Any) -> None:
        """Write flasher_args.json, as components/esptool_py/flasher_args.json.in has it."""
        settings = {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "80m"}
        args = {
            "write_flash_args": [word for key, value in settings.items() for word in (f"--{key}", value)],
            "flash_settings": settings,
            "flash_files": {hex(offset): file for offset, file in self.files.items()},
            "bootloader": {"offset": "0x0", "file": self.files[0], "encrypted": "false"},
            "partition-table": {"offset": hex(TABLE_OFFSET), "file": self.files[TABLE_OFFSET], "encrypted": "false"},
            "app": {"offset": hex(APP.offset), "file": APP_FILE, "encrypted": "false"},
            "extra_esptool_args": {
                "after": "hard_reset",
                "before": "default_reset",
                "stub": True,
                "chip": self.chip,
            },
        }
        (self.folder / "flasher_args.json").write_text(json.dumps({**args, **changes}))


def _image(chip: str, size: int) -> Any:
    image = CHIP_DEFS[chip].BOOTLOADER_IMAGE()
    image.segments.append(ELFSection(b".text", _IRAM, bytes(index * 7 % 251 for index in range(size)), 0))
    return image
