"""The stand-in on a thread of its own, for tests that block."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from tbtools.server.faults import Faults
from tbtools.server.journal import Journal
from tbtools.server.model import Device, Profile
from tbtools.server.settings import Settings
from tbtools.server.standin import StandIn, StandInConfig

T = TypeVar("T")
_START_TIMEOUT_S = 10.0


class StandInThread:
    """``with StandInThread() as tb``: the server runs until the block ends. Its methods are for one other thread."""

    def __init__(self, config: StandInConfig | None = None) -> None:
        self._standin = StandIn(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stand-in", daemon=True)

    def __enter__(self) -> "StandInThread":
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._standin.start(), self._loop).result(_START_TIMEOUT_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._standin.stop(), self._loop).result(_START_TIMEOUT_S)
        self._end()

    @property
    def mqtt_port(self) -> int:
        """The MQTT listener's port."""
        return self._standin.mqtt_port

    @property
    def mqtts_port(self) -> int:
        """The port of MQTT over TLS, 0 when that is not served."""
        return self._standin.mqtts_port

    @property
    def http_port(self) -> int:
        """The REST listener's port."""
        return self._standin.http_port

    @property
    def url(self) -> str:
        """The REST base address."""
        return f"http://{self._standin.config.host}:{self.http_port}"

    @property
    def faults(self) -> Faults:
        """The faults still to happen."""
        return self._standin.faults

    @property
    def journal(self) -> Journal:
        """What happened."""
        return self._standin.journal

    @property
    def settings(self) -> Settings:
        """The knobs; a change applies at once."""
        return self._standin.settings

    def run(self, action: Callable[[StandIn], T]) -> T:
        """Do *action* in the server's event loop and return its result."""

        async def call() -> T:
            return action(self._standin)

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(_START_TIMEOUT_S)

    def create_profile(self, name: str, key: str, secret: str, *args: Any, **fields: Any) -> Profile:
        """StandIn.create_profile."""
        return self.run(lambda standin: standin.create_profile(name, key, secret, *args, **fields))

    def create_device(self, name: str, token: str | None = None, profile: Profile | None = None) -> Device:
        """StandIn.create_device."""
        return self.run(lambda standin: standin.create_device(name, token, profile))

    def device(self, name: str) -> Device | None:
        """The device of that name."""
        return self.run(lambda standin: standin.store.device_by_name(name))

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
