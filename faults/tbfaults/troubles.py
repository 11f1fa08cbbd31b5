"""What is wrong with the server or the network for a while."""

import asyncio
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from tbtools.server.faults import Fault
from tbtools.server.model import ProvisionType
from tbtools.server.standin import StandIn

from tbfaults.flows import PROFILE, SECRET
from tbfaults.world import World, until


class Trouble(ABC):
    """Something that begins before the device's first boot and is over when the network heals."""

    passes = False  # whether it is over by itself, sooner or later

    @abstractmethod
    async def begin(self, world: World) -> None:
        """Bring the trouble."""

    async def watch(self, world: World) -> None:
        """Do what has to be done while the device runs; cancelled at the end. By default nothing."""

    @abstractmethod
    async def end(self, world: World) -> None:
        """Take it away."""

    def is_spent(self, world: World) -> bool:
        """Whether it is over, and the device has worked since."""
        return False

    def missing(self, world: World) -> str | None:
        """What did not happen though it had to, after the end."""
        return None


@dataclass(frozen=True)
class Faulty(Trouble):
    """The stand-in's own *faults*."""

    faults: tuple[Fault, ...]

    @property
    def passes(self) -> bool:  # type: ignore[override]
        """Whether each happens a number of times."""
        return all(fault.times is not None for fault in self.faults)

    async def begin(self, world: World) -> None:
        """Add them."""
        for fault in self.faults:
            world.server.faults.add(fault)

    async def end(self, world: World) -> None:
        """Clear them."""
        world.server.faults.clear()

    def is_spent(self, world: World) -> bool:
        """None is left, and the device has worked since."""
        if world.server.faults.pending():
            return False
        last = world.server.journal.events("fault")[-1]
        return world.happened("telemetry", since=last["seq"])

    def missing(self, world: World) -> str | None:
        """A fault at a point that was never reached."""
        reached = {event["point"] for event in world.server.journal.events("fault")}
        unreached = [fault.point.value for fault in self.faults if fault.point.value not in reached]
        return f"no fault happened at {', '.join(unreached)}" if unreached else None


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
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol, "127.0.0.1", world.server.mqtt_port
        )
        await until(lambda: world.server.connections == 1, 1)
        world.server.settings.max_connections = 1
        _CROWDS[world] = transport

    async def end(self, world: World) -> None:
        """Give it back."""
        world.server.settings.max_connections = 0
        _CROWDS.pop(world).close()


_CROWDS: dict[World, asyncio.Transport] = {}


@dataclass(frozen=True)
class Down(Trouble):
    """The server is not there: from the beginning, or as soon as its journal has the event *after*.

    The system then refuses connections.
    """

    after: str | None = None

    async def begin(self, world: World) -> None:
        """Go away at once, if that is asked for."""
        if self.after is None:
            await world.stop()

    async def watch(self, world: World) -> None:
        """Go away after the event."""
        if self.after is not None:
            after = self.after
            await until(lambda: world.happened(after), 10)
            await world.stop()

    async def end(self, world: World) -> None:
        """Come back."""
        if not world.up:
            await world.start()

    def missing(self, world: World) -> str | None:
        """The event."""
        return f"no {self.after} happened" if self.after and not world.happened(self.after) else None


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
