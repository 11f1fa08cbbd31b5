"""What MQTT and REST share: the entities, the live sessions, the settings, the faults and the journal."""

from typing import Protocol

from tbtools.server.calculated_fields import CalculatedFields
from tbtools.server.dashboards import Dashboards
from tbtools.server.faults import Faults
from tbtools.server.journal import Journal
from tbtools.server.model import Device
from tbtools.server.reasons import Reason
from tbtools.server.settings import Settings
from tbtools.server.store import Store


class LiveSession(Protocol):
    """A device's open MQTT session, as others may touch it."""

    def close(self, cause: str, reason: Reason | None = None) -> None:
        """Close the TCP connection; *cause* goes to the journal, *reason* to an MQTT 5 client."""

    def expire(self, now: float, limit_s: float) -> None:
        """Close if there has been no uplink for *limit_s*; *now* is the event loop's time."""

    def push_attributes(self, payload: bytes) -> None:
        """Send a shared attribute update if the device has subscribed."""


class Sessions:
    """At most one live session per device; the newest wins (contract 1.6)."""

    def __init__(self) -> None:
        self._by_device: dict[str, LiveSession] = {}

    def __len__(self) -> int:
        return len(self._by_device)

    def open(self, device: Device, session: LiveSession) -> LiveSession | None:
        """Register *session* and return the one it evicts, which the caller closes after its CONNACK."""
        evicted = self._by_device.get(device.id)
        self._by_device[device.id] = session
        return evicted if evicted is not session else None

    def of(self, device: Device) -> LiveSession | None:
        """The session of *device*, if it is connected."""
        return self._by_device.get(device.id)

    def forget(self, device: Device, session: LiveSession) -> None:
        """Drop *session*, unless a newer one has taken its place."""
        if self._by_device.get(device.id) is session:
            del self._by_device[device.id]

    def close(self, device: Device, cause: str, reason: Reason | None = None) -> None:
        """Close the device's session, if there is one."""
        session = self._by_device.get(device.id)
        if session is not None:
            session.close(cause, reason)

    def expire(self, now: float, limit_s: float) -> None:
        """Close the sessions without uplink for *limit_s*."""
        for session in list(self._by_device.values()):
            session.expire(now, limit_s)


class Core:
    """The server without its listeners. Used from the event loop only, but for faults and journal."""

    def __init__(self, settings: Settings, faults: Faults, journal: Journal) -> None:
        self.settings = settings
        self.faults = faults
        self.journal = journal
        self.store = Store(lambda: self.settings.max_devices)
        self.dashboards = Dashboards()
        self.calculated_fields = CalculatedFields()
        self.sessions = Sessions()
