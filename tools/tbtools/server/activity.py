"""The server attributes that tell whether a device is at work (contract 1.6)."""

from collections.abc import Iterable

from tbtools.server.model import Device, Scope, now_ms

ACTIVE = "active"
LAST_ACTIVITY = "lastActivityTime"


def created(device: Device) -> None:
    """A new device."""
    device.set_attributes(Scope.SERVER_SCOPE, {ACTIVE: False})


def connected(device: Device) -> None:
    """A device has opened its session."""
    device.set_attributes(Scope.SERVER_SCOPE, {"lastConnectTime": now_ms()})
    seen(device)


def seen(device: Device) -> None:
    """A device has sent something."""
    device.set_attributes(Scope.SERVER_SCOPE, {LAST_ACTIVITY: now_ms(), ACTIVE: True})


def disconnected(device: Device) -> None:
    """A device's session is over; it stays active for a while."""
    device.set_attributes(Scope.SERVER_SCOPE, {"lastDisconnectTime": now_ms()})


def expire(devices: Iterable[Device], limit_s: float) -> None:
    """Make inactive which of *devices* has sent nothing for *limit_s*."""
    now = now_ms()
    for device in devices:
        attributes = device.attributes[Scope.SERVER_SCOPE]
        active, last = attributes.get(ACTIVE), attributes.get(LAST_ACTIVITY)
        if active is not None and active.value is True and last is not None and now - last.updated_ms > limit_s * 1000:
            device.set_attributes(Scope.SERVER_SCOPE, {ACTIVE: False, "inactivityAlarmTime": now})
