"""The server of one case, and what can be asked about it."""

import asyncio
import math
import socket
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from OpenSSL import SSL
from tbtools.server import credentials as creds
from tbtools.server import provision
from tbtools.server.journal import Event
from tbtools.server.model import CredentialsType, Device, Scope
from tbtools.server.provision import PROVISION_STATE
from tbtools.server.standin import StandIn, StandInConfig

from tbfaults import certificates
from tbfaults.flows import PROFILE, Flow, Tls
from tbfaults.relay import Relay

_POLL_S = 0.003
_SECRET_SETTINGS = ("prov_key", "prov_secret", "token", "client_id", "username", "password")
_POLL_PART = 0.03  # of the time waited so far: what takes long need not be known at once


async def until(condition: Callable[[], bool], timeout_s: float = math.inf) -> bool:
    """Wait until *condition* holds; False when it does not within *timeout_s*."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    while not condition():
        waited = loop.time() - start
        if waited >= timeout_s:
            return False
        await asyncio.sleep(max(_POLL_S, waited * _POLL_PART))
    return True


class World:
    """``async with World(flow) as world``: a stand-in, prepared for *flow*, with *settings* of its own."""

    def __init__(self, flow: Flow, settings: Mapping[str, Any] | None = None) -> None:
        self.flow = flow
        self._place = _take_port()
        self.server = StandIn(StandInConfig())
        self._speak(certificates.server_tls(flow.newest_tls) if flow.tls is not Tls.NONE else None)
        self.up = False
        self.relay: Relay | None = None
        self._began = 0
        self._turn: int | None = 0
        self._story: asyncio.Task[None] | None = None
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
        await _end(self._story)
        await _end(self._leaving)
        if self.relay is not None:
            await self.relay.stop()
        await self.stop()
        self._place.close()

    @property
    def port(self) -> int:
        """Where the device finds the server."""
        return self.relay.port if self.relay is not None else self.server_port

    @property
    def server_port(self) -> int:
        """Where the server is."""
        return int(self._place.getsockname()[1])

    async def speak(self, tls: SSL.Context | None) -> None:
        """Let the server speak TLS that way, or plain MQTT, from now on and where it has been."""
        await self.stop()
        self._speak(tls)
        await self.start()

    def _speak(self, tls: SSL.Context | None) -> None:
        config, port = self.server.config, self.server_port
        config.tls = tls
        config.mqtt_port, config.mqtts_port = (port, 0) if tls is None else (0, port)

    async def start(self) -> None:
        """Let the server listen, where it listened before, with all that it had; idempotent."""
        await _end(self._leaving)
        self._leaving = None
        if self.up:
            return
        await self.server.start()
        self.up = True

    async def stop(self) -> None:
        """Let the server go away; idempotent."""
        if self.up:
            self.up = False
            await self.server.stop()

    def stop_after(self, event: str) -> None:
        """Let the server go away as soon as its journal has *event*."""

        async def leave() -> None:
            await self.event(event, 0)
            await self.stop()

        self._leaving = asyncio.create_task(leave())

    def begin(self, story: Coroutine[Any, Any, None]) -> None:
        """Let *story* go on from here. What has happened before is of no interest any more."""
        self._began, self._turn = self.mark(), None
        self._story = asyncio.create_task(story)

    def turn(self) -> None:
        """From now on, to work is to work with what the story had in store."""
        self._turn = self.mark()

    async def take_connection(self) -> None:
        """Be a client that does nothing."""
        loop = asyncio.get_running_loop()
        tls = certificates.guest_tls() if self.flow.tls is not Tls.NONE else None
        self._guest, _ = await loop.create_connection(asyncio.Protocol, "127.0.0.1", self.server_port, ssl=tls)
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

    def events(self, event: str, since: int = 0, **fields: object) -> list[Event]:
        """Such events in the server's journal."""
        return self.server.journal.events(event, max(since, self._began), **fields)

    def happened(self, event: str, since: int = 0, **fields: object) -> bool:
        """Whether there is one."""
        return bool(self.events(event, since, **fields))

    async def event(self, event: str, since: int, **fields: object) -> int:
        """Wait for one, however long, and return its moment."""
        await until(lambda: self.happened(event, since, **fields))
        return int(self.events(event, since, **fields)[0]["seq"])

    def works(self, since: int = 0) -> bool:
        """Whether the device has sent telemetry, and its flow has come to its end."""
        return self._turn is not None and self.happened("telemetry", max(since, self._turn))

    def device(self) -> Device:
        """The device that all is about."""
        return next(device for device in self.server.store.devices() if device.profile.name == PROFILE)

    def names(self) -> list[str]:
        """The names of all devices."""
        return [device.name for device in self.server.store.devices()]

    def is_provisioned(self) -> bool:
        """Whether the device is there, and marked so."""
        devices = [device for device in self.server.store.devices() if device.profile.name == PROFILE]
        states = [device.attributes[Scope.SERVER_SCOPE].get(PROVISION_STATE) for device in devices]
        return [state.value for state in states if state is not None] == ["provisioned"]

    def secrets(self) -> set[str]:
        """What no log may hold: what the device was told, and by what the server knows it."""
        told = self.flow.configuration(self.port)
        texts = [told.get(key, "") for key in _SECRET_SETTINGS]
        lines = [line for line in told.get("client_key", "").splitlines() if not line.startswith("-----")]
        known = self.device().credentials
        if known.type is CredentialsType.ACCESS_TOKEN:
            texts.append(known.lookup_id)
        elif known.type is CredentialsType.MQTT_BASIC:
            fields = creds.basic_fields(known)
            texts += [fields.client_id or "", fields.username or "", fields.password or ""]
        return {text for text in (*texts, *lines) if text}

    def answer_len(self) -> int:
        """Bytes of the answer that the device was given; 0: there is no device."""
        lengths = [
            len(provision.Outcome(provision.Status.SUCCESS, "", device.credentials).answer())
            for device in self.server.store.devices()
        ]
        return lengths[-1] if lengths else 0


def _take_port() -> socket.socket:
    """Take a port that a server may listen on, and nobody else, not even while that server is away."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    return place


async def _end(task: asyncio.Task[None] | None) -> None:
    """Cancel *task* if it still runs; what it has failed with is raised."""
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
