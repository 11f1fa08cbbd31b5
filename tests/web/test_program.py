"""``tb.py server --web`` as a user runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import requests

TB = Path(__file__).resolve().parents[2] / "tools" / "tb.py"


def test_it_prints_the_address_of_the_page_and_ends_with_a_page_open() -> None:
    command = [sys.executable, str(TB), "server", "--web", "--mqtt-port", "0", "--http-port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    address = lines[1].removeprefix("page: ").strip()
    assert address.startswith("http://127.0.0.1:")
    assert "<h1>Stand-in ThingsBoard</h1>" in requests.get(address, timeout=5).text
    with requests.get(f"{address}web/events", stream=True, timeout=5) as events:
        told = events.iter_lines()
        assert next(told) == b"event: server"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
