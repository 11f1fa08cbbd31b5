"""Whom we are to a ThingsBoard server, and how the password is found: environment, keyring, or a question."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from tbtools.console import EXIT_UNREACHABLE, EXIT_USAGE, ToolError, progress_console
from tbtools.rest import RestClient, RestError

DEFAULT_URL = "http://127.0.0.1:8080"
KEYRING_SERVICE = "thingsboard"
_UNAUTHORIZED = 401

Url = Annotated[str, typer.Option("--url", envvar="TB_URL", help="ThingsBoard's address, as in the browser.")]
User = Annotated[str, typer.Option("--user", envvar="TB_USER", help="Log-in name of a tenant administrator.")]


@contextmanager
def logged_in(url: str, user: str) -> Iterator[RestClient]:
    """Log in, and turn what the server refuses into a ToolError.

    The password comes from TB_PASSWORD, else from the keyring (service "thingsboard", name USER@URL), else from a
    prompt; it is never an argument, which other users of the computer could read.
    """
    password = _password(url, user)
    try:
        with RestClient(url) as client:
            client.login(user, password)
            yield client
    except RestError as error:
        raise _explained(error, user) from error


def _password(url: str, user: str) -> str:
    given = os.environ.get("TB_PASSWORD") or _from_keyring(url, user)
    if given:
        return given
    if not sys.stdin.isatty():
        raise ToolError(
            f"no password for {user}",
            f"Set TB_PASSWORD, or keep it once: keyring set {KEYRING_SERVICE} {user}@{url}",
            EXIT_USAGE,
        )
    return progress_console().input(f"Password of {user} at {url}: ", password=True)


def _from_keyring(url: str, user: str) -> str | None:
    import keyring  # only now: it looks for backends when it is imported
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING_SERVICE, f"{user}@{url}")
    except KeyringError:
        return None


def _explained(error: RestError, user: str) -> ToolError:
    if error.status == 0:
        return ToolError(str(error), "Is the address right (--url, TB_URL), and does the server run?", EXIT_UNREACHABLE)
    if error.status == _UNAUTHORIZED:
        return ToolError(
            f"the server does not accept {user} with this password",
            "Check --user (TB_USER) and TB_PASSWORD: it has to be a tenant administrator.",
        )
    return ToolError(str(error))
