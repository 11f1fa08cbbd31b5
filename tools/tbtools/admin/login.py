"""Whom we are to a ThingsBoard server, and how the password is found: environment, keyring, or a question."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from tbtools import secret
from tbtools.console import EXIT_UNREACHABLE, EXIT_USAGE, ToolError, waiting

if TYPE_CHECKING:
    from tbtools.rest import RestClient, RestError

DEFAULT_URL = "http://127.0.0.1:8080"
DEFAULT_USER = "tenant@thingsboard.org"
_UNAUTHORIZED, _FORBIDDEN, _CONFLICT, _TOO_MANY, _SERVER_ERROR = 401, 403, 409, 429, 500

Url = Annotated[str, typer.Option("--url", envvar="TB_URL", help="ThingsBoard's address, as in the browser.")]
User = Annotated[str, typer.Option("--user", envvar="TB_USER", help="Log-in name of a tenant administrator.")]


@contextmanager
def logged_in(url: str, user: str) -> Iterator["RestClient"]:
    """Log in, and turn what the server refuses into a ToolError.

    The password comes from TB_PASSWORD, else from the keyring (service "thingsboard", name USER@URL), else from a
    prompt; it is never an argument, which other users of the computer could read.
    """
    from tbtools.rest import RestClient, RestError  # only now: tb.py shall start without its libraries

    _check_url(url)
    password = secret.find("TB_PASSWORD", f"{user}@{url}", f"the password of {user} at {url}")
    try:
        with RestClient(url, waiting=lambda: waiting(f"Waiting for {url} ...")) as client:
            client.login(user, password)
            yield client
    except RestError as error:
        raise _explained(error, user) from error


def _check_url(url: str) -> None:
    """Raise ToolError for what cannot be a server's address, before a password is sent to it."""
    try:
        parts = urlsplit(url)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ToolError(
            f"{url!r} is no address of a server", f"Give it like {DEFAULT_URL} (--url, TB_URL).", EXIT_USAGE
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ToolError(
            "the address holds more than scheme, host and port", "Give user and password apart from it.", EXIT_USAGE
        )


def _explained(error: "RestError", user: str) -> ToolError:
    from tbtools.rest import NotThingsBoard

    if isinstance(error, NotThingsBoard):
        advice = "Is it the address with which you open ThingsBoard in the browser (--url, TB_URL)?"
        return ToolError(str(error), advice, EXIT_UNREACHABLE)
    if error.status == 0:
        return ToolError(str(error), "Is the address right (--url, TB_URL), and does the server run?", EXIT_UNREACHABLE)
    if error.status == _UNAUTHORIZED:
        return ToolError(
            f"the server does not accept {user} with this password: {error.reason}",
            "Check --user (TB_USER) and TB_PASSWORD, or what the keyring holds: it has to be a tenant administrator.",
        )
    if error.status == _FORBIDDEN:
        return ToolError(
            f"the server does not let {user} do this: {error.reason}",
            "Log in as a tenant administrator (--user, TB_USER), and check the limits of the tenant's profile.",
        )
    if error.status == _CONFLICT:
        return ToolError("someone else has changed it at the same time", "Run the command again.")
    if error.status == _TOO_MANY:
        return ToolError(f"the server limits requests: {error.reason}", "Wait a minute, then run the command again.")
    if error.status >= _SERVER_ERROR:
        return ToolError(f"the server has failed: {error}", "Its own log says why.")
    return ToolError(f"the server refuses: {error.reason}")
