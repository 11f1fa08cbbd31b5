"""``tb.py server`` as a user runs it, and the server inside an event loop."""

import asyncio
import itertools
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import typer
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from tbtools.server.cli import register
from tbtools.server.files import raise_file_limit
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.thread import StandInThread
from typer.testing import CliRunner, Result

from tests.authority import Authority, Identity
from tests.server.mqtt_client import RawClient, connect_packet

TB = Path(__file__).resolve().parents[2] / "tools" / "tb.py"
DEVICES = 1_000


def start(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(TB), "server", *options]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_leaves_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    port_file = tmp_path / "ports.json"
    options = ("--mqtt-port", "0", "--http-port", "0", "--server-version", "3.8.1", "--fault", "connack:refuse=5*0")
    process = start(*options, "--port-file", str(port_file))
    ports = read_ports(process, port_file)
    assert "mqtts_port" not in ports
    client = RawClient(ports["mqtt_port"])
    client.connect(username="provision")
    assert client.connack() == 5
    settings = requests.get(f"http://127.0.0.1:{ports['http_port']}/api/standin/settings", timeout=5).json()
    assert settings["server_version"] == "3.8.1"
    idle = RawClient(ports["mqtt_port"])
    process.send_signal(number)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert str(ports["mqtt_port"]) in output
    client.close()
    idle.close()


def read_ports(process: subprocess.Popen[str], port_file: Path) -> dict[str, Any]:
    """Wait until the program serves."""
    deadline = time.monotonic() + 10
    while not port_file.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    ports: dict[str, Any] = json.loads(port_file.read_text())
    return ports


def test_with_a_certificate_it_serves_TLS_as_well(tmp_path: Path) -> None:
    authority = Authority()
    port_file = tmp_path / "ports.json"
    certificate, key = pem_files(authority.server_identity(), tmp_path)
    options = ("--mqtt-port", "0", "--mqtts-port", "0", "--http-port", "0", "--port-file", str(port_file))
    process = start(*options, "--tls-cert", certificate, "--tls-key", key)
    ports = read_ports(process, port_file)
    plain, encrypted = RawClient(ports["mqtt_port"]), RawClient(ports["mqtts_port"])
    context = ssl.create_default_context(cadata=authority.pem)
    encrypted.socket = context.wrap_socket(encrypted.socket, server_hostname="127.0.0.1")
    for client in (plain, encrypted):
        client.login(username="provision")
        client.close()
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
    assert f" mqtts://127.0.0.1:{ports['mqtts_port']} " in output


def pem_files(identity: Identity, folder: Path) -> tuple[str, str]:
    """Where certificate and key of *identity* stand."""
    certificate, key = folder / "server.pem", folder / "server.key"
    certificate.write_text(identity.certificate)
    key.write_text(identity.key)
    return str(certificate), str(key)


