"""The devices of a batch: the rows of a CSV file, or a count and a pattern of names."""

import csv
import io
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.files import read_file
from tbtools.factory.model import Wanted
from tbtools.server.kv import looks_like_markup

UNIQUE_TEXTS = {"token": "user", "username": "user", "client_id": "client"}
"""The credentials that no two devices may share. ThingsBoard looks tokens and user names up in the same place."""

_OWN_COLUMNS = ("name", "serial", "label")
_NUMBERS = {"port": (1, 65535), "run_time_s": (0, 4294967), "telemetry_s": (0, 4294967)}
_HOST_MAX = 255
_COMMON_NAME_MAX = 64


@dataclass(frozen=True)
class Device:
    """A device; *settings* are those texts of its `tb_cfg` that were given for it alone."""

    name: str
    serial: str = ""
    label: str = ""
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)


class _CellError(ValueError):
    """What is wrong with the cell of a column."""


def count_devices(count: int, first: int, pattern: str, wanted: Wanted) -> list[Device]:
    """*count* devices whose names follow *pattern* with serial numbers from *first*."""
    devices = []
    for serial in range(first, first + count):
        name = _fill_in(pattern, serial)
        try:
            _check("name", name, wanted)
        except _CellError as error:
            raise ToolError(f"--name-pattern: {name!r} {error}", code=EXIT_USAGE) from error
        devices.append(Device(name, str(serial)))
    if len({device.name for device in devices}) != count:
        raise ToolError(
            f"--name-pattern {pattern!r} gives several devices one name", 'Such as "sensor-{serial:06}".', EXIT_USAGE
        )
    return devices


def read_csv(file: Path, wanted: Wanted) -> list[Device]:
    """The devices of a CSV file with a header; an empty cell is as good as none."""
    try:
        text = read_file(file).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ToolError(f"{file} is not UTF-8", "Save it as CSV UTF-8.", EXIT_USAGE) from error
    try:
        return list(_read_rows(file, text, wanted))
    except csv.Error as error:
        raise ToolError(f"{file}: {error}", code=EXIT_USAGE) from error


def _read_rows(file: Path, text: str, wanted: Wanted) -> Iterator[Device]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = [cell.strip() for cell in next(reader, [])]
    _check_header(file, columns, wanted)
    used: dict[tuple[str, str], int] = {}
    count = 0
    for cells in reader:
        if not any(cells):
            continue
        where = f"{file}, line {reader.line_num}"
        if len(cells) != len(columns):
            raise ToolError(f"{where}: {len(cells)} cells, the header has {len(columns)}", code=EXIT_USAGE)
        row = {column: cell.strip() for column, cell in zip(columns, cells, strict=True) if cell.strip()}
        _check_row(where, row, wanted)
        for column in (each for each in ("name", *UNIQUE_TEXTS) if each in row):
            before = used.setdefault((UNIQUE_TEXTS.get(column, column), row[column]), reader.line_num)
            if before != reader.line_num:
                raise ToolError(f"{where}, column {column}: as in line {before}; it has to be unique", code=EXIT_USAGE)
        settings = {column: row[column] for column in columns if column in row and column not in _OWN_COLUMNS}
        yield Device(row["name"], row.get("serial", ""), row.get("label", ""), settings)
        count += 1
    if count == 0:
        raise ToolError(f"{file} names no device", code=EXIT_USAGE)


def _check_header(file: Path, columns: list[str], wanted: Wanted) -> None:
    allowed = (*_OWN_COLUMNS, "host", *_NUMBERS, *wanted.texts)
    for column in columns:
        if column not in allowed:
            problem = f"{file}, line 1, column {column or '(without a name)'}: unknown to the model {wanted.name}"
            raise ToolError(problem, f"Columns are {', '.join(allowed)}.", EXIT_USAGE)
        if columns.count(column) > 1:
            raise ToolError(f"{file}, line 1, column {column}: it is there twice", code=EXIT_USAGE)
    if "name" not in columns:
        raise ToolError(f"{file}, line 1: no column name", f"Columns are {', '.join(allowed)}.", EXIT_USAGE)


def _check_row(where: str, row: Mapping[str, str], wanted: Wanted) -> None:
    if "name" not in row:
        raise ToolError(f"{where}, column name: it is empty", code=EXIT_USAGE)
    for column, text in row.items():
        try:
            _check(column, text, wanted)
        except _CellError as error:
            raise ToolError(f"{where}, column {column}: it {error}", code=EXIT_USAGE) from error


def _check(column: str, text: str, wanted: Wanted) -> None:
    """Raise _CellError where the firmware or ThingsBoard would refuse *text*. It may be secret: it is not repeated."""
    if not text.isprintable():
        raise _CellError("has a character that cannot be printed")
    if column in _NUMBERS:
        least, most = _NUMBERS[column]
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise _CellError(f"is no number from {least} to {most}")
    if column == "name" and looks_like_markup(text):
        raise _CellError("looks like HTML or a template, which ThingsBoard refuses")
    if column == "name" and wanted.certificate and len(text) > _COMMON_NAME_MAX:
        raise _CellError(f"has more than {_COMMON_NAME_MAX} characters, which is the most that a certificate takes")
    most = wanted.limits["credential"] if column in wanted.texts else _HOST_MAX
    if column == "name":
        most = wanted.limits["device_name"]
    if len(text.encode()) > most:
        raise _CellError(f"has more than {most} bytes")


def _fill_in(pattern: str, serial: int) -> str:
    """The name of the device with that serial number.

    >>> _fill_in("sensor-{serial:06}", 7)
    'sensor-000007'
    """
    try:
        if any(name not in (None, "serial") for _, name, _, _ in string.Formatter().parse(pattern)):
            raise ValueError("a name other than serial")
        return pattern.format(serial=serial)
    except (ValueError, IndexError, KeyError) as error:
        problem = f"--name-pattern {pattern!r}: {error}"
        raise ToolError(problem, 'Such as "sensor-{serial:06}".', EXIT_USAGE) from error
