"""``tb.py device``: status, telemetry, attributes."""

import time
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from tbtools.server.model import Device, Scope
from tbtools.server.standin import StandIn
from tbtools.server.thread import StandInThread

from tests.admin.conftest import Tb

NOON_MS = 1_700_000_000_000
NOON = datetime.fromtimestamp(NOON_MS / 1000).isoformat(" ", "seconds")


@pytest.fixture
def kitchen(server: StandInThread) -> Device:
    """A device that has sent nothing yet."""
    return server.create_device("kitchen")


def _add(device: Device, ts_ms: int, values: dict[str, Any], _: StandIn) -> None:
    device.add_samples(ts_ms, values)


def _set(device: Device, scope: Scope, values: dict[str, Any], _: StandIn) -> None:
    device.set_attributes(scope, values)


def test_status_of_a_device_that_is_new(tb: Tb, kitchen: Device) -> None:
    status = tb.json("device", "status", "kitchen")
    assert status == {
        "name": "kitchen",
        "id": kitchen.id,
        "profile": "default",
        "created": kitchen.created_ms,
        "provisioned": False,
        "credentials_type": "ACCESS_TOKEN",
        "active": False,
        "last_activity": None,
        "last_connect": None,
        "last_disconnect": None,
        "telemetry": {},
    }
    shown = tb("device", "status", "kitchen").stdout
    assert "no telemetry yet" in shown
    assert kitchen.credentials.lookup_id not in shown


def test_status_of_a_device_at_work(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    state = {
        "active": True,
        "lastActivityTime": NOON_MS,
        "lastConnectTime": NOON_MS - 1,
        "provisionState": "provisioned",
    }
    server.run(partial(_set, kitchen, Scope.SERVER_SCOPE, state))
    server.run(partial(_add, kitchen, NOON_MS, {"temprature": 25.5, "on": False}))
    status = tb.json("device", "status", "kitchen")
    assert (status["provisioned"], status["active"]) == (True, True)
    assert (status["last_activity"], status["last_connect"]) == (NOON_MS, NOON_MS - 1)
    assert status["telemetry"]["temprature"] == {"ts": NOON_MS, "value": 25.5}
    shown = tb("device", "status", "kitchen").stdout
    assert all(text in shown for text in ("true", NOON, "temprature", "25.5", "false"))


def test_status_is_found_where_the_server_keeps_it_as_telemetry(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    server.run(lambda _: kitchen.attributes[Scope.SERVER_SCOPE].clear())
    server.run(partial(_add, kitchen, NOON_MS, {"active": True, "lastActivityTime": NOON_MS}))
    status = tb.json("device", "status", "kitchen")
    assert (status["active"], status["last_activity"]) == (True, NOON_MS)


def test_latest_telemetry(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    assert tb("device", "telemetry", "kitchen").stdout == "no telemetry\n"
    server.run(partial(_add, kitchen, NOON_MS - 1, {"a": 1, "b": "x"}))
    server.run(partial(_add, kitchen, NOON_MS, {"a": 2.5}))
    assert tb.json("device", "telemetry", "kitchen") == {
        "a": [{"ts": NOON_MS, "value": 2.5}],
        "b": [{"ts": NOON_MS - 1, "value": "x"}],
    }
    assert tb.json("device", "telemetry", "kitchen", "--key", "a", "--key", "none") == {
        "a": [{"ts": NOON_MS, "value": 2.5}]
    }
    shown = tb("device", "telemetry", "kitchen").stdout
    assert all(text in shown for text in (NOON, "2.5", "x"))


def test_telemetry_since_some_time(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    assert tb.json("device", "telemetry", "kitchen", "--since", "1h") == {}
    now_ms = int(time.time() * 1000)
    for age_s, value in ((3700, 0), (3500, 1), (60, 2), (0, 3)):
        server.run(partial(_add, kitchen, now_ms - age_s * 1000, {"a": value, "b": value}))

    def values(*options: str) -> dict[str, list[int]]:
        found = tb.json("device", "telemetry", "kitchen", *options)
        return {key: [row["value"] for row in rows] for key, rows in found.items()}

    assert values("--since", "1h") == {"a": [3, 2, 1], "b": [3, 2, 1]}
    assert values("--since", "90s", "--key", "a") == {"a": [3, 2]}
    assert values("--since", "2h", "--key", "a", "--limit", "2") == {"a": [3, 2]}
    shown = tb("device", "telemetry", "kitchen", "--since", "2h", "--limit", "2").stdout
    assert "There may be more of a, b: give --limit." in shown
    assert "There may be more" not in tb("device", "telemetry", "kitchen", "--since", "2h").stdout


@pytest.mark.parametrize("since", ["", "1", "h", "-1h", "1.5h", "1 h", "1y", "0s", "9999999999d"])
def test_a_time_that_is_none(tb: Tb, since: str) -> None:
    done = tb("device", "telemetry", "kitchen", "--since", since)
    assert (done.code, done.stdout) == (2, "")
    assert "90s, 30m, 1h or 7d" in done.stderr


def test_attributes(tb: Tb, server: StandInThread, kitchen: Device) -> None:
    server.run(partial(_set, kitchen, Scope.CLIENT_SCOPE, {"fw": "1.0"}))
    server.run(partial(_set, kitchen, Scope.SHARED_SCOPE, {"rate": 5, "on": True}))
    assert tb.json("device", "attributes", "kitchen") == {
        "client": {"fw": "1.0"},
        "shared": {"rate": 5, "on": True},
        "server": {"active": False},
    }
    assert tb.json("device", "attributes", "kitchen", "--scope", "shared", "--key", "rate") == {"shared": {"rate": 5}}
    shown = tb("device", "attributes", "kitchen").stdout
    assert all(text in shown for text in ("client", "1.0", "shared", "true", "server", "false"))
    assert tb("device", "attributes", "kitchen", "--key", "none").stdout == "no attributes\n"
    wrong = tb("device", "attributes", "kitchen", "--scope", "secret")
    assert wrong.code == 2
    assert "client, shared, server or all" in wrong.stderr
