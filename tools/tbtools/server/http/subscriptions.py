"""The WebSocket that tells of new telemetry (contract 9.1), as far as a subscription of the latest values goes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from tbtools.server.core import Core
from tbtools.server.entities import StoreError
from tbtools.server.http.errors import ApiError, no_such_call
from tbtools.server.http.keys import CORE, TOKENS
from tbtools.server.kv import Value, as_text, compact
from tbtools.server.model import Device

_SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("sockets", set)
_INTERNAL_ERROR, _BAD_REQUEST = 1, 2
_QUEUE_MAX = 1_000
_MESSAGE_MAX = 32_768
_AUTHENTICATION_S = 10.0
_HEARTBEAT_S = 30.0

Command = dict[str, Any]
Samples = dict[str, tuple[int, Value]]


async def general(request: web.Request) -> web.StreamResponse:
    """/api/ws, since 3.7: {"authCmd":{"cmdId":0,"token":T},"cmds":[{"type":"TIMESERIES",...}]}."""
    if not request.app[CORE].settings.version.has_general_websocket:
        raise no_such_call()
    async with _opened(request) as socket:
        first = await _first_message(socket)
        authentication = first.get("authCmd")
        if not isinstance(authentication, dict):
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Auth cmd is missing")
            return socket
        try:
            request.app[TOKENS].check(str(authentication.get("token")), "TENANT_ADMIN")
        except ApiError as error:
            await socket.close(code=WSCloseCode.INVALID_TEXT, message=str(error).encode())
            return socket
        await _Session(request.app[CORE], socket, "cmds").run(first)
    return socket


async def telemetry(request: web.Request) -> web.StreamResponse:
    """/api/ws/plugins/telemetry?token=T: {"tsSubCmds":[...]}. Since 3.7 a bad token is told by closing."""
    core, refusal = request.app[CORE], None
    try:
        request.app[TOKENS].check(request.query.get("token", ""), "TENANT_ADMIN")
    except ApiError as error:
        if not core.settings.version.has_general_websocket:
            raise
        refusal = str(error)
    async with _opened(request) as socket:
        if refusal is not None:
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=refusal.encode())
            return socket
        await _Session(core, socket, "tsSubCmds").run({})
    return socket


class _Session:
    """One authenticated socket; *list_key* names the list of commands in its messages."""

    def __init__(self, core: Core, socket: web.WebSocketResponse, list_key: str) -> None:
        self._core = core
        self._socket = socket
        self._list_key = list_key
        self._queue: asyncio.Queue[str] = asyncio.Queue(_QUEUE_MAX)
        self._subscriptions: dict[int, _Subscription] = {}

    async def run(self, first: Command) -> None:
        """Carry out *first*, then what comes, until either side closes."""
        sender = asyncio.create_task(self._send())
        try:
            self._carry_out(first)
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._carry_out(_parsed(message.data))
        finally:
            for subscription in self._subscriptions.values():
                subscription.end()
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def tell(self, update: dict[str, Any]) -> None:
        """Send *update* as soon as the socket takes it; one that does not keep up is closed."""
        try:
            self._queue.put_nowait(compact(update))
        except asyncio.QueueFull:
            message = b"Max pending updates limit reached!"
            asyncio.get_running_loop().create_task(
                self._socket.close(code=WSCloseCode.POLICY_VIOLATION, message=message)
            )

    def _carry_out(self, message: Command | None) -> None:
        if message is None:
            self.tell(_error(1, _BAD_REQUEST, "Failed to parse the payload"))
            return
        commands = message.get(self._list_key)
        for command in commands if isinstance(commands, list) else []:
            number = command.get("cmdId", 0)
            if self._list_key == "cmds" and command.get("type") != "TIMESERIES":
                self.tell(_error(number, _INTERNAL_ERROR, "Only TIMESERIES is served here"))
            elif command.get("unsubscribe"):
                if number in self._subscriptions:
                    self._subscriptions.pop(number).end()
            elif not command.get("entityId"):
                self.tell(_error(number, _BAD_REQUEST, "Device id is empty!"))
            else:
                self._subscribe(number, command)

    def _subscribe(self, number: int, command: Command) -> None:
        try:
            device = self._core.store.device(str(command["entityId"]))
        except StoreError:
            self.tell(_error(number, _INTERNAL_ERROR, "Failed to fetch data!"))
            return
        keys = set(str(command.get("keys") or "").split(",")) - {""}
        self._subscriptions[number] = _Subscription(self, number, device, keys)

    async def _send(self) -> None:
        while True:
            await self._socket.send_str(await self._queue.get())


class _Subscription:
    """The latest values of *keys* of *device*, of all when empty: first those that are there, then each newer one."""

    def __init__(self, session: _Session, number: int, device: Device, keys: set[str]) -> None:
        self._session = session
        self._number = number
        self._device = device
        self._keys = keys
        latest = {key: device.latest(key) for key in sorted(device.telemetry) if self._wants(key)}
        known = {key: sample for key, sample in latest.items() if sample is not None}
        self._newest_ms = {key: ts_ms for key, (ts_ms, _) in known.items()}
        session.tell(_update(number, known))
        device.watchers.append(self._on_samples)

    def end(self) -> None:
        """Tell no more."""
        self._device.watchers.remove(self._on_samples)

    def _wants(self, key: str) -> bool:
        return not self._keys or key in self._keys

    def _on_samples(self, ts_ms: int, values: dict[str, Value]) -> None:
        newer = {
            key: (ts_ms, value)
            for key, value in sorted(values.items())
            if self._wants(key) and ts_ms >= self._newest_ms.get(key, ts_ms)
        }
        if newer:
            self._newest_ms.update(dict.fromkeys(newer, ts_ms))
            self._session.tell(_update(self._number, newer))


def set_up(app: web.Application) -> None:
    """Have the sockets closed when *app* stops."""
    app[_SOCKETS] = set()
    app.on_shutdown.append(_close_all)


async def _close_all(app: web.Application) -> None:
    for socket in app[_SOCKETS].copy():
        await socket.close(code=WSCloseCode.GOING_AWAY)


@asynccontextmanager
async def _opened(request: web.Request) -> AsyncIterator[web.WebSocketResponse]:
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_MESSAGE_MAX)
    await socket.prepare(request)
    request.app[_SOCKETS].add(socket)
    try:
        yield socket
    finally:
        request.app[_SOCKETS].discard(socket)


async def _first_message(socket: web.WebSocketResponse) -> Command:
    """The first message; an empty one when none comes in time."""
    try:
        message = await socket.receive(_AUTHENTICATION_S)
    except asyncio.TimeoutError:
        return {}
    return (_parsed(message.data) if message.type is WSMsgType.TEXT else None) or {}


def _parsed(text: str) -> Command | None:
    """A message with its lists of commands; None if it is none."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    commands = [command for value in body.values() if isinstance(value, list) for command in value]
    is_sound = all(isinstance(each, dict) and isinstance(each.get("cmdId", 0), int) for each in commands)
    return body if is_sound else None


def _update(number: int, samples: Samples) -> dict[str, Any]:
    """{"subscriptionId":1,...,"data":{"humidity":[[1700000000000,"26"]]},"latestValues":{"humidity":1700000000000}}."""
    return {
        "subscriptionId": number,
        "errorCode": 0,
        "errorMsg": None,
        "data": {key: [[ts_ms, as_text(value)]] for key, (ts_ms, value) in samples.items()},
        "latestValues": {key: ts_ms for key, (ts_ms, _) in samples.items()},
    }


def _error(number: int, code: int, message: str) -> dict[str, Any]:
    return {"subscriptionId": number, "errorCode": code, "errorMsg": message, "data": None, "latestValues": {}}


ROUTES = [web.get("/api/ws", general), web.get("/api/ws/plugins/telemetry", telemetry)]
