"""ThingsBoard's own Python client against the stand-in: the outside witness that it is true."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from tb_device_mqtt import ProvisionClient, TBDeviceMqttClient
from tbtools.rest import RestClient
from tbtools.server.model import Profile
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import ATTRIBUTES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@contextlib.contextmanager
def connected(tb: StandInThread, token: str, level: int = 5) -> Iterator[TBDeviceMqttClient]:
    """The SDK's client in a device's session. It speaks MQTT 5, unless its innermost client is told another level."""
    client = TBDeviceMqttClient("127.0.0.1", tb.mqtt_port, token)
    if level != MQTTProtocolVersion.MQTTv5:
        client._client._protocol, client._client._clean_session = MQTTProtocolVersion(level), True
    client.connect()
    try:
        wait_for(client.is_connected)
        assert tb.journal.wait("connect", mode="device")["level"] == level
        yield client
    finally:
        client.stop()
        client.disconnect()


@pytest.mark.parametrize(("version", "level"), [("4.3", 5), ("4.3", 4), ("3.8.1", 5)])
def test_sdk_provisions_and_sends_telemetry(
    tb: StandInThread, rest: RestClient, name: str, profile: Profile, version: str, level: int
) -> None:
    tb.settings.server_version = version
    credentials = provision(tb, name, f"S{name}", token=f"T{name}", credentialsType="ACCESS_TOKEN")
    assert credentials == {"credentialsValue": f"T{name}", "credentialsType": "ACCESS_TOKEN", "status": "SUCCESS"}

    with connected(tb, f"T{name}", level) as client:
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


def test_sdk_is_told_that_its_data_is_invalid_and_stays_connected(tb: StandInThread, token: str) -> None:
    told: list[int] = []
    with connected(tb, token) as client:
        client._client.on_publish = lambda _, __, ___, reason, ____: told.append(reason.value)
        client._client.publish("v1/devices/me/telemetry", b"{bad", qos=1)
        client._client.publish("v1/devices/me/telemetri", b"{}", qos=1)
        wait_for(lambda: len(told) == 2)
        assert client.is_connected()
    assert told == [0x99, 0x90]


def test_sdk_knows_that_the_server_disconnected_it(tb: StandInThread, rest: RestClient, name: str, token: str) -> None:
    """That DISCONNECT has come is all that can be asserted: paho reads its reason only if properties follow."""
    told: list[bool] = []
    found = rest.find_device(name)
    assert found is not None
    with connected(tb, token) as client:
        client._client.on_disconnect = lambda _, __, flags, *___: told.append(flags.is_disconnect_packet_from_server)
        assert (
            client.send_attributes({"fw": "v1"}).get() == 0
        )  # what is unread when a server closes resets the connection
        rest.delete_device(found["id"]["id"])
        wait_for(lambda: bool(told))
    assert told[0]


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
