"""JSON web tokens (HS512), as far as one server that trusts only itself needs them."""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import Any

from aiohttp import web

from tbtools.server.http.errors import AUTHENTICATION, TOKEN_EXPIRED, ApiError

ACCESS_S = 9_000
REFRESH_S = 7 * 24 * 3_600
_HEADER = {"alg": "HS512"}


class Tokens:
    """Issues and checks tokens with a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(64)

    def issue(self, user: str) -> dict[str, Any]:
        """The answer to a log-in."""
        access = self._sign(user, "TENANT_ADMIN", ACCESS_S)
        return {"token": access, "refreshToken": self._sign(user, "REFRESH_TOKEN", REFRESH_S), "scope": None}

    def check(self, token: str, scope: str) -> str:
        """Return the user of *token*; ApiError 401 otherwise."""
        try:
            signed, _, signature = token.rpartition(".")
            if not hmac.compare_digest(_decode(signature), self._mac(signed)):
                raise ValueError("signature")
            claims = json.loads(_decode(signed.partition(".")[2]))
        except (ValueError, binascii.Error) as error:
            raise ApiError(401, AUTHENTICATION, "Authentication failed") from error
        if claims["scopes"] != [scope]:
            raise ApiError(401, AUTHENTICATION, "Authentication failed")
        if claims["exp"] < time.time():
            raise ApiError(401, TOKEN_EXPIRED, "Token has expired")
        return str(claims["sub"])

    def check_request(self, request: web.Request) -> None:
        """Raise ApiError 401 unless *request* carries an access token."""
        header = request.headers.get("X-Authorization") or request.headers.get("Authorization") or ""
        scheme, _, token = header.partition(" ")
        if scheme != "Bearer":
            raise ApiError(401, AUTHENTICATION, "Authentication failed")
        self.check(token.strip(), "TENANT_ADMIN")

    def _sign(self, user: str, scope: str, valid_s: int) -> str:
        now = int(time.time())
        claims = {"sub": user, "scopes": [scope], "iss": "thingsboard.io", "iat": now, "exp": now + valid_s}
        signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
        return f"{signed}.{_encode(self._mac(signed))}"

    def _mac(self, signed: str) -> bytes:
        return hmac.digest(self._key, signed.encode("utf-8", "replace"), hashlib.sha512)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
