from pathlib import Path

import pytest
from tbtools.factory.partitions import Partition

from tests.factory.table import table_of
from tests.provision.images import FlashLayout

NVS_BYTES = 0x6000
NVS = Partition("nvs", 0x9000, NVS_BYTES)
FACTORY = Partition("factory", 0x10000, 0x177000)


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
