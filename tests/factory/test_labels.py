"""Labels: each page is printed, so to speak, and a reader of bar codes looks at it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from tbtools.console import ToolError
from tbtools.factory.devices import Device
from tbtools.factory.labels import labels_pdf, parse_grid

from tests.factory.small_font import make_font

DOTS_PER_POINT = 2  # 144 dpi, a quarter of what a printer has
DEVICES = [Device(f"sensor-{serial:06}", str(serial)) for serial in range(1, 251)]


def codes_on(pdf: bytes) -> list[list[str]]:
    """What the QR codes of each page say, from the upper left to the lower right."""
    document = pypdfium2.PdfDocument(pdf)
    pages = []
    for page in document:
        found = zxingcpp.read_barcodes(page.render(scale=DOTS_PER_POINT).to_pil())
        assert all(code.format == zxingcpp.BarcodeFormat.QRCode for code in found)
        height = page.get_height() * DOTS_PER_POINT / 100
        places = [(round(code.position.top_left.y / height), code.position.top_left.x, code.text) for code in found]
        pages.append([text for _, _, text in sorted(places)])
    return pages


def texts_on(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


def said(devices: Sequence[Device]) -> list[dict[str, str]]:
    return [{"name": device.name, "serial": device.serial} for device in devices]


def test_a_code_for_each_device() -> None:
    pdf = labels_pdf(DEVICES, (3, 8), None)
    pages = codes_on(pdf)
    assert [len(page) for page in pages] == [24] * 10 + [10]
    assert [json.loads(code) for page in pages for code in page] == said(DEVICES)
    words = "\n".join(texts_on(pdf)).split()
    assert words == [word for device in DEVICES for word in (device.name, device.serial)]


@pytest.mark.parametrize("grid", ["1x1", "2x7", "5x13"])
def test_any_grid(grid: str) -> None:
    columns, rows = parse_grid(grid)
    devices = DEVICES[: columns * rows + 1]
    pages = codes_on(labels_pdf(devices, (columns, rows), None))
    assert [len(page) for page in pages] == [columns * rows, 1]
    assert sorted(json.loads(code)["name"] for page in pages for code in page) == [device.name for device in devices]


@pytest.mark.parametrize("text", ["", "3", "0x8", "6x8", "3x14", "3x8x1", "-1x8"])
def test_a_grid_that_is_none(text: str) -> None:
    with pytest.raises(ToolError, match="is no grid"):
        parse_grid(text)


def test_a_device_without_a_serial_number() -> None:
    assert codes_on(labels_pdf([Device("kitchen")], (3, 8), None)) == [['{"name":"kitchen"}']]


def test_a_long_name_is_wrapped_and_in_the_end_cut_off_but_not_in_its_code() -> None:
    devices = [Device("x" * 255, "1"), Device('Küche "links", unten', "2")]
    pdf = labels_pdf(devices, (3, 8), None)
    assert [json.loads(code) for code in codes_on(pdf)[0]] == said(devices)
    assert codes_on(labels_pdf(devices[:1], (2, 13), None))


def test_other_writings_need_a_font(tmp_path: Path) -> None:
    devices = [Device("厨房-温度", "1"), Device("plain", "2")]
    with pytest.raises(ToolError, match="has not all characters of 厨房-温度") as caught:
        labels_pdf(devices, (3, 8), None)
    assert "--font" in caught.value.advice
    font = make_font(tmp_path / "squares.ttf", "厨房温度-plain12 ")
    pdf = labels_pdf(devices, (3, 8), font)
    assert [json.loads(code) for code in codes_on(pdf)[0]] == said(devices)
    assert "厨房-温度" in texts_on(pdf)[0]
    (tmp_path / "none.ttf").write_bytes(b"no font")
    with pytest.raises(ToolError, match="is no TrueType font"):
        labels_pdf(devices, (3, 8), tmp_path / "none.ttf")
