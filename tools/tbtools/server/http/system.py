"""What the server says of itself."""

from aiohttp import web

from tbtools.server.http.errors import no_such_call
from tbtools.server.http.keys import CORE


async def info(request: web.Request) -> web.Response:
    """GET /api/system/info, since 3.3.3."""
    version = request.app[CORE].settings.version
    if not version.tells_version:
        raise no_such_call()
    names = {"artifact": "application", "name": "ThingsBoard Server Application"}
    return web.json_response({"version": version.full, **names, "type": "CE"})


ROUTES = [web.get("/api/system/info", info)]