@pytest.fixture(scope="module")
def run() -> Callable[..., Result]:
    """Run ``tb.py server`` with options that make it end at once."""
    app = typer.Typer()
    register(app)
    return lambda *options: CliRunner().invoke(app, options, env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.mark.parametrize("option", ["--mqtt-port", "--mqtts-port", "--http-port"])
def test_port_in_use_is_said_plainly(run: Callable[..., Result], option: str, tmp_path: Path) -> None:
    certificate, key = pem_files(Authority().server_identity(), tmp_path)
    ports = {"--mqtt-port": "0", "--mqtts-port": "0", "--http-port": "0"}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports[option] = str(taken.getsockname()[1])
        result = run(*itertools.chain(*ports.items()), "--tls-cert", certificate, "--tls-key", key)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a port is in use" in result.stderr
    assert option in result.stderr


@pytest.mark.parametrize(
    ("option", "value", "hint"),
    [
        ("--server-version", "3.1", "oldest"),
        ("--server-version", "new", "write it like"),
        ("--fault", "answer:explode", "answer:explode"),
        ("--mqtt-port", "70000", "65535"),
    ],
)
def test_wrong_option_is_exit_code_2(run: Callable[..., Result], option: str, value: str, hint: str) -> None:
    result = run(option, value)
    assert result.exit_code == 2
    assert hint in result.stderr


@pytest.mark.parametrize("option", ["--tls-cert", "--tls-key"])
def test_certificate_and_key_go_together(run: Callable[..., Result], option: str, tmp_path: Path) -> None:
    certificate, _ = pem_files(Authority().server_identity(), tmp_path)
    result = run(option, certificate)
    assert result.exit_code == 2
    assert "--tls-cert and --tls-key go together" in result.stderr


NO_PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("bad", "content", "hint"),
    [
        ("server.pem", None, "No such file"),
        ("server.pem", b"", "the certificate is no PEM"),
        ("server.pem", b"\x30\x82\x01\x00", "the certificate is no PEM"),
        ("server.pem", NO_PEM.encode(), "the certificate is no PEM"),
        ("server.key", None, "No such file"),
        ("server.key", b"", "the private key is no PEM, or encrypted"),
        ("server.key", NO_PEM.encode(), "the private key is no PEM, or encrypted"),
        ("server.key", "encrypted", "the private key is no PEM, or encrypted"),
        ("server.key", "another", "key values mismatch"),
    ],
)
def test_bad_file_is_named(
    run: Callable[..., Result], bad: str, content: bytes | str | None, hint: str, tmp_path: Path
) -> None:
    certificate, key = pem_files(Authority().server_identity(), tmp_path)
    other = Authority().server_identity().key
    if content is None:
        (tmp_path / bad).unlink()
    elif isinstance(content, bytes):
        (tmp_path / bad).write_bytes(content)
    else:
        (tmp_path / bad).write_bytes(encrypted(other) if content == "encrypted" else other.encode())
    result = run("--tls-cert", certificate, "--tls-key", key)
    assert (result.exit_code, result.stdout) == (2, "")
    said = without_layout(result.stderr)
    assert bad in said
    assert without_layout(hint) in said
    assert "PRIVATEKEY" not in said


def without_layout(text: str) -> str:
    """The characters of *text*, wherever its lines were broken."""
    return "".join(text.replace("│", "").split())


def encrypted(key: str) -> bytes:
    return load_pem_private_key(key.encode(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
    )


def test_folder_is_no_certificate(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("--tls-cert", str(tmp_path), "--tls-key", str(tmp_path))
    assert result.exit_code == 2
    assert "Is a directory" in result.stderr


def test_address_of_another_machine_cannot_be_had(run: Callable[..., Result]) -> None:
    result = run("--host", "192.0.2.1", "--mqtt-port", "0", "--http-port", "0")
    assert result.exit_code == 4
    assert "cannot listen on 192.0.2.1" in result.stderr


async def test_standin_in_an_event_loop_and_again_on_the_same_port() -> None:
    async with StandIn() as first:
        first.create_device("d", "T")
        reader, writer = await asyncio.open_connection("127.0.0.1", first.mqtt_port)
        writer.write(connect_packet(username="T"))
        assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
        ports = (first.mqtt_port, first.http_port)
    assert await reader.read() == b""
    writer.close()
    async with StandIn(StandInConfig("127.0.0.1", *ports)) as second:
        assert (second.mqtt_port, second.http_port) == ports


def test_thousand_devices_are_connected_at_once() -> None:
    raise_file_limit()

    async def connect_all(port: int) -> int:
        async def connect(number: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(connect_packet(username=f"T{number}"))
            assert await reader.readexactly(4) == b"\x20\x02\x00\x00"
            return reader, writer

        pairs = await asyncio.gather(*(connect(number) for number in range(DEVICES)))
        for _, writer in pairs:
            writer.write(b"\xc0\x00")
        pongs = await asyncio.gather(*(reader.readexactly(2) for reader, _ in pairs))
        for _, writer in pairs:
            writer.close()
        return pongs.count(b"\xd0\x00")

    with StandInThread() as tb:
        for number in range(DEVICES):
            tb.create_device(f"d{number}", f"T{number}")
        assert asyncio.run(connect_all(tb.mqtt_port)) == DEVICES
        assert not tb.journal.events("connect", accepted=False)
