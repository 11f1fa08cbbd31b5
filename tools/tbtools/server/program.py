"""Running the stand-in until a signal ends it."""

import asyncio
import errno
import json
import os
import signal
import sys
from pathlib import Path

from OpenSSL import SSL

from tbtools.server.faults import Fault
from tbtools.server.files import raise_file_limit
from tbtools.server.settings import Settings
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.tls import server_context
from tbtools.server.validation import explain

EXIT_PORT_IN_USE = 3
EXIT_CANNOT_LISTEN = 4


def tls_context(certificate: Path | None, key: Path | None) -> SSL.Context | None:
    """Be the server of *certificate*; without both files, none that speaks TLS. ValueError says what is wrong."""
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise ValueError("--tls-cert and --tls-key go together")
    texts = [_read(certificate), _read(key)]
    try:
        return server_context(*texts)
    except ValueError as error:
        raise ValueError(f"--tls-cert {certificate}, --tls-key {key}: {error}") from error


def prepare(config: StandInConfig, faults: list[str]) -> StandIn:
    """Make a server from command line options; ValueError says which is wrong."""
    standin = StandIn(config)
    for fault in faults:
        try:
            standin.faults.add(Fault.parse(fault))
        except ValueError as error:
            raise ValueError(f"--fault {fault}: {explain(error)}") from error
    return standin


def settings(server_version: str) -> Settings:
    """Behave as that release; ValueError says what is wrong with it."""
    try:
        return Settings(server_version=server_version)
    except ValueError as error:
        raise ValueError(explain(error)) from error


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
        if port_file is not None:
            _write_whole(port_file, json.dumps({**_ports(standin), "pid": os.getpid()}) + "\n")
        print(f"stand-in ThingsBoard: {' '.join(_addresses(standin))}", flush=True)
        if standin.config.page:
            print(f"page: http://{standin.config.host}:{standin.http_port}/", flush=True)
        await stopped.wait()
    finally:
        await standin.stop()
    return 0


def _ports(standin: StandIn) -> dict[str, object]:
    ports = {"host": standin.config.host, "mqtt_port": standin.mqtt_port, "http_port": standin.http_port}
    return ports if standin.config.tls is None else {**ports, "mqtts_port": standin.mqtts_port}


def _addresses(standin: StandIn) -> list[str]:
    ports = {"mqtt": standin.mqtt_port, "mqtts": standin.mqtts_port, "http": standin.http_port}
    return [f"{scheme}://{standin.config.host}:{port}" for scheme, port in ports.items() if port]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error


def _why_not(config: StandInConfig, error: OSError) -> str:
    tls = f", MQTT over TLS port {config.mqtts_port}" if config.tls is not None else ""
    wanted = f"{config.host}, MQTT port {config.mqtt_port}{tls}, REST port {config.http_port}"
    if error.errno == errno.EADDRINUSE:
        options = "--mqtt-port, --mqtts-port and --http-port" if tls else "--mqtt-port and --http-port"
        return f"a port is in use ({wanted}); choose others with {options}, 0 takes a free one"
    return f"cannot listen on {wanted}: {error.strerror or error}"


def _write_whole(path: Path, text: str) -> None:
    """Write so that a reader sees all of it or nothing."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
