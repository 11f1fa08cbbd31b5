"""Labels on A4 sheets: name, serial number, and a QR code that says both, and no secret."""

import io
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import cast

import segno
from fontTools.ttLib import TTLibError
from fpdf import FPDF
from fpdf.enums import WrapMode
from fpdf.errors import FPDFException

from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.devices import Device

DEFAULT_GRID = "3x8"
_SHEET_MM = (210.0, 297.0)
_GRID_MAX = (5, 13)
_MARGIN_MM = 4.0
_POINT_MM = 25.4 / 72
_LEADING = 1.25
_NAME_POINTS = (12, 10, 8, 6, 5)
_SERIAL_POINTS = 8
_QR_PIXELS_PER_MODULE = 8
_CUT_GREY, _CUT_MM = 200, 0.1
_CORE_FONT = "Helvetica"
_SAME_DATE = datetime(2000, 1, 1, tzinfo=timezone.utc)
"""The same devices make the same file, whenever that is."""


def qr_content(device: Device) -> str:
    """What the QR code says: JSON in ASCII, as readers differ in what they take other characters for."""
    serial = {"serial": device.serial} if device.serial else {}
    return json.dumps({"name": device.name, **serial}, separators=(",", ":"))


def parse_grid(text: str) -> tuple[int, int]:
    """Columns and rows of a sheet.

    >>> parse_grid("3x8")
    (3, 8)
    """
    found = re.fullmatch(r"(\d{1,2})x(\d{1,2})", text)
    grid = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(1 <= wanted <= most for wanted, most in zip(grid, _GRID_MAX, strict=True)):
        advice = "COLUMNSxROWS, such as {}; at most {}x{}.".format(DEFAULT_GRID, *_GRID_MAX)
        raise ToolError(f"--grid {text!r} is no grid", advice, EXIT_USAGE)
    return grid


def labels_pdf(
    devices: Sequence[Device], grid: tuple[int, int], font: Path | None, step: Callable[[], None] = lambda: None
) -> bytes:
    """A label for each device, row by row. *font* is a TrueType file; without it, names have to be in Latin-1.

    *step* is called after each.
    """
    pdf = FPDF(unit="mm", format="A4")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.c_margin = 0
    pdf.set_creation_date(_SAME_DATE)
    pdf.set_title("Labels")
    family = _add_font(pdf, font, devices)
    columns, rows = grid
    width, height = _SHEET_MM[0] / columns, _SHEET_MM[1] / rows
    for index, device in enumerate(devices):
        place = index % (columns * rows)
        if place == 0:
            pdf.add_page()
        _draw(pdf, family, device, place % columns * width, place // columns * height, width, height)
        step()
    return bytes(pdf.output())


def _add_font(pdf: FPDF, font: Path | None, devices: Sequence[Device]) -> str:
    if font is not None:
        try:
            pdf.add_font("label", fname=font)
        except (FPDFException, TTLibError, OSError, ValueError) as error:
            raise ToolError(f"{font} is no TrueType font: {error}", code=EXIT_USAGE) from error
        return "label"
    for device in devices:
        try:
            f"{device.name}{device.serial}".encode("latin-1")
        except UnicodeEncodeError as error:
            raise ToolError(
                f"the labels' own font has not all characters of {device.name}",
                "Give one that has: --font FILE.ttf",
                EXIT_USAGE,
            ) from error
    return _CORE_FONT


def _draw(pdf: FPDF, family: str, device: Device, x: float, y: float, width: float, height: float) -> None:
    pdf.set_draw_color(_CUT_GREY)
    pdf.set_line_width(_CUT_MM)
    pdf.rect(x, y, width, height)
    side = min(height - 2 * _MARGIN_MM, (width - 2 * _MARGIN_MM) / 2)
    code = io.BytesIO()
    segno.make(qr_content(device), error="m", micro=False).save(code, kind="png", scale=_QR_PIXELS_PER_MODULE)
    pdf.image(code, x + _MARGIN_MM, y + (height - side) / 2, side, side)
    left = x + _MARGIN_MM + side
    room = width - side - 2 * _MARGIN_MM
    bottom = _write(pdf, family, _NAME_POINTS, device.name, left, y + _MARGIN_MM, room, height - 3 * _MARGIN_MM)
    if device.serial:
        _write(pdf, family, (_SERIAL_POINTS,), device.serial, left, bottom, room, y + height - bottom)


def _write(
    pdf: FPDF, family: str, sizes: Sequence[int], text: str, x: float, y: float, width: float, height: float
) -> float:
    """Write *text* in the largest of *sizes* in which it has room, cut off if it has none. Returns where it ends."""
    for points in sizes:
        pdf.set_font(family, size=points)
        line_mm = points * _POINT_MM * _LEADING
        lines = _wrap(pdf, text, width)
        if len(lines) * line_mm <= height:
            break
    shown = lines[: max(1, int(height / line_mm))]
    pdf.set_xy(x, y)
    pdf.multi_cell(width, line_mm, "\n".join(shown), wrapmode=WrapMode.CHAR, align="L")
    return float(y + len(shown) * line_mm)


def _wrap(pdf: FPDF, text: str, width: float) -> list[str]:
    """The lines that *text* takes in the present font."""
    lines = pdf.multi_cell(width, text=text, dry_run=True, output="LINES", wrapmode=WrapMode.CHAR, align="L")
    return cast("list[str]", lines)
