"""Claiming (contract 6.1): the device's side, which is acknowledged whatever becomes of it."""

from typing import TYPE_CHECKING

from tbtools.server import lenient_json
from tbtools.server.packets import Publish

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession


def claim(session: "DeviceSession", packet: Publish) -> None:
    """Take note of a claim; the payload is empty or an object."""
    try:
        body = lenient_json.parse(packet.payload)
    except lenient_json.InvalidJson as error:
        session.invalid(packet, f"claim: {error}")
        return
    if packet.payload and not isinstance(body, dict):
        session.invalid(packet, "claim: not a JSON object")
        return
    session.touch()
    session.limit_message()
    session.connection.journal("claim", device=session.device.name)
    session.acknowledge(packet)
