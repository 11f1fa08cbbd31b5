"""ThingsBoard's own Python client against the stand-in: the outside witness that it is true."""

import contextlib
import sys
import time
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tbtools.rest import RestClient
from tbtools.server.model import Profile
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import ATTRIBUTES

if "mmh3" not in sys.modules:  # the client would install this package at import; it needs it for firmware only
    stub = types.ModuleType("mmh3")
    stub.hash = stub.hash128 = None  # type: ignore[attr-defined]
    sys.modules["mmh3"] = stub

from paho.mqtt.enums import MQTTProtocolVersion
from tb_device_mqtt import ProvisionClient, TBDeviceMqttClient

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@contextlib.contextmanager
def connected(tb: StandInThread, token: str) -> Iterator[TBDeviceMqttClient]:
    """The SDK's client in a device's session. It would speak MQTT 5; the stand-in does not, so it is told 3.1.1."""
    client = TBDeviceMqttClient("127.0.0.1", tb.mqtt_port, token)
    client._client._protocol, client._client._clean_session = MQTTProtocolVersion.MQTTv311, True
    client.connect()
    try:
        wait_for(client.is_connected)
        yield client
    finally:
        client.stop()
        client.disconnect()


@pytest.mark.parametrize("version", ["4.3", "3.8.1"])
def test_sdk_provisions_and_sends_telemetry(
    tb: StandInThread, rest: RestClient, name: str, profile: Profile, version: str
) -> None:
    tb.settings.server_version = version
    credentials = provision(tb, name, f"S{name}", token=f"T{name}", credentialsType="ACCESS_TOKEN")
    assert credentials == {"credentialsValue": f"T{name}", "credentialsType": "ACCESS_TOKEN", "status": "SUCCESS"}

    with connected(tb, f"T{name}") as client:
        assert client.send_telemetry({"temprature": 25, "humidity": 26}).get() == 0
    found = rest.find_device(name)
    assert found is not None
    assert found["type"] == profile.name
    assert rest.latest_telemetry(found["id"]["id"]) == {"temprature": 25, "humidity": 26}
    tb.journal.wait("close", mode="device", by="client", cause="DISCONNECT")


@pytest.mark.usefixtures("profile")
def test_sdk_is_told_of_a_wrong_secret(tb: StandInThread, name: str) -> None:
    assert provision(tb, name, "wrong") is None
    assert tb.journal.events("provision")[0]["status"] == "NOT_FOUND"


def test_sdk_requests_attributes_and_is_told_of_updates(
    tb: StandInThread, rest: RestClient, name: str, token: str
) -> None:
    found = rest.find_device(name)
    assert found is not None
    device_id, seen = found["id"]["id"], []
    rest.set_attributes(device_id, "SHARED_SCOPE", {"rate": 5})
    with connected(tb, token) as client:
        assert client.send_attributes({"fw": "v1"}).get() == 0
        client.request_attributes(["fw"], ["rate"], callback=lambda answer, *_: seen.append(answer))
        wait_for(lambda: len(seen) == 1)
        client.subscribe_to_attribute("rate", lambda update, *_: seen.append(update))
        tb.journal.wait("subscribe", filters=[ATTRIBUTES], codes=[1])
        rest.set_attributes(device_id, "SHARED_SCOPE", {"rate": 6})
        wait_for(lambda: len(seen) == 2)
    assert seen == [{"client": {"fw": "v1"}, "shared": {"rate": 5}}, {"rate": 6}]


def test_sdk_is_told_the_limits_of_its_session(tb: StandInThread, token: str) -> None:
    tb.settings.telemetry_message_rate_limit = "20:1,600:60"
    limits: list[Any] = []
    with connected(tb, token) as client:
        client.request_service_configuration(lambda _, answer, *__: limits.append(answer))
        wait_for(lambda: bool(limits))
    assert limits == [
        {
            "maxPayloadSize": 65_536,
            "maxInflightMessages": 100,
            "rateLimits": {"messages": None, "telemetryMessages": "20:1,600:60", "telemetryDataPoints": None},
        }
    ]


def provision(tb: StandInThread, name: str, secret: str, **fields: str) -> object:
    """Provision with the SDK; return the answer it keeps."""
    body = {"deviceName": name, "provisionDeviceKey": f"K{name}", "provisionDeviceSecret": secret, **fields}
    client = ProvisionClient("127.0.0.1", tb.mqtt_port, body)
    client.provision(timeout=5)
    return client.get_credentials()


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    """Wait until *condition* holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
