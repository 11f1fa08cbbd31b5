"""Pytest plugin: pseudo-terminals with the lines that a serial port has besides its data, DTR and RTS.

A pseudo-terminal refuses their ioctls; here they go to a socket that stands beside it, and to whoever plays the board.
So pyserial, esptool and pytest-embedded do exactly what they do on a port. A call returns when the board has seen it.
"""

import fcntl
import os
import socket
import struct
import termios
from pathlib import Path
from typing import Any

FOLDER = "TB_MODEM_LINES"
"""The environment variable that names the folder of the sockets."""
MESSAGE = struct.Struct("=II")
"""Request and bits of an ioctl; the answer are the bits that are set then."""

_BITS = struct.Struct("I")
_REQUESTS = (termios.TIOCMGET, termios.TIOCMSET, termios.TIOCMBIS, termios.TIOCMBIC)
_ioctl = fcntl.ioctl


def socket_of(terminal: str) -> Path:
    """The socket beside the pseudo-terminal of that name."""
    return Path(os.environ[FOLDER]) / terminal.replace("/", "_")


def _with_lines(fd: Any, request: int, arg: Any = 0, mutate_flag: bool = True) -> Any:
    number = fd if isinstance(fd, int) else fd.fileno()
    if request not in _REQUESTS or not os.isatty(number) or not socket_of(os.ttyname(number)).exists():
        return _ioctl(fd, request, arg, mutate_flag)
    (bits,) = _BITS.unpack(arg)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as board:
        board.connect(str(socket_of(os.ttyname(number))))
        board.send(MESSAGE.pack(request, bits))
        _, bits = MESSAGE.unpack(board.recv(MESSAGE.size))
    return _BITS.pack(bits)


def pytest_configure() -> None:
    """Begin."""
    if FOLDER in os.environ:
        fcntl.ioctl = _with_lines
