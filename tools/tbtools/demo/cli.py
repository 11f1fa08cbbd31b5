"""``tb.py run``: both use cases against the stand-in, or the device against a real ThingsBoard."""

import signal
import sys
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(run)


def run(
    firmware: Annotated[Path, typer.Option(help="The firmware, built for Linux.", exists=True, dir_okay=False)],
    server: Annotated[
        str, typer.Option(envvar="SERVER", help="A real ThingsBoard, mqtt://HOST[:PORT]; none: the stand-in.")
    ] = "",
    key: Annotated[str, typer.Option(envvar="KEY", help="Provision key of the device profile.")] = "",
    secret: Annotated[str, typer.Option(envvar="SECRET", help="Provision secret of the device profile.")] = "",
    device: Annotated[str, typer.Option(envvar="DEVICE", help="Device name; none: one made by the device.")] = "",
    token: Annotated[str, typer.Option(envvar="TOKEN", help="Access token; none: one made by the device.")] = "",
    run_time: Annotated[int, typer.Option(envvar="RUN_TIME", min=1, max=86400, help="Seconds at work.")] = 3,
    store: Annotated[Path, typer.Option(help="Where a device on a real ThingsBoard keeps its credentials.")] = Path(
        "tb_store"
    ),
) -> None:
    """Run the firmware on this computer and show what ThingsBoard holds afterwards.

    Exit code: 0 all went well, 1 it did not, 2 wrong option.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))  # so that secrets are taken away on the way out
    from tbtools.demo import real_server, use_cases  # only now: the rest of tb.py shall start without their libraries
    from tbtools.demo.firmware import Firmware

    if not server:
        raise typer.Exit(use_cases.run(Firmware(firmware), run_time))
    try:
        address = real_server.parse_address(server)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="SERVER") from error
    settings = {"prov_key": key, "prov_secret": secret, "device_name": device, "token": token}
    raise typer.Exit(real_server.run(Firmware(firmware), address, settings, store, run_time))
