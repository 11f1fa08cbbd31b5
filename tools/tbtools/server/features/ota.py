"""Firmware chunks (contract 6.3, 6.4). There are no packages here, so every well-formed request ends in NOT_FOUND."""

from typing import TYPE_CHECKING

from tbtools.server import topics
from tbtools.server.connection import CloseConnection
from tbtools.server.packets import Publish
from tbtools.server.reasons import Reason

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession


def chunk(session: "DeviceSession", packet: Publish) -> None:
    """Publish the error text and close; the request gets no PUBACK and does not count as activity."""
    size = packet.payload.decode("ascii", "replace")
    if size and not size.isdecimal():
        raise CloseConnection("OTA: chunk size is not a number", Reason.SERVER_SHUTTING_DOWN)
    too_large = bool(size) and int(size[:9]) > session.core.settings.max_packet_bytes
    text = "PAYLOAD_TOO_LARGE" if too_large else "NOT_FOUND"
    session.push(topics.OTA_ERROR, text.encode())
    raise CloseConnection(f"OTA: {text}", Reason.IMPLEMENTATION_SPECIFIC_ERROR)
