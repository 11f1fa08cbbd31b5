"""Who may call what needs no log-in from a browser: the page of this server, and no other.

A foreign page is told by its Origin. One whose name has been turned to this machine's address (DNS rebinding) has no
foreign Origin, but still its name in Host.
"""

import re
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from tbtools.server.http.errors import ApiError
from tbtools.server.web.page import ADDRESS, FILES

PERMISSION_DENIED = 20
_GUARDED = (FILES, "/api/standin/")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@/\s]+)(:[0-9]+)?")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def guard(host: str) -> Middleware:
    """Refuse other origins; *host* is the name or address that the server has been told to listen on."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == ADDRESS or request.path.startswith(_GUARDED):
            named = request.headers.get("Host", "")
            if not _is_this_server(named, host, request):
                raise ApiError(403, PERMISSION_DENIED, "Host is no name of this server")
            if request.headers.get("Origin") not in (None, f"{request.scheme}://{named}"):
                raise ApiError(403, PERMISSION_DENIED, "Origin is another one")
        return await handler(request)

    return check


def _is_this_server(named: str, host: str, request: web.Request) -> bool:
    """Whether *named*, a Host header, is loopback, *host*, or the very address that the request has come to."""
    found = _HOST.fullmatch(named)
    if found is None:
        return False
    name = found[1].strip("[]").lower()
    local = request.transport.get_extra_info("sockname") if request.transport else None
    try:
        return ip_address(name).is_loopback or name in (host, local[0] if local else host)
    except ValueError:
        return name in ("localhost", host.lower())
