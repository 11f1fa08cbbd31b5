"""An error as ThingsBoard tells it."""

from aiohttp import web

from tbtools.server.model import now_ms

AUTHENTICATION = 10
TOKEN_EXPIRED = 11
BAD_PARAMS = 31
NOT_FOUND = 32


class ApiError(Exception):
    """Raised by a handler: HTTP status, ThingsBoard's error code, and a message without secrets."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> web.Response:
        """The error as a response."""
        body = {"status": self.status, "message": str(self), "errorCode": self.code, "timestamp": now_ms()}
        return web.json_response(body, status=self.status)


def bad_params(message: str) -> ApiError:
    """400 with error code 31."""
    return ApiError(400, BAD_PARAMS, message)


def not_found(message: str) -> ApiError:
    """404 with error code 32."""
    return ApiError(404, NOT_FOUND, message)


def no_such_call() -> ApiError:
    """404, as for a path that the server does not know."""
    return ApiError(404, NOT_FOUND, "Not Found")
