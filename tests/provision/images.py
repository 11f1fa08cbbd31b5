"""What stands on a device's flash: the partition table, and the settings as an NVS image."""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from esp_idf_nvs_partition_gen.nvs_partition_gen import Page, nvs_open, write_entry

NAMESPACE = "tb_cfg"
SECTOR_BYTES = 4096
_ENTRY = struct.Struct("<2sBBLL16sL")
_ENTRY_MAGIC = b"\xaa\x50"


@dataclass(frozen=True)
class Partition:
    """A row of the partition table; *offset* and *size* in bytes."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True)
class FlashLayout:
    """The partition table that a build made, and where it belongs."""

    table: bytes
    table_offset: int
    partitions: dict[str, Partition]

    @staticmethod
    def of_build(build_dir: Path, sdkconfig: Mapping[str, object]) -> "FlashLayout":
        """Read it from a build directory of ESP-IDF."""
        table = (build_dir / "partition_table" / "partition-table.bin").read_bytes()
        offset = sdkconfig["PARTITION_TABLE_OFFSET"]
        assert isinstance(offset, int)
        return FlashLayout(table, offset, read_partition_table(table))

    def flash(self, contents: Mapping[str, bytes]) -> bytes:
        """A whole flash, erased but for the table and the *contents* by name of partition."""
        end = max(partition.offset + partition.size for partition in self.partitions.values())
        flash = bytearray(b"\xff" * (-(-end // SECTOR_BYTES) * SECTOR_BYTES))
        flash[self.table_offset : self.table_offset + len(self.table)] = self.table
        for name, data in contents.items():
            partition = self.partitions[name]
            if len(data) > partition.size:
                raise ValueError(f"{len(data)} bytes for partition {name}, which has {partition.size}")
            flash[partition.offset : partition.offset + len(data)] = data
        return bytes(flash)


def read_partition_table(table: bytes) -> dict[str, Partition]:
    """The partitions of a binary table, by name."""
    partitions = {}
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        magic, _type, _subtype, offset, size, label, _flags = _ENTRY.unpack_from(table, at)
        if magic != _ENTRY_MAGIC:
            break
        name = label.rstrip(b"\0").decode()
        partitions[name] = Partition(name, offset, size)
    return partitions


def nvs_image(settings: Mapping[str, str], size: int) -> bytes:
    """An NVS partition of *size* bytes that holds *settings* in namespace `tb_cfg`, all of type string."""
    stream = io.BytesIO()
    with nvs_open(stream, size - SECTOR_BYTES, version=Page.VERSION2) as nvs:  # NVS keeps one page in reserve
        write_entry(nvs, NAMESPACE, "namespace", "", "")
        for key, value in settings.items():
            write_entry(nvs, key, "data", "string", value)
    return stream.getvalue()
