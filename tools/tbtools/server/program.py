"""Running the stand-in until a signal ends it."""

import asyncio
import errno
import json
import os
import signal
import ssl
import sys
from pathlib import Path

from tbtools.server.faults import Fault
from tbtools.server.files import raise_file_limit
from tbtools.server.settings import Settings
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.validation import explain

EXIT_PORT_IN_USE = 3
EXIT_CANNOT_LISTEN = 4


def tls_context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    """Speak TLS with *certificate*; clients may show one that *client_ca* has signed. ValueError says what is wrong."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL  # wanted, not needed (contract 1.4)
    except OSError as error:
        raise ValueError(f"certificate, key or client CA: {error.strerror or error}") from error
    return context


def prepare(
    host: str,
    mqtt_port: int,
    http_port: int,
    server_version: str,
    faults: list[str],
    tls: ssl.SSLContext | None = None,
    page: bool = False,
) -> StandIn:
    """Make a server from command line options; ValueError says which is wrong."""
    try:
        settings = Settings(server_version=server_version)
    except ValueError as error:
        raise ValueError(explain(error)) from error
    standin = StandIn(StandInConfig(host, mqtt_port, http_port, settings, tls, page=page))
    for fault in faults:
        try:
            standin.faults.add(Fault.parse(fault))
        except ValueError as error:
            raise ValueError(f"--fault {fault}: {explain(error)}") from error
    return standin


async def serve(standin: StandIn, port_file: Path | None) -> int:
    """Run until SIGINT or SIGTERM and return the exit code. *port_file* appears, whole, when the ports are open."""
    raise_file_limit()
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    try:
        await standin.start()
    except OSError as error:
        print(f"error: {_why_not(standin.config, error)}", file=sys.stderr)
        return EXIT_PORT_IN_USE if error.errno == errno.EADDRINUSE else EXIT_CANNOT_LISTEN
    try:
        host, mqtt_port, http_port = standin.config.host, standin.mqtt_port, standin.http_port
        if port_file is not None:
            ports = {"host": host, "mqtt_port": mqtt_port, "http_port": http_port, "pid": os.getpid()}
            _write_whole(port_file, json.dumps(ports) + "\n")
        scheme = "mqtt" if standin.config.tls is None else "mqtts"
        print(f"stand-in ThingsBoard: {scheme}://{host}:{mqtt_port} http://{host}:{http_port}", flush=True)
        if standin.config.page:
            print(f"page: http://{host}:{http_port}/", flush=True)
        await stopped.wait()
    finally:
        await standin.stop()
    return 0


def _why_not(config: StandInConfig, error: OSError) -> str:
    wanted = f"{config.host}, MQTT port {config.mqtt_port}, REST port {config.http_port}"
    if error.errno == errno.EADDRINUSE:
        return f"a port is in use ({wanted}); choose others with --mqtt-port and --http-port, 0 takes a free one"
    return f"cannot listen on {wanted}: {error.strerror or error}"


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or nothing."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
