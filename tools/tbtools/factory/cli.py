"""``tb.py factory``: images, import file and labels for many devices, and boards flashed with them."""

from pathlib import Path
from typing import Annotated

import typer

from tbtools.console import EXIT_FAILED, AsJson, Result, command, progress_console, table

_LEDGER = "ledger.db"
_NAME_PATTERN = "device-{serial:06}"

LedgerFile = Annotated[
    Path | None, typer.Option("--ledger", help="The ledger of all batches; none: ledger.db beside the batch's folder.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    factory = typer.Typer(no_args_is_help=True, help="Images, import file and labels for many devices, and boards.")
    for each in (make, flash, ledger):
        factory.command()(each)
    app.add_typer(factory, name="factory")


@command
def make(
    csv: Annotated[
        Path | None, typer.Option(help="Devices: columns name, serial, label, host, port, and what the model asks for.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, max=100_000, help="So many devices, named by a pattern.")] = None,
    first: Annotated[int, typer.Option(min=0, help="The first serial number with --count.")] = 1,
    name_pattern: Annotated[str, typer.Option(help="Names with --count.")] = _NAME_PATTERN,
    host: Annotated[str | None, typer.Option(help="Hostname of the server.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Its port; none: the firmware's.")] = None,
    profile: Annotated[str, typer.Option(help="Device profile, for the import file.")] = "default",
    model: Annotated[str | None, typer.Option(help="Device model; none: the one in place.")] = None,
    credentials: Annotated[str | None, typer.Option(help="What menuconfig chose, where it chooses the kind.")] = None,
    server_ca: Annotated[Path | None, typer.Option(help="The server's CA for each device (PEM).")] = None,
    ca_cert: Annotated[Path | None, typer.Option(help="The CA that signs for devices, certificate (PEM).")] = None,
    ca_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    new_ca: Annotated[bool, typer.Option("--new-ca", help="Make that CA first.")] = False,
    run_time_s: Annotated[int | None, typer.Option(min=0, max=4294967, help="Run time; 0: for ever.")] = None,
    telemetry_s: Annotated[int | None, typer.Option(min=0, max=4294967, help="Time between two samples.")] = None,
    partitions: Annotated[Path | None, typer.Option(help="Partition table; none: partitions.csv of the tree.")] = None,
    encrypt: Annotated[bool, typer.Option("--encrypt", help="Encrypt each image with a key of its own.")] = False,
    grid: Annotated[str, typer.Option(help="Columns and rows of labels on a sheet of A4.")] = "3x8",
    font: Annotated[Path | None, typer.Option(help="Font of the labels (TrueType), for names beyond Latin-1.")] = None,
    out: Annotated[Path | None, typer.Option(help="The batch's folder; none: tb_factory/NAME.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Instead of another batch there, if no board has it.")
    ] = False,
    seed_file: Annotated[
        Path | None,
        typer.Option(envvar="TB_FACTORY_SEED_FILE", help="Keeps the seed; none: in this user's configuration."),
    ] = None,
    ledger: LedgerFile = None,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Make a batch: an NVS image for each device, ThingsBoard's import file, labels with QR codes.

    tb.py factory make --count 1000 --name-pattern "sensor-{serial:06}" --host 192.168.0.210

    tb.py factory make --csv devices.csv --host tb.example --profile sensors --encrypt

    tb.py factory make --csv devices.csv --host tb.example --ca-cert ca/ca.pem --ca-key ca/ca.key --new-ca

    Tokens, user names and keys follow from a seed and the device's name: the same command makes the same batch again.
    Key and secret of the profile are taken from TB_PROVISION_KEY and TB_PROVISION_SECRET, or from the keyring.
    """
    from rich.progress import Progress

    from tbtools.factory.ledger import Ledger
    from tbtools.factory.make import STEPS_PER_DEVICE
    from tbtools.factory.make import make as make_batch
    from tbtools.factory.order import Options, read_order

    options = Options(
        csv=csv,
        count=count,
        first=first,
        name_pattern=name_pattern,
        host=host,
        port=port,
        profile=profile,
        model=model,
        credentials=credentials,
        server_ca=server_ca,
        ca_cert=ca_cert,
        ca_key=ca_key,
        new_ca=new_ca,
        run_time_s=run_time_s,
        telemetry_s=telemetry_s,
        partitions=partitions,
        encrypt=encrypt,
        grid=grid,
        font=font,
        out=out,
        replace=replace,
        seed_file=seed_file,
    )
    folder = options.folder()
    notes: list[str] = []
    with Ledger(_ledger_file(ledger, folder), create=True) as book:
        order = read_order(options, book, notes)
        with Progress(console=progress_console()) as bars:
            bar = bars.add_task("Images and labels", total=STEPS_PER_DEVICE * len(order.devices))
            manifest, has_changed = make_batch(order, book, lambda: bars.advance(bar))
    data = {
        "batch": manifest.batch,
        "folder": str(folder),
        "devices": len(manifest.devices),
        "encrypted": manifest.encrypted,
        "changed": has_changed,
        "notes": notes,
    }
    done = f"{folder}: {len(manifest.devices)} devices, " + ("made" if has_changed else "as they were: nothing changed")
    return Result(data, [*notes, done])


@command
def flash(
    batch: Annotated[Path, typer.Option(help="The batch's folder.")],
    ports: Annotated[list[str], typer.Option("--ports", "-p", help="A board's serial port; once for each board.")],
    build: Annotated[Path, typer.Option(help="Where ESP-IDF has built the firmware.")] = Path("build"),
    ledger: LedgerFile = None,
    reflash: Annotated[bool, typer.Option("--reflash", help="Boards that are done, too.")] = False,
    baud: Annotated[int, typer.Option(min=9600, help="Speed of the ports.")] = 460800,
    no_stub: Annotated[bool, typer.Option("--no-stub", help="By the chip's own loader: slower.")] = False,
    connect_attempts: Annotated[int, typer.Option(min=1, help="How often to try to reach a board.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Write firmware and an image to each board, all at once; what was interrupted goes on with the same image.

    tb.py factory flash --batch tb_factory/devices --ports /dev/ttyUSB0 --ports /dev/ttyUSB1

    No image goes to two boards, and a board keeps its image: the ledger sees to it. With --reflash, boards that are
    done are written again with the image that they have, and boards of another batch get one of this batch.
    Exit code: 0 all boards are done, 1 not all.
    """
    from tbtools.factory import flashing

    options = flashing.Options(
        batch=batch,
        ports=ports,
        build=build,
        ledger=_ledger_file(ledger, batch),
        reflash=reflash,
        baud=baud,
        no_stub=no_stub,
        connect_attempts=connect_attempts,
    )
    result, all_done = flashing.flash_all(options)
    result.show(as_json)
    if not all_done:
        raise typer.Exit(EXIT_FAILED)


@command
def ledger(
    file: Annotated[Path, typer.Option("--ledger", help="The ledger.")] = Path("tb_factory") / _LEDGER,
    batch: Annotated[str | None, typer.Option(help="Show the boards of this batch.")] = None,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show which batches there are, and which board has which image.

    tb.py factory ledger

    tb.py factory ledger --batch devices --json
    """
    from tbtools.factory.ledger import Ledger

    with Ledger(file) as book:
        batches, boards = book.batches(), book.boards(batch)
        if batch is not None:
            book.digest(batch)
    shown = [table(*rows[0], rows=[list(row.values()) for row in rows]) for rows in (batches, boards) if rows]
    return Result({"batches": batches, "boards": boards}, shown or ["The ledger is empty."])


def _ledger_file(given: Path | None, folder: Path) -> Path:
    return given or folder.parent / _LEDGER
