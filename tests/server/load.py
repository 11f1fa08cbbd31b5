"""How much the stand-in carries: ``python tests/server/load.py``. Prints a table; --json FILE writes JSON.

The server runs in a process of its own, the clients here: two cores are enough for both.
"""

import asyncio
import json
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"
sys.path[:0] = [str(ROOT), str(TOOLS)]

from tbtools.figures import Figure, show, write_json  # noqa: E402
from tbtools.rest import RestClient  # noqa: E402
from tbtools.server.files import raise_file_limit  # noqa: E402

from tests.server.mqtt_client import TELEMETRY, connect_packet, publish_packet  # noqa: E402
from tests.server.provisioning import REQUEST  # noqa: E402

PUBACK_BYTES = CONNACK_BYTES = 4
START_TIMEOUT_S = 10.0
TITLE = "Load on the stand-in ThingsBoard"
COMMAND = "python tests/server/load.py"
KEY, SECRET = "load-key", "load-secret"


async def provision(port: int, name: str) -> None:
    """Connect, provision with a token that is the name, disconnect."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = {"deviceName": name, "provisionDeviceKey": KEY, "provisionDeviceSecret": SECRET, "token": name}
    writer.write(connect_packet(client_id=name, username="provision"))
    writer.write(publish_packet(REQUEST, json.dumps(body).encode()))
    await reader.readexactly(CONNACK_BYTES + PUBACK_BYTES)
    answer = await reader.readuntil(b"}")
    if b'"SUCCESS"' not in answer:
        raise RuntimeError(f"provisioning {name} failed")
    writer.write(b"\xe0\x00")
    writer.close()
    await writer.wait_closed()


class Device:
    """A connected device."""

    def __init__(self, port: int, name: str) -> None:
        self._port = port
        self._name = name
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter

    async def connect(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writer.write(connect_packet(client_id=self._name, username=self._name))
        if await self._reader.readexactly(CONNACK_BYTES) != b"\x20\x02\x00\x00":
            raise RuntimeError(f"{self._name} was refused")

    async def send(self, messages: int) -> None:
        """Telemetry and its acknowledgement, *messages* times."""
        for _ in range(messages):
            self._writer.write(publish_packet(TELEMETRY, b'{"temprature":25,"humidity":26}'))
            await self._reader.readexactly(PUBACK_BYTES)

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()


async def measure(what: str, jobs: Sequence[Callable[[], Awaitable[None]]], at_once: int, each: int = 1) -> Figure:
    """Do all *jobs*, *at_once* of them side by side, each of which counts for *each*; return how many a second."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    seconds = time.perf_counter() - started
    count = len(jobs) * each
    return Figure(what, count / seconds, "1/s", COMMAND, note=f"{count} in {seconds:.2f} s")


async def run(port: int, devices: int, messages: int, at_once: int) -> list[Figure]:
    """Provision *devices*, connect them all and keep them, and let each send *messages*."""
    names = [f"load-{number}" for number in range(devices)]
    connected = [Device(port, name) for name in names]
    return [
        await measure("devices provisioned", [partial(provision, port, name) for name in names], at_once),
        await measure("devices connected, all kept", [device.connect for device in connected], at_once),
        await measure("telemetry acknowledged", [partial(d.send, messages) for d in connected], devices, messages),
        await measure("devices disconnected", [device.close for device in connected], at_once),
    ]


def start_server(port_file: Path) -> tuple[subprocess.Popen[bytes], dict[str, int]]:
    """Start ``tb.py server`` and wait for its ports."""
    command = [sys.executable, str(TOOLS / "tb.py"), "server", "--mqtt-port", "0", "--http-port", "0"]
    process = subprocess.Popen([*command, "--port-file", str(port_file)], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + START_TIMEOUT_S
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    return process, json.loads(port_file.read_text())


def main(
    devices: Annotated[int, typer.Option(min=1, help="How many devices.")] = 1000,
    messages: Annotated[int, typer.Option(min=1, help="Telemetry messages of each device.")] = 10,
    at_once: Annotated[int, typer.Option(min=1, help="How many provision or connect side by side.")] = 50,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here, too.")] = None,
) -> None:
    """Measure provisioning, connecting and telemetry."""
    raise_file_limit()
    with tempfile.TemporaryDirectory() as folder:
        process, ports = start_server(Path(folder) / "ports.json")
        try:
            with RestClient(f"http://127.0.0.1:{ports['http_port']}") as rest:
                rest.login()
                rest.save_profile("load", "ALLOW_CREATE_NEW_DEVICES", KEY, SECRET)
            figures = asyncio.run(run(ports["mqtt_port"], devices, messages, at_once))
        finally:
            process.terminate()
            process.wait()
    show(TITLE, figures)
    if json_file is not None:
        write_json(json_file, TITLE, figures, {"python": platform.python_version()})


if __name__ == "__main__":
    typer.run(main)
