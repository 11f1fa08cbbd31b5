"""The server attributes that tell whether a device is at work (contract 1.6)."""

import time
from collections.abc import Callable

import pytest
import requests
from tbtools.server.model import Device, Scope
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import TELEMETRY, RawClient

PATIENCE_S = 5.0


@pytest.fixture
def attributes(tb: StandInThread, name: str, token: str) -> Callable[[], dict[str, object]]:
    """Read the server attributes of the device called <name>."""
    assert token
    device = tb.device(name)
    assert device is not None
    return lambda: tb.run(lambda _: _server_attributes(device))


def _server_attributes(device: Device) -> dict[str, object]:
    return {key: attribute.value for key, attribute in device.attributes[Scope.SERVER_SCOPE].items()}


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_a_new_device_is_inactive(attributes: Callable[[], dict[str, object]]) -> None:
    assert attributes() == {"active": False}


def test_a_connected_device_is_active_and_stays_so_after_its_session(
    tb: StandInThread, connect: Callable[..., RawClient], token: str, attributes: Callable[[], dict[str, object]]
) -> None:
    before_ms = int(time.time() * 1000)
    client = connect()
    client.login(username=token)
    connected = attributes()
    assert set(connected) == {"active", "lastConnectTime", "lastActivityTime"}
    assert connected["active"] is True
    client.publish(TELEMETRY, b'{"a":1}')
    client.puback()
    client.close()
    tb.journal.wait("session_end")
    _wait_for(lambda: "lastDisconnectTime" in attributes())
    after = attributes()
    assert after["active"] is True
    times = [after[key] for key in ("lastConnectTime", "lastActivityTime", "lastDisconnectTime")]
    assert all(isinstance(each, int) for each in times)
    assert [before_ms, *times] == sorted([before_ms, *times], key=lambda each: int(str(each)))


def test_a_device_that_was_replaced_is_not_disconnected(
    tb: StandInThread, connect: Callable[..., RawClient], token: str, attributes: Callable[[], dict[str, object]]
) -> None:
    for _ in range(2):
        connect().login(username=token)
    tb.journal.wait("session_end")
    assert "lastDisconnectTime" not in attributes()


def test_a_silent_device_becomes_inactive(
    tb: StandInThread, token: str, attributes: Callable[[], dict[str, object]]
) -> None:
    response = requests.post(f"{tb.url}/api/v1/{token}/telemetry", json={"a": 1}, timeout=5)
    assert response.ok
    assert attributes()["active"] is True
    tb.settings.device_inactivity_s = 0.001
    tb.settings.inactivity_check_s = 0.01
    _wait_for(lambda: attributes()["active"] is False)
    assert "inactivityAlarmTime" in attributes()
