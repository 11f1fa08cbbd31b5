"""The REST server: which handlers there are, and how errors look."""

import json
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from tbtools.server.core import Core
from tbtools.server.credentials import InvalidCredentials
from tbtools.server.http import auth, bulk_import, device_api, devices, profiles, standin, telemetry
from tbtools.server.http.errors import ApiError
from tbtools.server.http.keys import CORE, TOKENS
from tbtools.server.http.tokens import Tokens
from tbtools.server.store import Reason, StoreError

_LOG = logging.getLogger(__name__)
_OPEN_PREFIXES = ("/api/auth/", "/api/v1/", "/api/standin/")
_BAD_REQUEST = Reason.BAD_PARAMS.value

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(core: Core) -> web.Application:
    """The REST application over *core*."""
    app = web.Application(middlewares=[_errors, _authenticated])
    app[CORE] = core
    app[TOKENS] = Tokens()
    for module in (auth, profiles, devices, bulk_import, telemetry, device_api, standin):
        app.add_routes(module.ROUTES)
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
        return ApiError(error.status, Reason.BAD_PARAMS.value[1], error.reason).response()
    except Exception:
        resource = request.match_info.route.resource  # not the path: a device's token stands in it
        _LOG.exception("%s %s", request.method, resource.canonical if resource else "")
        return ApiError(500, 2, "Internal error").response()


@web.middleware
async def _authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A valid token for all but log-in, a device's own calls and the stand-in's."""
    if not request.path.startswith(_OPEN_PREFIXES):
        request.app[TOKENS].check_request(request)
    return await handler(request)
