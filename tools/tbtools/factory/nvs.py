"""Settings as an NVS partition, plain or encrypted, and the partition that holds its key.

The format is esp-idf-nvs-partition-gen's business. That package's own keys come from a random generator that is not
made for secrets, so a key is always given.
"""

import io
import struct
import zlib
from collections.abc import Mapping

from esp_idf_nvs_partition_gen.nvs_partition_gen import (
    InsufficientSizeError,
    Page,
    PageFullError,
    nvs_open,
    write_entry,
)

from tbtools.factory.partitions import SECTOR_BYTES

NAMESPACE = "tb_cfg"
KEY_BYTES = 64
"""Two AES-256 keys, of the data and of its tweak (XTS)."""
STRING_MAX = 3967
"""NVS takes 3999 bytes; the package fills a page but for its last entry."""


def nvs_image(settings: Mapping[str, str], size: int, key: bytes | None = None) -> bytes:
    """An NVS partition of *size* bytes that holds *settings* in namespace `tb_cfg`, all of type string.

    With *key* it is encrypted. ValueError when the settings do not fit.
    """
    if key is not None and len(key) != KEY_BYTES:
        raise ValueError(f"a key of NVS has {KEY_BYTES} bytes")
    for name, value in settings.items():
        if len(value.encode()) > STRING_MAX:
            raise ValueError(f"{name} has more than {STRING_MAX} bytes")
    stream = io.BytesIO()
    reserve = size - SECTOR_BYTES  # NVS keeps one page free
    try:
        with nvs_open(stream, reserve, version=Page.VERSION2, is_encrypt=key is not None, key=key) as nvs:
            write_entry(nvs, NAMESPACE, "namespace", "", "")
            for name, value in settings.items():
                write_entry(nvs, name, "data", "string", value)
    except (InsufficientSizeError, PageFullError) as error:
        raise ValueError(f"the settings do not fit into an NVS partition of {size} bytes") from error
    return stream.getvalue()


def key_partition(key: bytes) -> bytes:
    """What the partition of type `nvs_keys` has to hold: the key and its checksum."""
    checksum = zlib.crc32(key, 0xFFFFFFFF)
    return (key + struct.pack("<I", checksum)).ljust(SECTOR_BYTES, b"\xff")
