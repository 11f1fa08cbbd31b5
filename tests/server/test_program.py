"""``tb.py server`` as a user runs it, and the server inside an event loop."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
import typer
from tbtools.server.cli import register
from tbtools.server.files import raise_file_limit
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.thread import StandInThread
from typer.testing import CliRunner, Result

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
    deadline = time.monotonic() + 10
    while not port_file.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    ports = json.loads(port_file.read_text())
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


@pytest.fixture(scope="module")
def run() -> Callable[..., Result]:
    """Run ``tb.py server`` with options that make it end at once."""
    app = typer.Typer()
    register(app)
    return lambda *options: CliRunner().invoke(app, options, env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.mark.parametrize("option", ["--mqtt-port", "--http-port"])
def test_port_in_use_is_said_plainly(run: Callable[..., Result], option: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        other = "--http-port" if option == "--mqtt-port" else "--mqtt-port"
        result = run(option, str(taken.getsockname()[1]), other, "0")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "a port is in use" in result.stderr


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
