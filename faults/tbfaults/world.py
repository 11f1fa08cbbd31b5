"""The server of one case, and what can be asked about it."""

import asyncio
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from tbtools.server import provision
from tbtools.server.model import Scope
from tbtools.server.standin import StandIn

from tbfaults.flows import Flow

_POLL_S = 0.003


async def until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until *condition* holds; False when it does not within *timeout_s*."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    while not condition():
        if loop.time() >= deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return True


class World:
    """``async with World(flow) as world``: a stand-in, prepared for *flow*, with *settings* of its own."""

    def __init__(self, flow: Flow, settings: Mapping[str, Any] | None = None) -> None:
        self.flow = flow
        self.server = StandIn()
        self.up = False
        self._leaving: asyncio.Task[None] | None = None
        self._guest: asyncio.BaseTransport | None = None
        for name, value in (settings or {}).items():
            setattr(self.server.settings, name, value)

    async def __aenter__(self) -> "World":
        self.flow.prepare(self.server)
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Let the server listen, where it listened before, with all that it had; idempotent."""
        if self._leaving is not None:
            self._leaving.cancel()
            await asyncio.gather(self._leaving, return_exceptions=True)
            self._leaving = None
        if self.up:
            return
        await self.server.start()
        self.server.config.mqtt_port = self.server.mqtt_port
        self.up = True

    async def stop(self) -> None:
        """Let the server go away; idempotent."""
        if self.up:
            self.up = False
            await self.server.stop()

    def stop_after(self, event: str) -> None:
        """Let the server go away as soon as its journal has *event*."""

        async def leave() -> None:
            while not self.happened(event):
                await asyncio.sleep(_POLL_S)
            await self.stop()

        self._leaving = asyncio.create_task(leave())

    async def take_connection(self) -> None:
        """Be a client that does nothing."""
        loop = asyncio.get_running_loop()
        self._guest, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", self.server.mqtt_port)
        await until(lambda: self.server.connections == 1, 1)

    def give_connection_back(self) -> None:
        """End that client."""
        if self._guest is not None:
            self._guest.close()

    async def settle(self, timeout_s: float = 2.0) -> None:
        """Wait until the server has seen all that a device sent which is switched off now."""
        await until(lambda: self.server.connections == 0, timeout_s)

    def mark(self) -> int:
        """The present moment, for the questions below."""
        return self.server.journal.last_seq()

    def happened(self, event: str, since: int = 0, **fields: object) -> bool:
        """Whether the server's journal has such an event."""
        return bool(self.server.journal.events(event, since, **fields))

    def names(self) -> list[str]:
        """The names of all devices."""
        return [device.name for device in self.server.store.devices()]

    def is_provisioned(self, name: str) -> bool:
        """Whether the device of that name is marked so."""
        device = self.server.store.device_by_name(name)
        state = device.attributes[Scope.SERVER_SCOPE].get("provisionState") if device else None
        return state is not None and state.value == "provisioned"

    def answer_len(self) -> int:
        """Bytes of the answer that the device was given; 0: there is no device."""
        lengths = [
            len(provision.Outcome(provision.Status.SUCCESS, "", device.credentials).answer())
            for device in self.server.store.devices()
        ]
        return lengths[-1] if lengths else 0
