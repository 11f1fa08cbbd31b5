"""``tb.py run``: what `make run` does once everything is built."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_embedded_idf import IdfApp
from tbtools.demo.real_server import parse_address
from tbtools.server.thread import StandInThread

TB = Path(__file__).resolve().parents[2] / "tools" / "tb.py"
PATIENCE_S = 20.0
KEY, SECRET, TOKEN = "the-key", "the-secret", "the-token"


@pytest.fixture
def server() -> Iterator[StandInThread]:
    """A ThingsBoard with a device profile that takes new devices."""
    with StandInThread() as standin:
        standin.create_profile("devices", KEY, SECRET)
        yield standin


def _command(firmware: IdfApp) -> list[str | Path]:
    return [sys.executable, TB, "run", "--firmware", Path(firmware.elf_file)]


def _environment(folder: Path, **settings: str) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "RUN_TIME": "1", **settings}


def _real(server: StandInThread, folder: Path, **settings: str) -> dict[str, str]:
    address = f"mqtt://127.0.0.1:{server.mqtt_port}"
    return _environment(folder, SERVER=address, KEY=KEY, SECRET=SECRET, DEVICE="kitchen", TOKEN=TOKEN, **settings)


def _run(firmware: IdfApp, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _command(firmware), cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_both_use_cases(firmware: IdfApp, tmp_path: Path) -> None:
    done = _run(firmware, tmp_path, _environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("What ThingsBoard now holds") == 2
    assert done.stdout.endswith("Both use cases: OK\n")
    assert list(tmp_path.iterdir()) == []


def test_a_firmware_that_fails_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, TB, "run", "--firmware", "/bin/false"],
        cwd=tmp_path,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "the firmware ended with status 1" in done.stdout
    assert done.stdout.endswith("Not all went well: see above\n")


def test_real_server_keeps_credentials_and_no_secret(firmware: IdfApp, server: StandInThread, tmp_path: Path) -> None:
    first, second = (_run(firmware, tmp_path, _real(server, tmp_path)) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stdout + second.stdout
    assert "TB_OUTCOME_PROVISIONED" in first.stdout
    assert "TB_OUTCOME_PROVISIONED" not in second.stdout
    assert "it will not provision again" in second.stdout
    assert _secrets_in(tmp_path) == []
    assert not any(secret in first.stdout + second.stdout for secret in (KEY, SECRET, TOKEN))


def test_real_server_needs_key_and_secret(firmware: IdfApp, server: StandInThread, tmp_path: Path) -> None:
    done = _run(firmware, tmp_path, _real(server, tmp_path) | {"SECRET": ""})
    assert done.returncode == 2
    assert "KEY and SECRET are needed" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_behind(
    number: signal.Signals, firmware: IdfApp, server: StandInThread, tmp_path: Path
) -> None:
    environment = _real(server, tmp_path, RUN_TIME="600")
    with subprocess.Popen(
        _command(firmware),
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # a shell's background job ignores SIGINT
    ) as run:
        assert run.stdout is not None
        assert any("TBCM_EVENT_PUBLISHED, msg_id=1" in line for line in run.stdout)
        run.send_signal(number)
        assert run.wait(PATIENCE_S) not in (0, 1, 2)
    _wait_for_no_connection(server)
    assert _secrets_in(tmp_path) == []


def _wait_for_no_connection(server: StandInThread) -> None:
    end = time.monotonic() + PATIENCE_S
    while server.run(lambda standin: standin.connections) > 0:
        assert time.monotonic() < end, "the firmware is still there"
        time.sleep(0.01)


def _secrets_in(folder: Path) -> list[Path]:
    settings = (path for path in folder.rglob("tb_cfg/*") if path.is_file())
    return [path for path in settings if path.read_text() in (KEY, SECRET, TOKEN)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mqtt://host", ("host", 1883)),
        ("mqtt://host:1884/", ("host", 1884)),
        ("mqtt://[::1]:1884", ("::1", 1884)),
    ],
)
def test_address(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "host",
        "host:1883",
        "mqtt://",
        "mqtts://host",
        "http://host",
        "mqtt://host:0",
        "mqtt://host:65536",
        "mqtt://host:port",
        "mqtt://user:password@host",
        "mqtt://host/topic",
        "mqtt://host?a=b",
        "mqtt://host#a",
        "mqtt://[::1",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="give mqtt://HOST or mqtt://HOST:PORT"):
        parse_address(text)
