"""New telemetry as it comes, over ThingsBoard's WebSocket (contract 9.1)."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from tbtools.admin.shown import moment
from tbtools.console import EXIT_UNREACHABLE, ToolError
from tbtools.server.version import ServerVersion

Json = dict[str, Any]

_CONNECT_S = 10.0
_HEARTBEAT_S = 20.0
_AGAIN = "See whether the server still runs, then run the command again."
_PROXY = "A proxy before the server has to pass on WebSockets (/api/ws)."


class Sample(NamedTuple):
    """One value of a key; it is text, whatever its type."""

    ts_ms: int
    key: str
    value: str


@dataclass(frozen=True)
class Subscription:
    """Which telemetry, of all keys when there are none in *keys*, and how to get at it."""

    device_id: str
    keys: list[str]
    url: str
    token: str = field(repr=False)
    ca_bundle: str
    version: ServerVersion | None

    def opening(self) -> tuple[str, Json]:
        """The path of the socket, and what to say first."""
        wish: Json = {"cmdId": 1, "entityType": "DEVICE", "entityId": self.device_id, "scope": "LATEST_TELEMETRY"}
        if self.keys:
            wish["keys"] = ",".join(self.keys)
        if self.version is None or self.version.has_general_websocket:
            authentication = {"cmdId": 0, "token": self.token}
            return "/api/ws", {"authCmd": authentication, "cmds": [{"type": "TIMESERIES", **wish}]}
        return f"/api/ws/plugins/telemetry?token={self.token}", {"tsSubCmds": [wish]}

    def tls(self) -> ssl.SSLContext:
        """Trust in whom REST trusts."""
        if Path(self.ca_bundle).is_dir():
            return ssl.create_default_context(capath=self.ca_bundle)
        return ssl.create_default_context(cafile=self.ca_bundle)


def watch(subscription: Subscription, show: Callable[[Sample], None], seconds: float | None, count: int | None) -> None:
    """Show the latest values and what comes, for *seconds*, until *count* new ones are there, or until Ctrl-C.

    ToolError when they do not come.
    """
    with suppress(KeyboardInterrupt):
        came = asyncio.run(_watch(subscription, show, seconds, count))
        if count is not None and came < count:
            raise ToolError(
                f"only {came} of {count} new values came within {seconds:g} s",
                "Is the device on, and does it send? See tb.py device status.",
            )


def show_text(sample: Sample) -> None:
    """Print a line for people."""
    print(f"{moment(sample.ts_ms)}  {sample.key} = {sample.value}", flush=True)


def show_json(sample: Sample) -> None:
    """Print a line for programs."""
    print(json.dumps({"ts": sample.ts_ms, "key": sample.key, "value": sample.value}, ensure_ascii=False), flush=True)


async def _watch(
    subscription: Subscription, show: Callable[[Sample], None], seconds: float | None, count: int | None
) -> int:
    """Return how many new values came."""
    came = 0

    async def show_all() -> None:
        nonlocal came
        updates = _updates(subscription)
        for sample in await anext(updates):
            show(sample)
        async for update in updates:
            for sample in update:
                show(sample)
                came += 1
                if came == count:
                    return

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(show_all(), seconds)
    return came


async def _updates(subscription: Subscription) -> AsyncIterator[list[Sample]]:
    """The latest values, then what is new, update by update."""
    path, first_message = subscription.opening()
    address = subscription.url.rstrip("/") + path
    context = subscription.tls() if subscription.url.startswith("https:") else True
    async with aiohttp.ClientSession(trust_env=True) as session:
        try:
            connecting = session.ws_connect(address, heartbeat=_HEARTBEAT_S, ssl=context)
            socket = await asyncio.wait_for(connecting, _CONNECT_S)
            await socket.send_json(first_message)
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            what = f"no WebSocket at {subscription.url} ({type(error).__name__})"
            raise ToolError(what, f"{_PROXY} {_AGAIN}", EXIT_UNREACHABLE) from error
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                yield _samples(message.data)
        raise ToolError(f"the server has closed the connection ({socket.close_code})", _AGAIN, EXIT_UNREACHABLE)


def _samples(text: str) -> list[Sample]:
    """What an update says, oldest first; ToolError for an error, and for what is no update."""
    try:
        update = json.loads(text)
        if update.get("errorCode"):
            raise ToolError(f"the server refuses: {update.get('errorMsg')}", _AGAIN)
        data = update.get("data") or {}
        return sorted(Sample(int(ts_ms), str(key), str(value)) for key, rows in data.items() for ts_ms, value in rows)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ToolError("the server sends what is no update of telemetry", "Is it a ThingsBoard?") from error
