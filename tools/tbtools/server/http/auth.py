"""Log-in and token refresh."""

import hmac

from aiohttp import web

from tbtools.server.http.body import read_object
from tbtools.server.http.errors import AUTHENTICATION, ApiError
from tbtools.server.http.keys import TOKENS

TENANT_USER = "tenant@thingsboard.org"
TENANT_PASSWORD = "tenant"


async def login(request: web.Request) -> web.Response:
    """POST /api/auth/login, with the tenant administrator of a stock installation."""
    body = await read_object(request)
    user, password = str(body.get("username")), str(body.get("password"))
    if user != TENANT_USER or not hmac.compare_digest(password.encode("utf-8", "replace"), TENANT_PASSWORD.encode()):
        raise ApiError(401, AUTHENTICATION, "Invalid username or password")
    return web.json_response(request.app[TOKENS].issue(user))


async def refresh(request: web.Request) -> web.Response:
    """POST /api/auth/token."""
    body = await read_object(request)
    user = request.app[TOKENS].check(str(body.get("refreshToken")), "REFRESH_TOKEN")
    return web.json_response(request.app[TOKENS].issue(user))


ROUTES = [web.post("/api/auth/login", login), web.post("/api/auth/token", refresh)]
