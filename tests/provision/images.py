"""What stands on a device's whole flash."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tbtools.factory.partitions import SECTOR_BYTES, Partition, read_partition_table


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
