"""The file of all verdicts: a row for each board, whole or not at all, from any number of stations at once."""

import csv
import fcntl
import io
import os
from collections.abc import Sequence
from pathlib import Path

from tbtools.console import ToolError
from tbtools.station.verdict import COLUMNS

_APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND


class Records:
    """The CSV file *file*; it is made, with its heads, when it is not there. ToolError when it is another table."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._write(None)

    def add(self, row: Sequence[str]) -> None:
        """Add a row; it is on the disk on return."""
        self._write(row)

    def _write(self, row: Sequence[str] | None) -> None:
        try:
            with os.fdopen(os.open(self._file, _APPEND, 0o644), "rb+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                self._write_locked(file, row)
        except OSError as error:
            raise ToolError(f"{self._file} cannot be written: {error.strerror}", "Name another file: --csv.") from error

    def _write_locked(self, file: io.FileIO, row: Sequence[str] | None) -> None:
        heads = _line(COLUMNS)
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if size and file.read(len(heads)) != heads:
            raise ToolError(f"{self._file} has other columns than a station's", "Name another file: --csv.")
        data = (b"" if size else heads) + (b"" if row is None else _line(row))
        if data and size:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # what a computer without power has left of a row
                data = b"\n" + data
        if data:
            file.write(data)
            os.fsync(file.fileno())


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
