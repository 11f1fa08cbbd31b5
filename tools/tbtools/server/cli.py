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
    mqtts_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of MQTT over TLS, served with --tls-cert; 0 takes a free one.")
    ] = 8883,
    tls_cert: Annotated[
        Path | None, typer.Option(help="The server's certificate, its chain behind it (PEM): serve TLS as well.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM).")] = None,
    web: Annotated[
        bool, typer.Option("--web", help="Serve a page for the browser at the REST port; it needs no log-in.")
    ] = False,
    port_file: Annotated[Path | None, typer.Option(help="Write the ports here, as JSON, when ready.")] = None,
) -> None:
    """Run a stand-in ThingsBoard until SIGINT or SIGTERM.

    Exit code: 2 wrong option, 3 port in use, 4 any other reason not to listen.
    """
    # only now: the rest of tb.py shall start without the server's libraries
    from tbtools.server import program
    from tbtools.server.standin import StandInConfig

    try:
        settings, tls = program.settings(server_version), program.tls_context(tls_cert, tls_key)
        config = StandInConfig(host, mqtt_port, http_port, settings, tls, mqtts_port, page=web)
        standin = program.prepare(config, fault or [])
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    raise typer.Exit(asyncio.run(program.serve(standin, port_file)))
