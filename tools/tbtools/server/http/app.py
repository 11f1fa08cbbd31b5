"""The REST server: which handlers there are, and how errors look."""

import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from tbtools.server.core import Core
from tbtools.server.credentials import InvalidCredentials
from tbtools.server.entities import Reason, StoreError
from tbtools.server.http import (
    auth,
    bulk_import,
    calculated_fields,
    dashboards,
    device_api,
    devices,
    origin,
    profiles,
    standin,
    subscriptions,
    system,
    telemetry,
)
from tbtools.server.http.errors import BAD_PARAMS, NOT_FOUND, ApiError
from tbtools.server.http.keys import CORE, TOKENS
from tbtools.server.http.tokens import Tokens
from tbtools.server.web import page

_LOG = logging.getLogger(__name__)
_OPEN_PREFIXES = ("/api/auth/", "/api/v1/", "/api/standin/", "/api/ws", page.FILES)
_BAD_REQUEST = Reason.BAD_PARAMS.value

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(core: Core, host: str, with_page: bool) -> web.Application:
    """The REST application over *core*, which listens on *host*."""
    app = web.Application(middlewares=[_errors, origin.guard(host), _authenticated])
    app[CORE] = core
    app[TOKENS] = Tokens()
    for module in (
        auth,
        system,
        profiles,
        calculated_fields,
        dashboards,
        devices,
        bulk_import,
        telemetry,
        subscriptions,
        device_api,
        standin,
    ):
        app.add_routes(module.ROUTES)
    subscriptions.set_up(app)
    if with_page:
        page.add_to(app)
    return app


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error in ThingsBoard's shape."""
    try:
        return await handler(request)
    except ApiError as error:
        return error.response()
    except StoreError as error:
        return ApiError(*error.reason.value, str(error)).response()
    except InvalidCredentials as error:
        return ApiError(*_BAD_REQUEST, str(error)).response()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return ApiError(*_BAD_REQUEST, "Request body is not JSON").response()
    except web.HTTPException as error:
        code = NOT_FOUND if error.status == web.HTTPNotFound.status_code else BAD_PARAMS
        return ApiError(error.status, code, error.reason).response()
    except Exception:
        resource = request.match_info.route.resource  # not the path: a device's token stands in it
        _LOG.exception("%s %s", request.method, resource.canonical if resource else "")
        return ApiError(500, 2, "Internal error").response()


@web.middleware
async def _authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A valid token for all but log-in, a device's own calls, the stand-in's and its page, and WebSockets, which see to
    it themselves.
    """
    if request.path != page.ADDRESS and not request.path.startswith(_OPEN_PREFIXES):
        request.app[TOKENS].check_request(request)
    return await handler(request)
