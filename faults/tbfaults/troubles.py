"""What is wrong with the server or the network for a while."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any

from tbtools.server import credentials as creds
from tbtools.server.faults import Fault
from tbtools.server.model import ProvisionType

from tbfaults import certificates
from tbfaults.certificates import Shown
from tbfaults.device import Device
from tbfaults.flows import PROFILE
from tbfaults.relay import Harm, Relay
from tbfaults.world import World


class Trouble(ABC):
    """Something that begins before the device's first boot and is over when the network heals."""

    @abstractmethod
    async def begin(self, world: World) -> None:
        """Bring the trouble."""

    @abstractmethod
    async def end(self, world: World) -> None:
        """Take it away."""

    @property
    def passes(self) -> bool:
        """Whether it is over by itself, sooner or later."""
        return False

    @property
    def traces(self) -> list[dict[str, Any]]:
        """The events that the server's journal has when the trouble has happened."""
        return []

    @property
    def outcomes(self) -> list[str]:
        """The outcomes that are in the device's log then."""
        return []

    def is_spent(self, world: World) -> bool:
        """Whether it is over by itself, and the device has worked since."""
        return self.passes and world.works()

    def missing(self, world: World, device: Device) -> list[str]:
        """What of it did not happen."""
        traces = [" ".join(trace.values()) for trace in self.traces if not world.happened(**trace)]
        return [*traces, *(outcome for outcome in self.outcomes if not device.says(outcome))]


@dataclass
class Faulty(Trouble):
    """The stand-in's own *faults*."""

    faults: tuple[Fault, ...]
    _ids: set[int] = field(default_factory=set, init=False)

    async def begin(self, world: World) -> None:
        """Add them."""
        self._ids = {world.server.faults.add(fault).id for fault in self.faults}

    async def end(self, world: World) -> None:
        """Clear them."""
        world.server.faults.clear()

    @property
    def passes(self) -> bool:
        """Whether each happens a number of times."""
        return all(fault.times is not None for fault in self.faults)

    @property
    def traces(self) -> list[dict[str, Any]]:
        """Each fault."""
        return [{"event": "fault", "point": fault.point.value} for fault in self.faults]

    def is_spent(self, world: World) -> bool:
        """Whether none is left, and the device has worked since the last."""
        if any(fault.id in self._ids for fault in world.server.faults.pending()):
            return False
        return world.works(since=world.events("fault")[-1]["seq"])


@dataclass(frozen=True)
class Changed(Trouble):
    """Other *settings* of the server. With *another_device*, there is one already, so that a limit of 1 is reached."""

    settings: tuple[tuple[str, Any], ...]
    another_device: bool = False

    async def begin(self, world: World) -> None:
        """Change them."""
        if self.another_device:
            world.server.create_device("ANOTHER_DEVICE")
        for name, value in self.settings:
            setattr(world.server.settings, name, value)

    async def end(self, world: World) -> None:
        """Set them as they were."""
        if self.another_device:
            device = world.server.store.device_by_name("ANOTHER_DEVICE")
            assert device is not None
            world.server.store.delete_device(device)
        usual = type(world.server.settings)()
        for name, _ in self.settings:
            setattr(world.server.settings, name, getattr(usual, name))


@dataclass(frozen=True)
class Crowded(Trouble):
    """No connection is left for the device."""

    async def begin(self, world: World) -> None:
        """Take the only one."""
        await world.take_connection()
        world.server.settings.max_connections = 1

    async def end(self, world: World) -> None:
        """Give it back."""
        world.server.settings.max_connections = 0
        world.give_connection_back()


@dataclass(frozen=True)
class Down(Trouble):
    """The server is not there: from the beginning, or as soon as its journal has the event *after*.

    The system then refuses connections.
    """

    after: str | None = None

    async def begin(self, world: World) -> None:
        """Go away, now or later."""
        if self.after is None:
            await world.stop()
        else:
            world.stop_after(self.after)

    async def end(self, world: World) -> None:
        """Come back."""
        await world.start()

    @property
    def traces(self) -> list[dict[str, Any]]:
        """The event after which the server goes."""
        return [{"event": self.after}] if self.after else []


@dataclass(frozen=True)
class Misconfigured(Trouble):
    """An administrator's mistake in the device profile: another *secret*, *strategy* or *transport*."""

    secret: str | None = None
    strategy: ProvisionType | None = None
    transport: str = "DEFAULT"

    async def begin(self, world: World) -> None:
        """Make it."""
        flow = world.flow
        self._save(world, self.secret or flow.secret, self.strategy or flow.strategy, self.transport)

    async def end(self, world: World) -> None:
        """Put it right."""
        self._save(world, world.flow.secret, world.flow.strategy, "DEFAULT")

    @staticmethod
    def _save(world: World, secret: str, strategy: ProvisionType, transport: str) -> None:
        profile = world.server.store.profile_by_name(PROFILE)
        assert profile is not None
        profile.provision_secret, profile.provision_type, profile.transport_type = secret, strategy, transport
        if not world.flow.asks:
            profile.provision_key = creds.sha3(secret)  # contract 2.8


@dataclass(frozen=True)
class WrongCertificate(Trouble):
    """The server shows a certificate that the device must not take, or speaks no TLS (*shown* is None)."""

    shown: Shown | None
    outcome: str

    async def begin(self, world: World) -> None:
        """Show it."""
        shown = self.shown
        await world.speak(None if shown is None else certificates.server_tls(world.flow.newest_tls, shown))

    async def end(self, world: World) -> None:
        """Show the right one."""
        await world.speak(certificates.server_tls(world.flow.newest_tls))

    @property
    def outcomes(self) -> list[str]:
        """What the device calls it."""
        return [self.outcome]


@dataclass(frozen=True)
class Spoilt(Trouble):
    """The network does *harm* to the bytes of the first connection."""

    harm: Harm

    async def begin(self, world: World) -> None:
        """Come between."""
        world.relay = Relay(world.server_port, self.harm, lambda: world.server.journal.record("spoilt"))
        await world.relay.start()

    async def end(self, world: World) -> None:
        """Harm nothing more: the first connection is over, and others are left alone."""

    @property
    def passes(self) -> bool:
        """Yes: later connections are left alone."""
        return True

    @property
    def traces(self) -> list[dict[str, Any]]:
        """That so many bytes came by."""
        return [{"event": "spoilt"}]
