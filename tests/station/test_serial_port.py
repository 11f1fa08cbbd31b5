"""The port itself: reset lines, and ports that let nobody in. What a pseudo-terminal has not is told by fakes."""

import errno
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import serial
from serial.tools import list_ports
from tbtools import ports
from tbtools.console import ToolError
from tbtools.station import serial_port
from tbtools.station.serial_port import Happening, SerialPort


class FakeSerial:
    """A port with its control lines; it is gone when all has been read."""

    def __init__(self, done: list[Any], data: list[bytes]) -> None:
        self._done = done
        self._data = data

    dtr = property(fset=lambda self, value: self._done.append(("dtr", value)))
    rts = property(fset=lambda self, value: self._done.append(("rts", value)))

    def __enter__(self) -> "FakeSerial":
        return self

    def __exit__(self, *_: object) -> None:
        self._done.append("closed")

    @property
    def in_waiting(self) -> int:
        return len(self._data[0]) if self._data else 0

    def read(self, size: int) -> bytes:
        if not self._data:
            raise serial.SerialException("device disconnected")
        self._done.append(("read", size))
        return self._data.pop(0)


@pytest.fixture
def done() -> list[Any]:
    return []


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, done: list[Any]) -> list[list[bytes]]:
    """What each opening of the port is going to read; after that it is not there any more."""
    data: list[list[bytes]] = []

    def open_port(*arguments: Any, **options: Any) -> FakeSerial:
        done.append(("opened", *arguments, options["exclusive"]))
        if not data:
            raise serial.SerialException(errno.ENOENT, "gone")
        return FakeSerial(done, data.pop(0))

    monkeypatch.setattr(serial, "serial_for_url", open_port)
    monkeypatch.setattr(serial_port, "_ABSENT_POLL_S", 0.0)
    return data


def until_absent(events: Iterator[serial_port.Event]) -> list[serial_port.Event]:
    seen: list[serial_port.Event] = []
    for event in events:
        seen.append(event)
        if event is Happening.UNPLUGGED:
            return seen
    raise AssertionError("events end")


def test_board_is_reset_and_what_it_said_before_is_dropped(done: list[Any], opened: list[list[bytes]]) -> None:
    opened.append([b"old news\n", b"I (1) A: new\n"])
    events = until_absent(SerialPort("/dev/ttyX", 115200, reset=True).events())
    assert events == [Happening.PLUGGED, "I (1) A: new", Happening.IDLE, Happening.UNPLUGGED]
    assert done == [
        ("opened", "/dev/ttyX", 115200, True),
        ("dtr", False),
        ("rts", True),
        ("read", 9),
        ("rts", False),
        ("read", 13),
        "closed",
    ]


def test_without_reset_the_lines_stay_as_they_are(done: list[Any], opened: list[list[bytes]]) -> None:
    opened.append([b"I (1) A: old\n"])
    events = until_absent(SerialPort("/dev/ttyX", 74880, reset=False).events())
    assert events[1] == "I (1) A: old"
    assert done == [("opened", "/dev/ttyX", 74880, True), ("read", 13), "closed"]


def test_native_usb_that_goes_away_by_a_reset_is_not_reset_again(done: list[Any], opened: list[list[bytes]]) -> None:
    opened += [[b""], [b"I (1) A: new\n"]]
    port = SerialPort("/dev/ttyX", 115200, reset=True)
    events = port.events()
    until_absent(events)
    assert "I (1) A: new" in until_absent(events)
    assert done.count(("rts", True)) == 1


@pytest.mark.parametrize(("number", "advice"), [(errno.EACCES, "dialout"), (errno.EBUSY, "monitor")])
def test_a_port_that_lets_nobody_in_is_told(monkeypatch: pytest.MonkeyPatch, number: int, advice: str) -> None:
    """Not at once: a port that has just come belongs to root for a moment."""

    def open_port(*_: Any, **__: Any) -> None:
        raise serial.SerialException(number, os.strerror(number))

    now = iter(range(100))
    monkeypatch.setattr(serial, "serial_for_url", open_port)
    monkeypatch.setattr(serial_port, "time", SimpleNamespace(monotonic=lambda: next(now), sleep=lambda _seconds: None))
    events = SerialPort("/dev/ttyX", 115200, reset=True).events()
    assert [next(events) for _ in range(4)] == [Happening.IDLE] * 4
    with pytest.raises(ToolError, match=os.strerror(number)) as told:
        next(events)
    assert advice in told.value.advice


def test_what_is_no_port_is_told() -> None:
    with pytest.raises(ToolError, match="is no serial port"):
        next(SerialPort("nonsense://x/y", 115200, reset=True).events())


@pytest.fixture
def usb(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged = [
        SimpleNamespace(device="/dev/ttyUSB0", serial_number="0001"),
        SimpleNamespace(device="/dev/ttyACM0", serial_number="7C:DF:A1:B2:C3:D4"),
        SimpleNamespace(device="/dev/ttyS0", serial_number=None),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: plugged)


@pytest.mark.usefixtures("usb")
@pytest.mark.parametrize(
    ("where", "port"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0"),
        ("0001", "/dev/ttyUSB0"),
        ("7C:DF:A1:B2:C3:D4", "/dev/ttyACM0"),
        ("socket://127.0.0.1:5000", "socket://127.0.0.1:5000"),
        ("COM3", "COM3"),
    ],
)
def test_ports_are_found_by_name_and_by_serial_number(where: str, port: str) -> None:
    assert ports.find(where) == port


@pytest.mark.usefixtures("usb")
def test_mac_is_the_serial_number_of_native_usb() -> None:
    assert ports.mac_of("7C:DF:A1:B2:C3:D4") == "7c:df:a1:b2:c3:d4"
    assert ports.mac_of("/dev/ttyACM0") == "7c:df:a1:b2:c3:d4"
    assert ports.mac_of("/dev/ttyUSB0") == ""
    assert ports.mac_of("/dev/ttyUSB9") == ""
