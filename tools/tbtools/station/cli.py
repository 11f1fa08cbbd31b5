"""``tb.py station``: boards, one after another, to their verdicts."""

from contextlib import ExitStack, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.console import EXIT_FAILED, AsJson, command, progress_console

if TYPE_CHECKING:
    from tbtools.station.witness import Witness


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(station)


@command
def station(
    port: Annotated[
        str, typer.Option("--port", "-p", help="The serial port, or the USB serial number of what is plugged in.")
    ],
    baud: Annotated[int, typer.Option("--baud", min=300, help="Speed of the port.")] = 115_200,
    reset: Annotated[bool, typer.Option(help="Reset the board when its port is opened, by DTR and RTS.")] = True,
    device: Annotated[str, typer.Option("--device", help="Its name, for firmware whose log does not tell it.")] = "",
    time_limit: Annotated[float, typer.Option("--time-limit", min=1, help="Seconds for a board to pass.")] = 60,
    csv: Annotated[Path | None, typer.Option("--csv", help="Add a line for each board to this file.")] = None,
    once: Annotated[bool, typer.Option("--once", help="End after one board.")] = False,
    no_server: Annotated[bool, typer.Option("--no-server", help="Go by the log alone; ask no ThingsBoard.")] = False,
    show_log: Annotated[bool, typer.Option("--show-log", help="Show the board's log, too, without secrets.")] = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,
) -> None:
    """Say PASS or FAIL of each board that is plugged in, until Ctrl-C.

    A board passes when ThingsBoard has telemetry of this boot from it. It fails by what the server says to it, by a
    crash, by being unplugged in the middle, or when its time is over. Each boot has one verdict; the next one begins
    when a board is plugged in, or reset. With --json each verdict is an object in a line of its own.

    Examples:
      tb.py station --port /dev/ttyUSB0 --csv boards.csv
      tb.py station --port /dev/ttyUSB0 --no-server --once --time-limit 30
      tb.py station --port 7C:DF:A1:B2:C3:D4 --json

    Exit code with --once: 0 it has passed, 1 it has failed.
    """
    from tbtools.station.records import Records
    from tbtools.station.screen import Screen
    from tbtools.station.serial_port import SerialPort
    from tbtools.station.station import Rules, Station

    records = Records(csv) if csv is not None else None
    with ExitStack() as stack:
        witness = None if no_server else _witness(stack, url, user)
        screen = stack.enter_context(Screen(port, as_json, show_log))
        place = Station(SerialPort(port, baud, reset), Rules(time_limit, device, once), witness, screen, records)
        with suppress(KeyboardInterrupt):
            place.run()
    passed = sum(verdict.is_pass for verdict in place.verdicts)
    if not once:
        progress_console().print(f"{passed} PASS, {len(place.verdicts) - passed} FAIL")
    elif not passed:
        raise typer.Exit(EXIT_FAILED)


def _witness(stack: ExitStack, url: str, user: str) -> "Witness":
    from tbtools.station.witness import Witness

    client = stack.enter_context(logged_in(url, user))
    client.waiting = nullcontext  # there is one live line already
    return stack.enter_context(Witness(client))
