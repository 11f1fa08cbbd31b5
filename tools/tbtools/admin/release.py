"""Which release of ThingsBoard the server is, and whether it is new enough."""

import re
from typing import TYPE_CHECKING

from tbtools.console import ToolError
from tbtools.server.version import ServerVersion

if TYPE_CHECKING:
    from tbtools.rest import RestClient

_OLDEST = "3.2"
_NUMBERS = re.compile(r"\d+(?:\.\d+){1,3}")
_NOT_FOUND = 404


def read(client: "RestClient") -> ServerVersion | None:
    """The server's release; the oldest that it may be where it does not say, None where it says "unknown".

    Raises ToolError for a release without device provisioning.
    """
    told = client.server_version()
    if told is None:
        _check_has_profiles(client)
        return ServerVersion.parse(_OLDEST)
    match = _NUMBERS.match(told)  # PE says 4.2.0PE, a build of one's own 4.4.0-SNAPSHOT or "unknown"
    if match is None:
        return None
    try:
        return ServerVersion.parse(match[0])
    except ValueError:
        raise too_old(told, "device provisioning", _OLDEST) from None


def too_old(version: str, what: str, needed: str) -> ToolError:
    """The error for a server that does not have *what*."""
    return ToolError(f"the server is ThingsBoard {version}: {what} needs {needed} or later", "Upgrade the server.")


def _check_has_profiles(client: "RestClient") -> None:
    """Device profiles came with 3.2; no release before 3.3.3 tells its number."""
    from tbtools.rest import RestError

    try:
        client.default_profile()
    except RestError as error:
        if error.status != _NOT_FOUND:
            raise
        raise too_old(f"older than {_OLDEST}", "device provisioning", _OLDEST) from error
