"""The server: its listeners, its clock, and direct access for tests in the same process."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from OpenSSL import SSL

from tbtools.server import activity, certificates
from tbtools.server.connection import Connection
from tbtools.server.core import Core
from tbtools.server.credentials import access_token
from tbtools.server.faults import Faults
from tbtools.server.handshake import Handshake
from tbtools.server.http.app import make_app
from tbtools.server.journal import Journal
from tbtools.server.model import Device, Profile, ProvisionType
from tbtools.server.settings import Settings
from tbtools.server.store import Store
from tbtools.server.tls import Chain, TlsTransport

_BACKLOG = 2048


@dataclass
class StandInConfig:
    """Where to listen (port 0: a free one) and how to behave. With *tls*, MQTT is spoken over TLS as well; *page*
    adds a page for the browser to the REST listener.
    """

    host: str = "127.0.0.1"
    mqtt_port: int = 0
    http_port: int = 0
    settings: Settings = field(default_factory=Settings)
    tls: SSL.Context | None = None
    mqtts_port: int = 0
    page: bool = False


class StandIn:
    """A ThingsBoard to test against: ``async with StandIn() as tb``. Use it from its own event loop only,
    but for *faults* and *journal*, which any thread may use.
    """

    def __init__(self, config: StandInConfig | None = None) -> None:
        self.config = config or StandInConfig()
        self.faults = Faults()
        self.journal = Journal()
        self.core = Core(self.config.settings, self.faults, self.journal)
        self.mqtt_port = 0
        self.mqtts_port = 0
        self.http_port = 0
        self._live: set[Connection] = set()
        self._live_tls: set[TlsTransport] = set()
        self._numbers = itertools.count(1)
        self._mqtt: list[asyncio.Server] = []
        self._http: web.AppRunner
        self._clock: asyncio.Task[None]

    async def __aenter__(self) -> "StandIn":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def settings(self) -> Settings:
        """The knobs; a change applies at once."""
        return self.core.settings

    @property
    def store(self) -> Store:
        """The entities."""
        return self.core.store

    @property
    def connections(self) -> int:
        """How many TCP connections are open."""
        return len(self._live)

    async def start(self) -> None:
        """Listen; OSError when a port cannot be had, and nothing is left open then."""
        config = self.config
        self._http = web.AppRunner(make_app(self.core, config.host, config.page), access_log=None)
        await self._http.setup()
        try:
            self.mqtt_port = await self._listen(self._make_connection, config.mqtt_port)
            if config.tls is not None:
                self.mqtts_port = await self._listen(self._make_tls, config.mqtts_port)
            await web.TCPSite(self._http, config.host, config.http_port, backlog=_BACKLOG).start()
        except OSError:
            await self._close_listeners()
            raise
        self.http_port = self._http.addresses[0][1]
        self._clock = asyncio.get_running_loop().create_task(self._expire_sessions())

    async def stop(self) -> None:
        """Close the listeners and all connections."""
        self._clock.cancel()
        await asyncio.gather(self._clock, return_exceptions=True)
        await self._close_listeners()

    def create_profile(
        self,
        name: str,
        key: str,
        secret: str,
        provision_type: ProvisionType = ProvisionType.ALLOW_CREATE_NEW_DEVICES,
        **fields: Any,
    ) -> Profile:
        """Create a device profile that provisions; *fields* are further fields of its REST object."""
        configuration = {"type": provision_type.value, "provisionDeviceSecret": secret}
        body = {
            "name": name,
            "provisionType": provision_type.value,
            "provisionDeviceKey": key,
            "profileData": {"provisionConfiguration": configuration},
            **fields,
        }
        return self.store.save_profile(body)

    def create_device(self, name: str, token: str | None = None, profile: Profile | None = None) -> Device:
        """Create a device with an access token."""
        credentials = access_token(token) if token else None
        return self.store.create_device(name, profile or self.store.default_profile(), credentials)

    async def _listen(self, make_protocol: Callable[[], asyncio.Protocol], port: int) -> int:
        """Listen for MQTT and return the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(make_protocol, self.config.host, port, backlog=_BACKLOG)
        self._mqtt.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def _close_listeners(self) -> None:
        for server in self._mqtt:
            server.close()
        for connection in list(self._live):
            connection.abort("server stops")
        for handshake in list(self._live_tls):
            handshake.abort()
        for server in self._mqtt:
            await server.wait_closed()
        self._mqtt.clear()
        await self._http.cleanup()

    def _make_connection(self) -> Connection:
        return Connection(self.core, self._live, self._numbers, Handshake)

    def _make_tls(self) -> TlsTransport:
        assert self.config.tls is not None
        return TlsTransport(
            self.config.tls, self._live_tls, self._make_connection, self._on_shown, self._on_tls_failure
        )

    def _on_shown(self, chain: Chain) -> None:
        if self.settings.version.provisions_by_chain:
            certificates.provision(self.store, chain)

    def _on_tls_failure(self, reason: str) -> None:
        self.journal.record("tls_failure", cause=reason)

    async def _expire_sessions(self) -> None:
        while True:
            await asyncio.sleep(self.settings.inactivity_check_s)
            self.core.sessions.expire(asyncio.get_running_loop().time(), self.settings.inactivity_limit_s)
            activity.expire(self.store.devices(), self.settings.device_inactivity_s)
