import struct
from pathlib import Path

import pytest

from tests.provision.images import NAMESPACE, FlashLayout, Partition, nvs_image, read_partition_table
from tests.provision.nvs_reader import read_strings

NVS_BYTES = 0x6000
TABLE_BYTES = 0xC00
NVS = Partition("nvs", 0x9000, NVS_BYTES)
FACTORY = Partition("factory", 0x10000, 0x177000)
SETTINGS = {
    "host": "192.168.1.7",
    "port": "1883",
    "device_name": 'Gerät, "No. 1"\n',
    "prov_secret": "x" * 255,
    "token": "",
}


def table_of(*partitions: Partition) -> bytes:
    rows = [struct.pack("<2sBBLL16sL", b"\xaa\x50", 1, 2, p.offset, p.size, p.name.encode(), 0) for p in partitions]
    return (b"".join(rows) + b"\xeb\xeb" + b"\xff" * 14 + b"checksum").ljust(TABLE_BYTES, b"\xff")


def test_nvs_image_holds_the_settings_as_strings() -> None:
    image = nvs_image(SETTINGS, NVS_BYTES)
    assert len(image) == NVS_BYTES
    assert read_strings(image) == {NAMESPACE: SETTINGS}


def test_nvs_image_over_several_pages() -> None:
    settings = {f"key{i}": str(i) * 200 for i in range(40)}
    assert read_strings(nvs_image(settings, NVS_BYTES)) == {NAMESPACE: settings}


def test_nvs_image_keeps_a_page_in_reserve() -> None:
    assert nvs_image(SETTINGS, NVS_BYTES)[-4096:] == b"\xff" * 4096


def test_reader_sees_a_flipped_bit() -> None:
    image = bytearray(nvs_image(SETTINGS, NVS_BYTES))
    image[image.index(b"192.168")] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        read_strings(bytes(image))


def test_partition_table() -> None:
    assert read_partition_table(table_of(NVS, FACTORY)) == {"nvs": NVS, "factory": FACTORY}
    assert read_partition_table(b"") == {}


def test_flash_has_table_and_contents_in_their_places() -> None:
    layout = FlashLayout(table_of(NVS, FACTORY), 0x8000, {"nvs": NVS, "factory": FACTORY})
    flash = layout.flash({"nvs": b"settings"})
    assert len(flash) == FACTORY.offset + FACTORY.size
    assert flash[:0x8000] == b"\xff" * 0x8000
    assert flash[0x8000:].startswith(layout.table)
    assert flash[NVS.offset :].startswith(b"settings\xff")


def test_flash_refuses_what_does_not_fit() -> None:
    layout = FlashLayout(b"", 0x8000, {"nvs": NVS})
    with pytest.raises(ValueError, match="nvs"):
        layout.flash({"nvs": b"x" * (NVS_BYTES + 1)})


def test_layout_of_a_build(tmp_path: Path) -> None:
    (tmp_path / "partition_table").mkdir()
    (tmp_path / "partition_table" / "partition-table.bin").write_bytes(table_of(NVS))
    layout = FlashLayout.of_build(tmp_path, {"PARTITION_TABLE_OFFSET": 0x8000})
    assert layout.table_offset == 0x8000
    assert layout.partitions == {"nvs": NVS}
