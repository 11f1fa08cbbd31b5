"""Serial ports as boards have them: by name, or by the USB serial number, which stays when the name changes."""

import os
import re

from serial.tools import list_ports

_MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}", re.IGNORECASE)


def find(where: str) -> str:
    """The port that *where* names: a port, a URL of pyserial, or the USB serial number of what is plugged in.

    A serial number that nothing has comes back as it is.
    """
    if os.sep in where:
        return where
    return next((port.device for port in list_ports.comports() if port.serial_number == where), where)


def is_plugged(where: str) -> bool:
    """Whether something has that name or USB serial number."""
    return any(where in (port.device, port.serial_number) for port in list_ports.comports())


def mac_of(port: str) -> str:
    """The MAC of a chip with a USB of its own, whose serial number it is; empty for others."""
    real = os.path.realpath(find(port))
    serials = (each.serial_number or "" for each in list_ports.comports() if os.path.realpath(each.device) == real)
    return next((serial.lower() for serial in serials if _MAC.fullmatch(serial)), "")
