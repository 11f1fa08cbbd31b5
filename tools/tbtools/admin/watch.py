"""``tb.py device watch``: a device's telemetry, as the server gets it."""

from typing import Annotated

import typer

from tbtools.admin import lookup, release
from tbtools.admin.device_data import Keys
from tbtools.admin.devices import Name
from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.console import AsJson, command, progress_console


@command
def watch(
    name: Name,
    key: Keys = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="End after so many seconds.")] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="End after so many new values.")] = None,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,
) -> None:
    """Show a device's telemetry as it comes: the latest values first, then each new one, until Ctrl-C.

    The values that are there already do not count for --count; if too few come in time, it fails.
    With --json each value is an object in a line of its own. Values are text, as the server sends them.

    Examples:
      tb.py device watch kitchen
      tb.py device watch kitchen --key temprature --count 1 --for 60 --json
    """
    from tbtools.admin import live  # only now: its libraries take a while

    with logged_in(url, user) as client:
        subscription = live.Subscription(
            device_id=lookup.device(client, name)["id"]["id"],
            keys=key or [],
            url=url,
            token=client.token,
            ca_bundle=client.ca_bundle,
            version=release.read(client),
        )
        progress_console().print(f"Watching {name}; Ctrl-C ends it.", markup=False)
        live.watch(subscription, live.show_json if as_json else live.show_text, seconds, count)
