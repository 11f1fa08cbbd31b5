"""The page's addresses: its files, its live events, a device's telemetry."""

import asyncio
import itertools
from pathlib import Path

from aiohttp import web

from tbtools.server.http.errors import ApiError
from tbtools.server.http.keys import CORE
from tbtools.server.web import view
from tbtools.server.web.stream import Stream, server_sent_event

ADDRESS = "/"
FILES = "/web/"

_STATIC = Path(__file__).with_name("static")
_TICK_S = 0.1
_TICKS_PER_ALIVE = 50
_STREAMS_MAX = 32
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


_STREAMS: web.AppKey[set[asyncio.Task[None]]] = web.AppKey("streams", set)


def add_to(app: web.Application) -> None:
    """Serve the page."""
    app[_STREAMS] = set()
    app.add_routes(
        [
            web.get(ADDRESS, _index),
            web.get(FILES + "events", _events),
            web.get(FILES + "telemetry/{id}", _telemetry),
            web.static(FILES, _STATIC),
        ]
    )
    app.on_response_prepare.append(_harden)
    app.on_shutdown.append(_close_streams)


async def _index(_: web.Request) -> web.FileResponse:
    """GET /."""
    return web.FileResponse(_STATIC / "index.html")


async def _telemetry(request: web.Request) -> web.Response:
    """GET /web/telemetry/{id}."""
    return web.json_response(view.telemetry(request.app[CORE].store.device(request.match_info["id"])))


async def _events(request: web.Request) -> web.StreamResponse:
    """GET /web/events: all that the page shows, as server-sent events, until one side leaves."""
    streams, task = request.app[_STREAMS], asyncio.current_task()
    assert task is not None
    if len(streams) >= _STREAMS_MAX:
        raise ApiError(503, 2, "Too many pages are open")
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    streams.add(task)
    try:
        await response.prepare(request)
        await _send(response, Stream(request.app[CORE]))
    except ConnectionError:
        pass  # the page is gone
    finally:
        streams.discard(task)
    return response


async def _send(response: web.StreamResponse, stream: Stream) -> None:
    """Write what *stream* has, tick by tick; a message that says nothing else shows that the server is alive."""
    for tick in itertools.count():
        for message in stream.messages():
            await response.write(message)
        if tick % _TICKS_PER_ALIVE == 0:
            await response.write(server_sent_event("alive", {}))
        await asyncio.sleep(_TICK_S)


async def _harden(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == ADDRESS or request.path.startswith(FILES):
        response.headers.update(_HEADERS)


async def _close_streams(app: web.Application) -> None:
    for task in app[_STREAMS]:
        task.cancel()
