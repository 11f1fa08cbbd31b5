"""A binary partition table, as ESP-IDF's build makes it."""

import struct

from tbtools.factory.partitions import TABLE_BYTES, Partition


def table_of(*partitions: Partition) -> bytes:
    rows = [
        struct.pack("<2sBBLL16sL", b"\xaa\x50", 1, 4 if p.holds_nvs_keys else 2, p.offset, p.size, p.name.encode(), 0)
        for p in partitions
    ]
    return (b"".join(rows) + b"\xeb\xeb" + b"\xff" * 14 + b"checksum").ljust(TABLE_BYTES, b"\xff")
