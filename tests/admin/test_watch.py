"""``tb.py device watch``."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from tbtools.admin import live
from tbtools.console import ToolError
from tbtools.server.model import Device
from tbtools.server.standin import StandIn
from tbtools.server.thread import StandInThread

from tests.admin.conftest import PASSWORD, Tb
from tests.admin.terminal import TB

NOON_MS = 1_700_000_000_000
PATIENCE_S = 30.0


@pytest.fixture
def kitchen(server: StandInThread) -> Device:
    """A device that has sent something."""
    device = server.create_device("kitchen")
    server.run(partial(_add, device, NOON_MS, {"humidity": 26, "on": True}))
    return device


def _add(device: Device, ts_ms: int, values: dict[str, Any], _: StandIn) -> None:
    device.add_samples(ts_ms, values)


@contextmanager
def _once_watched(server: StandInThread, device: Device, then: Callable[[], None]) -> Iterator[None]:
    """Do *then* as soon as somebody has subscribed to *device*."""

    def wait() -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            if server.run(lambda _: bool(device.watchers)):
                then()
                return
            time.sleep(0.01)

    thread = threading.Thread(target=wait)
    thread.start()
    yield
    thread.join()


@pytest.mark.parametrize("version", ["3.2", "3.6.4", "3.7", "4.3"])
def test_values_that_are_there_come_first_then_new_ones(
    tb: Tb, server: StandInThread, kitchen: Device, version: str
) -> None:
    server.settings.server_version = version
    new = partial(server.run, partial(_add, kitchen, NOON_MS + 1, {"humidity": 27.5, "on": False}))
    with _once_watched(server, kitchen, new):
        done = tb("device", "watch", "kitchen", "--count", "2", "--for", "30", "--json")
    assert done.code == 0
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"ts": NOON_MS, "key": "humidity", "value": "26"},
        {"ts": NOON_MS, "key": "on", "value": "true"},
        {"ts": NOON_MS + 1, "key": "humidity", "value": "27.5"},
        {"ts": NOON_MS + 1, "key": "on", "value": "false"},
    ]


def test_only_the_keys_asked_for_are_shown(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    new = partial(server.run, partial(_add, kitchen, NOON_MS + 1, {"humidity": 27, "on": False}))
    with _once_watched(server, kitchen, new):
        done = tb("device", "watch", "kitchen", "--key", "humidity", "--count", "1", "--for", "30")
    assert [line.partition("  ")[2] for line in done.stdout.splitlines()] == ["humidity = 26", "humidity = 27"]


@pytest.mark.usefixtures("kitchen")
def test_it_ends_when_the_time_is_over(tb: Tb) -> None:
    started = time.monotonic()
    done = tb("device", "watch", "kitchen", "--for", "0.3")
    assert done.code == 0
    assert len(done.stdout.splitlines()) == 2
    assert 0.3 <= time.monotonic() - started < PATIENCE_S


@pytest.mark.usefixtures("kitchen")
def test_values_that_do_not_come_in_time_are_an_error(tb: Tb) -> None:
    done = tb("device", "watch", "kitchen", "--for", "0.3", "--count", "1")
    assert done.code == 1
    assert "only 0 of 1 new values came within 0.3 s" in done.stderr


@contextmanager
def _watching(server: StandInThread) -> Iterator[subprocess.Popen[str]]:
    """``tb.py device watch kitchen`` in a process of its own, which has shown what is there."""
    with subprocess.Popen(
        [sys.executable, TB, "device", "watch", "kitchen"],
        env={**os.environ, "TB_URL": server.url, "TB_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job ignores it
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline().partition("  ")[2] for _ in range(2)] == ["humidity = 26\n", "on = true\n"]
        yield process


@pytest.mark.usefixtures("kitchen")
def test_ctrl_c_ends_it_well(server: StandInThread) -> None:
    with _watching(server) as process:
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE_S) == ("", "Watching kitchen; Ctrl-C ends it.\n")
    assert process.returncode == 0


def test_a_server_that_stops_is_told() -> None:
    with ExitStack() as outlasting:
        with StandInThread() as server:
            server.run(partial(_add, server.create_device("kitchen"), NOON_MS, {"humidity": 26, "on": True}))
            process = outlasting.enter_context(_watching(server))
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3
    assert "the server has closed the connection (1001)" in errors


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "no update"),
        ("[]", "no update"),
        ("[" * 100_000, "no update"),
        ('{"data":{"a":[[1]]}}', "no update"),
        ('{"data":{"a":[["x","1"]]}}', "no update"),
        ('{"subscriptionId":1,"errorCode":3,"errorMsg":"Unauthorized"}', "the server refuses: Unauthorized"),
    ],
)
def test_what_is_no_update_is_told(text: str, what: str) -> None:
    with pytest.raises(ToolError, match=what):
        live._samples(text)


def test_the_token_is_in_no_address_of_a_server_that_takes_it_in_a_message(server: StandInThread) -> None:
    for version, in_address in (("3.6.4", True), ("3.7", False)):
        server.settings.server_version = version
        subscription = live.Subscription("id", [], server.url, "TOKEN", "", server.settings.version)
        assert ("TOKEN" in subscription.opening()[0]) == in_address
        assert "TOKEN" not in repr(subscription)
