"""The partition table: as a build leaves it, in binary, and as people write it, in CSV."""

import struct
from dataclasses import dataclass
from pathlib import Path

SECTOR_BYTES = 4096
TABLE_BYTES = 0xC00
NVS = "nvs"
_DATA, _NVS_KEYS = 0x01, 0x04
_ENTRY = struct.Struct("<2sBBLL16sL")
_ENTRY_MAGIC = b"\xaa\x50"
_UNITS = {"K": 1024, "M": 1024 * 1024}


@dataclass(frozen=True)
class Partition:
    """A row of the partition table; *offset* and *size* in bytes."""

    name: str
    offset: int
    size: int
    holds_nvs_keys: bool = False

    @property
    def end(self) -> int:
        """The offset behind it."""
        return self.offset + self.size


def read_partition_table(table: bytes) -> dict[str, Partition]:
    """The partitions of a binary table, by name."""
    partitions = {}
    for at in range(0, len(table) - _ENTRY.size + 1, _ENTRY.size):
        magic, kind, subtype, offset, size, label, _flags = _ENTRY.unpack_from(table, at)
        if magic != _ENTRY_MAGIC:
            break
        name = label.rstrip(b"\0").decode()
        partitions[name] = Partition(name, offset, size, (kind, subtype) == (_DATA, _NVS_KEYS))
    return partitions


def size_in_csv(file: Path, name: str) -> int:
    """The size of partition *name* in a partitions.csv. ValueError if it is not there."""
    for line in file.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.partition("#")[0].split(",")]
        if cells[0] == name and len(cells) > 4:
            return _number(cells[4])
    raise ValueError(f"{file}: no partition {name} with a size")


def _number(text: str) -> int:
    """A size as partition tables have it.

    >>> _number("0x6000"), _number("24K"), _number("1M")
    (24576, 24576, 1048576)
    """
    unit = _UNITS.get(text[-1:].upper(), 1)
    return int(text[:-1] if unit > 1 else text, 0) * unit
