"""What is wrong with the server or the network for a while."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from tbtools.server.faults import Fault
from tbtools.server.model import ProvisionType
from tbtools.server.standin import StandIn

from tbfaults.flows import PROFILE, SECRET
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

    def is_spent(self, world: World) -> bool:
        """Whether it is over by itself, and the device has worked since."""
        return self.passes and world.happened("telemetry")

    def missing(self, world: World) -> list[str]:
        """What of it did not happen."""
        return [f"no {' '.join(trace.values())}" for trace in self.traces if not world.happened(**trace)]


@dataclass(frozen=True)
class Faulty(Trouble):
    """The stand-in's own *faults*."""

    faults: tuple[Fault, ...]

    async def begin(self, world: World) -> None:
        """Add them."""
        for fault in self.faults:
            world.server.faults.add(fault)

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
        if world.server.faults.pending():
            return False
        last = world.server.journal.events("fault")[-1]
        return world.happened("telemetry", since=last["seq"])


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

    secret: str = SECRET
    strategy: ProvisionType | None = None
    transport: str = "DEFAULT"

    async def begin(self, world: World) -> None:
        """Make it."""
        self._save(world.server, self.secret, self.strategy or world.flow.strategy, self.transport)

    async def end(self, world: World) -> None:
        """Put it right."""
        self._save(world.server, SECRET, world.flow.strategy, "DEFAULT")

    @staticmethod
    def _save(server: StandIn, secret: str, strategy: ProvisionType, transport: str) -> None:
        profile = server.store.profile_by_name(PROFILE)
        assert profile is not None
        profile.provision_secret, profile.provision_type, profile.transport_type = secret, strategy, transport
