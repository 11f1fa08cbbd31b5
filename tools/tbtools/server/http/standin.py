"""The stand-in's own calls, for tests in another process and for the page. They need no log-in, and no real ThingsBoard
has them.
"""

from aiohttp import web
from pydantic import ValidationError

from tbtools.server.faults import Fault
from tbtools.server.http.body import int_param, read_object
from tbtools.server.http.errors import ApiError, bad_params, not_found
from tbtools.server.http.keys import CORE
from tbtools.server.settings import Settings
from tbtools.server.validation import explain

_QUERY_FIELDS = ("device", "mode", "status", "cause", "by")


async def read_journal(request: web.Request) -> web.Response:
    """GET /api/standin/journal[?event=&since=&device=&mode=&status=&cause=&by=]."""
    fields = {name: request.query[name] for name in _QUERY_FIELDS if name in request.query}
    since = int_param(request, "since", 0)
    journal = request.app[CORE].journal
    return web.json_response({"events": journal.events(request.query.get("event"), since, **fields)})


async def clear_journal(request: web.Request) -> web.Response:
    """DELETE /api/standin/journal."""
    request.app[CORE].journal.clear()
    return web.Response()


async def read_faults(request: web.Request) -> web.Response:
    """GET /api/standin/faults: those still to happen."""
    faults = [fault.model_dump(mode="json") for fault in request.app[CORE].faults.pending()]
    return web.json_response(faults)


async def add_fault(request: web.Request) -> web.Response:
    """POST /api/standin/faults: a Fault, or {"fault": "POINT:ACTION[=VALUE][*TIMES]"}."""
    body = await read_object(request)
    try:
        fault = Fault.parse(str(body["fault"])) if "fault" in body else Fault.model_validate(body)
    except ValueError as error:
        raise bad_params(explain(error)) from error
    return web.json_response(request.app[CORE].faults.add(fault).model_dump(mode="json"))


async def clear_fault(request: web.Request) -> web.Response:
    """DELETE /api/standin/faults/{id}."""
    if not request.app[CORE].faults.remove(int(request.match_info["id"])):
        raise not_found("No such fault is still to happen")
    return web.Response()


async def clear_faults(request: web.Request) -> web.Response:
    """DELETE /api/standin/faults."""
    request.app[CORE].faults.clear()
    return web.Response()


async def read_settings(request: web.Request) -> web.Response:
    """GET /api/standin/settings."""
    return web.json_response(request.app[CORE].settings.model_dump(mode="json"))


async def change_settings(request: web.Request) -> web.Response:
    """PATCH /api/standin/settings: only the fields given change; all or nothing."""
    core, body = request.app[CORE], await read_object(request)
    try:
        Settings.model_validate({**core.settings.model_dump(), **body})
    except ValidationError as error:
        raise bad_params(explain(error)) from error
    for name, value in body.items():
        setattr(core.settings, name, value)
    return web.json_response(core.settings.model_dump(mode="json"))


async def close_connections(request: web.Request) -> web.Response:
    """POST /api/standin/disconnect?device=NAME: close that device's session from the server's side."""
    core = request.app[CORE]
    device = core.store.device_by_name(request.query.get("device", ""))
    if device is None or core.sessions.of(device) is None:
        raise ApiError(404, 32, "No such device is connected")
    core.sessions.close(device, "closed by the test")
    return web.Response()


ROUTES = [
    web.get("/api/standin/journal", read_journal),
    web.delete("/api/standin/journal", clear_journal),
    web.get("/api/standin/faults", read_faults),
    web.post("/api/standin/faults", add_fault),
    web.delete("/api/standin/faults", clear_faults),
    web.delete(r"/api/standin/faults/{id:\d{1,18}}", clear_fault),
    web.get("/api/standin/settings", read_settings),
    web.patch("/api/standin/settings", change_settings),
    web.post("/api/standin/disconnect", close_connections),
]
