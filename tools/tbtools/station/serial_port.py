"""A serial port that boards come to and go from: opened whenever it is there, closed when it is gone."""

import errno
import time
from collections.abc import Iterator
from enum import Enum, auto

import serial

from tbtools import ports
from tbtools.console import ToolError
from tbtools.station.lines import LineReader

_POLL_S = 0.1
_ABSENT_POLL_S = 0.2
_RESET_S = 0.1
_REAPPEARS_S = 3.0
_REFUSED_S = 3.0
_REFUSED = (errno.EACCES, errno.EPERM, errno.EBUSY, errno.EAGAIN)


class Happening(Enum):
    """What happens on a port besides lines."""

    PLUGGED = auto()
    UNPLUGGED = auto()
    IDLE = auto()


Event = Happening | str


class SerialPort:
    """*where* is what ports.find() takes; with *reset* a board is reset when its port is opened.

    The lines of a port that lead to reset and boot mode are those of Espressif's boards; a port without them is left
    as it is.
    """

    def __init__(self, where: str, baud: int, reset: bool) -> None:
        self.where = where
        self._baud = baud
        self._reset = reset
        self._reset_at = float("-inf")

    def events(self) -> Iterator[Event]:
        """What happens, without end: a line of the log, or a Happening. IDLE comes at least five times a second."""
        refused_since: float | None = None
        while True:
            try:
                port = serial.serial_for_url(ports.find(self.where), self._baud, timeout=_POLL_S, exclusive=True)
            except (OSError, ValueError) as error:
                refused_since = self._check_refusal(error, refused_since)
                yield Happening.IDLE
                time.sleep(_ABSENT_POLL_S)
                continue
            refused_since = None
            with port:
                yield Happening.PLUGGED
                yield from self._lines(port)
            yield Happening.UNPLUGGED

    def _check_refusal(self, error: Exception, since: float | None) -> float | None:
        """Return since when the port has been there without letting us in; ToolError when that lasts."""
        if isinstance(error, ValueError):
            raise ToolError(f"{self.where} is no serial port: {error}", "Give it like /dev/ttyUSB0 (--port).")
        if getattr(error, "errno", None) not in _REFUSED:
            return None
        now = time.monotonic()
        if since is not None and now - since > _REFUSED_S:
            is_busy = error.errno in (errno.EBUSY, errno.EAGAIN)  # type: ignore[attr-defined]
            raise ToolError(
                f"{self.where} cannot be opened: {error}",
                "Another program has it: end `idf.py monitor` or the like."
                if is_busy
                else "Let this user use it, on Debian: sudo usermod -aG dialout $USER, then log in again.",
            )
        return now if since is None else since

    def _lines(self, port: serial.Serial) -> Iterator[Event]:
        """The lines until the board is gone."""
        reader = LineReader()
        try:
            if self._reset and time.monotonic() - self._reset_at > _REAPPEARS_S:  # a reset may take native USB away
                self._reset_board(port)
            while True:
                data = port.read(max(1, port.in_waiting))
                yield from reader.feed(data)
                yield Happening.IDLE
        except OSError:
            return

    def _reset_board(self, port: serial.Serial) -> None:
        self._reset_at = time.monotonic()
        try:
            port.dtr = False  # with RTS set, as it is: reset, and boot from flash
            port.rts = True
        except OSError as error:
            if error.errno in (errno.ENOTTY, errno.EINVAL):
                return
            raise
        time.sleep(_RESET_S)
        port.read(port.in_waiting)  # of before
        port.rts = False
