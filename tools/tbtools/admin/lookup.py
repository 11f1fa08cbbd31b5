"""Finding by name what has to be there."""

from typing import TYPE_CHECKING, Any

from tbtools.console import ToolError

if TYPE_CHECKING:
    from tbtools.rest import RestClient

Json = dict[str, Any]


def profile(client: "RestClient", name: str) -> Json:
    """The device profile of that name; ToolError when there is none."""
    found = client.find_profile(name)
    if found is None:
        raise ToolError(
            f"there is no device profile {name!r}",
            "Create it: tb.py profile apply. Of another name: --name, or --profile for a device.",
        )
    return found


def device(client: "RestClient", name: str) -> Json:
    """The device of that name; ToolError when there is none."""
    found = client.find_device(name)
    if found is None:
        raise ToolError(
            f"there is no device {name!r}",
            "A device creates itself when it provisions (strategy allow-creating); else: tb.py device create. "
            "Names are case-sensitive.",
        )
    return found
