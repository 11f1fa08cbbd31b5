"""The WebSocket that tells of new telemetry (contract 9.1)."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from tbtools.rest import RestClient
from tbtools.server.model import Device
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.thread import StandInThread

GENERAL, TELEMETRY = "/api/ws", "/api/ws/plugins/telemetry"
PATIENCE_S = 5.0

Socket = aiohttp.ClientWebSocketResponse[bool]


@pytest_asyncio.fixture
async def web() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def board(tb: StandInThread, name: str) -> Device:
    return tb.create_device(name)


def _send(tb: StandInThread, device: Device, ts_ms: int, **values: Any) -> None:
    tb.run(lambda _: device.add_samples(ts_ms, values))


def _command(device: Device, **fields: Any) -> dict[str, Any]:
    return {"cmdId": 7, "entityType": "DEVICE", "entityId": device.id, "scope": "LATEST_TELEMETRY", **fields}


async def _update(socket: Socket) -> dict[str, Any]:
    return await socket.receive_json(timeout=PATIENCE_S)  # type: ignore[no-any-return]


async def _general(web: aiohttp.ClientSession, tb: StandInThread, token: str, *commands: dict[str, Any]) -> Socket:
    socket = await web.ws_connect(tb.url + GENERAL)
    await socket.send_json({"authCmd": {"cmdId": 0, "token": token}, "cmds": list(commands)})
    return socket


async def test_the_latest_values_come_first_then_each_newer_one(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, board: Device
) -> None:
    _send(tb, board, 1_000, humidity=26.0, on=True)
    socket = await _general(web, tb, rest.token, {"type": "TIMESERIES", **_command(board)})
    assert await _update(socket) == {
        "subscriptionId": 7,
        "errorCode": 0,
        "errorMsg": None,
        "data": {"humidity": [[1_000, "26.0"]], "on": [[1_000, "true"]]},
        "latestValues": {"humidity": 1_000, "on": 1_000},
    }
    _send(tb, board, 999, humidity=25.0)
    _send(tb, board, 1_001, humidity=27.5, added="x")
    assert (await _update(socket))["data"] == {"added": [[1_001, "x"]], "humidity": [[1_001, "27.5"]]}


async def test_only_the_keys_asked_for_come(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, board: Device
) -> None:
    socket = await _general(web, tb, rest.token, {"type": "TIMESERIES", **_command(board, keys="a,b")})
    assert (await _update(socket))["data"] == {}
    _send(tb, board, 1, c=1)
    _send(tb, board, 2, a=1, c=1)
    assert (await _update(socket))["data"] == {"a": [[2, "1"]]}


async def test_nothing_comes_after_unsubscribing(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, board: Device
) -> None:
    socket = await _general(web, tb, rest.token, {"type": "TIMESERIES", **_command(board)})
    await _update(socket)
    await socket.send_json({"cmds": [{"type": "TIMESERIES", **_command(board, unsubscribe=True)}]})
    await socket.send_json({"cmds": [{"type": "TIMESERIES", **_command(board, entityId="")}]})
    assert (await _update(socket))["errorMsg"] == "Device id is empty!"
    _send(tb, board, 1, a=1)
    await socket.send_json({"cmds": [{"type": "ENTITY_DATA", "cmdId": 8}]})
    assert (await _update(socket))["subscriptionId"] == 8
    assert board.watchers == []


@pytest.mark.parametrize("version", ["3.2", "4.3"])
async def test_the_older_socket_takes_its_token_in_the_address(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, board: Device, version: str
) -> None:
    tb.settings.server_version = version
    socket = await web.ws_connect(f"{tb.url}{TELEMETRY}?token={rest.token}")
    await socket.send_json({"tsSubCmds": [_command(board)]})
    assert (await _update(socket))["data"] == {}
    _send(tb, board, 1, a=1)
    assert (await _update(socket))["data"] == {"a": [[1, "1"]]}


async def test_a_device_that_is_not_there_is_an_error(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, board: Device
) -> None:
    socket = await _general(web, tb, rest.token, {"type": "TIMESERIES", **_command(board, entityId="no-such")})
    error = await _update(socket)
    assert (error["subscriptionId"], error["errorCode"], error["errorMsg"]) == (7, 1, "Failed to fetch data!")


@pytest.mark.parametrize(
    ("first", "code", "reason"),
    [
        ({"authCmd": {"token": "wrong"}}, aiohttp.WSCloseCode.INVALID_TEXT, "Authentication failed"),
        ({"authCmd": "token"}, aiohttp.WSCloseCode.POLICY_VIOLATION, "Auth cmd is missing"),
        ({"cmds": []}, aiohttp.WSCloseCode.POLICY_VIOLATION, "Auth cmd is missing"),
    ],
)
async def test_nobody_gets_in_without_a_token(
    web: aiohttp.ClientSession, tb: StandInThread, first: dict[str, Any], code: int, reason: str
) -> None:
    socket = await web.ws_connect(tb.url + GENERAL)
    await socket.send_json(first)
    message = await socket.receive(PATIENCE_S)
    assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, code, reason)


async def test_a_wrong_token_in_the_address_is_refused_as_the_release_does_it(
    web: aiohttp.ClientSession, tb: StandInThread
) -> None:
    socket = await web.ws_connect(f"{tb.url}{TELEMETRY}?token=wrong")
    message = await socket.receive(PATIENCE_S)
    assert message.data == aiohttp.WSCloseCode.INTERNAL_ERROR
    tb.settings.server_version = "3.6.4"
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await web.ws_connect(f"{tb.url}{TELEMETRY}?token=wrong")
    assert caught.value.status == 401
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await web.ws_connect(tb.url + GENERAL)
    assert caught.value.status == 404


@pytest.mark.parametrize("text", ["{", "[]", "1", '{"cmds":[1]}', '{"cmds":[{"cmdId":[]}]}', "[" * 20_000])
async def test_what_is_no_message_is_answered(
    web: aiohttp.ClientSession, tb: StandInThread, rest: RestClient, text: str
) -> None:
    socket = await _general(web, tb, rest.token)
    await socket.send_str(text)
    assert (await _update(socket))["errorMsg"] == "Failed to parse the payload"


async def test_an_open_socket_does_not_keep_the_server_from_stopping(web: aiohttp.ClientSession) -> None:
    async with StandIn(StandInConfig()) as standin:
        url = f"http://127.0.0.1:{standin.http_port}"
        login = {"username": "tenant@thingsboard.org", "password": "tenant"}
        async with web.post(f"{url}/api/auth/login", data=json.dumps(login)) as answer:
            token = (await answer.json())["token"]
        socket = await web.ws_connect(url + GENERAL)
        await socket.send_json({"authCmd": {"token": token}})
        await socket.send_str("{")
        await _update(socket)
        started = time.monotonic()
    assert time.monotonic() - started < PATIENCE_S
    assert (await socket.receive(PATIENCE_S)).data == aiohttp.WSCloseCode.GOING_AWAY
