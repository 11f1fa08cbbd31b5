"""The gateway API (contract 7) is not served."""

from typing import TYPE_CHECKING

from tbtools.server.packets import Publish

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession


def publish(session: "DeviceSession", packet: Publish) -> None:
    """Swallow it: a device that is no gateway gets no PUBACK and no close (contract 3.3)."""
    session.connection.journal("gateway_ignored", device=session.device.name, topic=packet.topic[:200])
