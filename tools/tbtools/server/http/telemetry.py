"""Telemetry and attributes, as read and written by an administrator."""

from typing import Any

from aiohttp import web

from tbtools.server import lenient_json
from tbtools.server.http.body import int_param, list_param
from tbtools.server.http.errors import bad_params
from tbtools.server.http.keys import CORE
from tbtools.server.kv import InvalidData, Value, as_text, encode, storable, values_of
from tbtools.server.model import Device, Scope, now_ms

_BASE = "/api/plugins/telemetry/DEVICE/{id}"
_LIMIT_DEFAULT = 100


async def timeseries(request: web.Request) -> web.Response:
    """GET .../values/timeseries: the latest sample of each key, or those between startTs and endTs."""
    device = _device(request)
    keys = list_param(request, "keys") or list(device.telemetry)
    strict = request.query.get("useStrictDataTypes") == "true"
    if "startTs" in request.query or "endTs" in request.query:
        return web.json_response(_history(request, device, keys, strict))
    latest = {key: device.latest(key) or (now_ms(), None) for key in keys}
    return web.json_response({key: [_sample(ts_ms, value, strict)] for key, (ts_ms, value) in latest.items()})


async def timeseries_keys(request: web.Request) -> web.Response:
    """GET .../keys/timeseries."""
    return web.json_response(sorted(_device(request).telemetry))


async def attributes(request: web.Request) -> web.Response:
    """GET .../values/attributes[/{scope}]."""
    device = _device(request)
    scopes = [_scope(request)] if "scope" in request.match_info else list(Scope)
    keys = set(list_param(request, "keys"))
    shown = [
        {"lastUpdateTs": attribute.updated_ms, "key": key, "value": attribute.value}
        for scope in scopes
        for key, attribute in device.attributes[scope].items()
        if not keys or key in keys
    ]
    return web.json_response(shown)


async def save_attributes(request: web.Request) -> web.Response:
    """POST .../{SHARED_SCOPE|SERVER_SCOPE}; a subscribed device is told of shared ones."""
    core, device, scope = request.app[CORE], _device(request), _scope(request)
    if scope is Scope.CLIENT_SCOPE:
        raise bad_params(f"Invalid scope: {scope.value}")
    try:
        body = lenient_json.parse(await request.read())
        values = values_of(body, core.settings) if isinstance(body, dict) else {}
    except (lenient_json.InvalidJson, InvalidData) as error:
        raise bad_params("Unable to parse attributes payload: Invalid JSON body!") from error
    if not values or not storable(values):
        raise bad_params("No attributes data found in request body!")
    device.set_attributes(scope, values)
    _tell(request, device, scope, values)
    return web.Response()


async def delete_attributes(request: web.Request) -> web.Response:
    """DELETE .../{scope}?keys=a,b; a subscribed device is told of shared ones, whether they existed or not."""
    device, scope, keys = _device(request), _scope(request), list_param(request, "keys")
    if not keys:
        raise bad_params("Empty keys: ")
    for key in keys:
        device.attributes[scope].pop(key, None)
    _tell(request, device, scope, {"deleted": keys})
    return web.Response()


def _tell(request: web.Request, device: Device, scope: Scope, update: dict[str, Any]) -> None:
    session = request.app[CORE].sessions.of(device)
    if scope is Scope.SHARED_SCOPE and session is not None:
        session.push_attributes(encode(update))


def _history(request: web.Request, device: Device, keys: list[str], strict: bool) -> dict[str, Any]:
    """The samples with startTs <= ts < endTs, newest first unless orderBy=ASC; a key without any is left out."""
    if request.query.get("agg", "NONE") != "NONE":
        raise bad_params("Only agg=NONE is served here")
    start, end = int_param(request, "startTs"), int_param(request, "endTs")
    limit = int_param(request, "limit", _LIMIT_DEFAULT)
    descending = request.query.get("orderBy", "DESC") == "DESC"
    shown = {}
    for key in keys:
        series = device.telemetry.get(key, {})
        times = sorted((ts_ms for ts_ms in series if start <= ts_ms < end), reverse=descending)[:limit]
        if times:
            shown[key] = [_sample(ts_ms, series[ts_ms], strict) for ts_ms in times]
    return shown


def _sample(ts_ms: int, value: Value | None, strict: bool) -> dict[str, Any]:
    return {"ts": ts_ms, "value": value if strict or value is None else as_text(value)}


def _device(request: web.Request) -> Device:
    return request.app[CORE].store.device(request.match_info["id"])


def _scope(request: web.Request) -> Scope:
    try:
        return Scope(request.match_info["scope"])
    except ValueError as error:
        raise bad_params(f"Invalid scope: {request.match_info['scope']}") from error


ROUTES = [
    web.get(_BASE + "/values/timeseries", timeseries),
    web.get(_BASE + "/keys/timeseries", timeseries_keys),
    web.get(_BASE + "/values/attributes", attributes),
    web.get(_BASE + "/values/attributes/{scope}", attributes),
    web.post(_BASE + "/attributes/{scope}", save_attributes),
    web.post(_BASE + "/{scope}", save_attributes),
    web.post("/api/plugins/telemetry/{id}/{scope}", save_attributes),
    web.delete(_BASE + "/{scope}", delete_attributes),
]
