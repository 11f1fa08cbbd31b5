"""What an application carries."""

from aiohttp import web

from tbtools.server.core import Core
from tbtools.server.http.tokens import Tokens

CORE: web.AppKey[Core] = web.AppKey("core", Core)
TOKENS: web.AppKey[Tokens] = web.AppKey("tokens", Tokens)
