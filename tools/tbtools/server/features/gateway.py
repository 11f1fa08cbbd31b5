"""The gateway API (contract 7): whatever a gateway sends is acknowledged and not looked at."""

from typing import TYPE_CHECKING

from tbtools.server.packets import Publish

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession


def publish(session: "DeviceSession", packet: Publish) -> None:
    """Swallow what comes from a device that is no gateway: no PUBACK, no close (contract 3.3)."""
    if session.device.is_gateway:
        session.touch()
        session.acknowledge(packet)
