"""``tb.py server``: the stand-in as a program."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(server)


def server(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    mqtt_port: Annotated[int, typer.Option(min=0, max=65535, help="MQTT port; 0 takes a free one.")] = 1883,
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="REST port; 0 takes a free one.")] = 8080,
    server_version: Annotated[str, typer.Option(help="Behave as this release of ThingsBoard.")] = "4.3",
    fault: Annotated[
        list[str] | None, typer.Option(help='POINT:ACTION[=VALUE][*TIMES], such as "answer:drop*2" (*0: for ever).')
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Speak MQTT over TLS, with this certificate (PEM).")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    tls_client_ca: Annotated[Path | None, typer.Option(help="Who signs the certificates of devices (PEM).")] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Serve a page for the browser at the REST port; it needs no log-in.")
    ] = False,
    port_file: Annotated[Path | None, typer.Option(help="Write the ports here, as JSON, when ready.")] = None,
) -> None:
    """Run a stand-in ThingsBoard until SIGINT or SIGTERM.

    Exit code: 2 wrong option, 3 port in use, 4 any other reason not to listen.
    """
    from tbtools.server import program  # only now: the rest of tb.py shall start without the server's libraries

    try:
        if (tls_cert is None) != (tls_key is None):
            raise ValueError("--tls-cert and --tls-key go together")
        tls = program.tls_context(tls_cert, tls_key, tls_client_ca) if tls_cert and tls_key else None
        standin = program.prepare(host, mqtt_port, http_port, server_version, fault or [], tls, web)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(asyncio.run(program.serve(standin, port_file)))
