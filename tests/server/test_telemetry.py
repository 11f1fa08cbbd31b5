"""Telemetry and attributes: what is stored, and what is answered (contract 3 and 4)."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from tbtools.rest import RestClient
from tbtools.server.model import Device
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import ATTRIBUTES, TELEMETRY, RawClient

Connect = Callable[..., RawClient]


def stored(tb: StandInThread, name: str) -> dict[str, Any]:
    """The latest value of each key of device <name>."""
    device = tb.device(name)
    assert device is not None
    latest = {key: device.latest(key) for key in device.telemetry}
    return {key: sample[1] for key, sample in latest.items() if sample}


@pytest.mark.parametrize(
    ("payload", "values"),
    [
        ('{"a":1,"b":-2}', {"a": 1, "b": -2}),
        ('{"a":25.0}', {"a": 25.0}),
        ('{"a":1e3}', {"a": 1000}),
        ('{"a":1.5e1}', {"a": 15}),
        ('{"a":true,"b":"text","c":null}', {"a": True, "b": "text"}),
        ('{"a":{"x":[1,2.5,null]}}', {"a": {"x": [1, 2.5, None]}}),
        ('{"a":"007","b":"-1.5","c":"1.10","d":".5"}', {"a": 7, "b": -1.5, "c": 1.1, "d": 0.5}),
        ('{"a":"1e5","b":"1.2.3","c":"v1.10","d":"0x1F","e":"+1","f":"1."}',
         {"a": "1e5", "b": "1.2.3", "c": "v1.10", "d": "0x1F", "e": "+1", "f": "1."}),
        ('{"a":9223372036854775807,"b":9223372036854775808}', {"a": 2**63 - 1, "b": "9223372036854775808"}),
        ('{"a":0.12345678901234567}', {"a": "0.12345678901234567"}),
        ('{"a":1e999999999,"b":1e-999999999}', {"a": "1e999999999", "b": "1e-999999999"}),
        ("{a:1,'b':'x',c:NaN}", {"a": 1, "b": "x", "c": "NaN"}),
        ("{a=1;b=>2}", {"a": 1, "b": 2}),
        ('/* note */ {"a":1} // end', {"a": 1}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"ts":5}', {"ts": 5}),
        ('[{"a":1},{"ts":5,"values":{"b":2}}]', {"a": 1, "b": 2}),
        ("{}", {}),
        ('{"a":null}', {}),
        ('{" ":1,"a":2}', {}),
        ('{"a":1,"<script>":2}', {}),
        (json.dumps({"k" * 255: 1}), {"k" * 255: 1}),
        (json.dumps({"k" * 256: 1}), {}),
    ],
)  # fmt: skip
def test_valid_telemetry_is_acknowledged_and_stored_typed(
    tb: StandInThread, device: RawClient, name: str, payload: str, values: dict[str, Any]
) -> None:
    device.publish(TELEMETRY, payload.encode())
    device.puback()
    got = stored(tb, name)
    assert got == values
    assert {key: type(value) for key, value in got.items()} == {key: type(value) for key, value in values.items()}


@pytest.mark.parametrize(
    "payload",
    ["", "1", "null", '"text"', "{", "{}x", "[[]]", "[1]", '[{"a":1},2]', '{"ts":1,"values":1}',
     '{"ts":null,"values":{}}', '{"ts":"x","values":{}}', '{"a":1,}', '{"a":"\\q"}', "[" * 9000],
)  # fmt: skip
@pytest.mark.parametrize("qos", [0, 1])
def test_invalid_telemetry_is_closed_without_puback(
    tb: StandInThread, device: RawClient, name: str, payload: str, qos: int
) -> None:
    device.publish(TELEMETRY, payload.encode(), qos)
    device.expect_closed()
    assert stored(tb, name) == {}


def test_time_of_the_sample_is_taken_as_it_comes(tb: StandInThread, device: RawClient, name: str) -> None:
    device.publish(TELEMETRY, b'[{"ts":1700000000,"values":{"a":1}},{"ts":"1600000000000","values":{"a":2}}]')
    device.puback()
    got = tb.device(name)
    assert got is not None
    assert got.telemetry == {"a": {1700000000: 1, 1600000000000: 2}}


def test_qos_0_is_stored_and_not_acknowledged(tb: StandInThread, device: RawClient, name: str) -> None:
    device.publish(TELEMETRY, b'{"a":1}', qos=0)
    device.ping()
    assert stored(tb, name) == {"a": 1}


def test_qos_2_is_answered_with_puback(tb: StandInThread, device: RawClient, name: str) -> None:
    assert device.publish(TELEMETRY, b'{"a":1}', qos=2) == device.puback()
    assert stored(tb, name) == {"a": 1}


@pytest.mark.parametrize("topic", ["v2/t", "v2/t/j"])
def test_short_topics_are_known_since_3_3_2(tb: StandInThread, device: RawClient, name: str, topic: str) -> None:
    tb.settings.server_version = "3.3"
    device.publish(topic, b'{"old":1}')
    device.puback()
    tb.settings.server_version = "3.3.2"
    device.publish(topic, b'{"new":1}')
    device.puback()
    assert stored(tb, name) == {"new": 1}


def test_gateway_topic_of_a_device_is_swallowed(device: RawClient) -> None:
    device.publish("v1/gateway/telemetry", b"{}")
    device.expect_silence()
    device.ping()


def test_gateway_topic_of_a_gateway_is_acknowledged(tb: StandInThread, device: RawClient, name: str) -> None:
    found = tb.device(name)
    assert found is not None
    found.document["additionalInfo"] = {"gateway": True}
    assert device.publish("v1/gateway/telemetry", b"{}") == device.puback()


def test_profile_may_move_the_topics_and_acknowledge_invalid_data(
    tb: StandInThread, connect: Connect, name: str
) -> None:
    transport = {
        "type": "MQTT",
        "deviceTelemetryTopic": "up/+/t",
        "deviceAttributesTopic": "up/#",
        "sendAckOnValidationException": True,
    }
    body = {"name": name, "transportType": "MQTT", "profileData": {"transportConfiguration": transport}}
    profile = tb.run(lambda standin: standin.store.save_profile(body))
    tb.create_device(name, f"T{name}", profile)
    client = connect()
    client.login(username=f"T{name}")
    for topic, payload in (("up/x/t", b'{"a":1}'), (TELEMETRY, b'{"b":1}'), ("up", b"invalid")):
        assert client.publish(topic, payload) == client.puback()
    assert stored(tb, name) == {}
    profile.document["profileData"]["transportConfiguration"]["deviceAttributesTopic"] = "a"
    client.publish("up/x/t", b'{"c":1}')
    client.puback()
    assert stored(tb, name) == {"c": 1}
    client.publish("up/x/t", b'{"ts":null,"values":{}}')
    client.expect_closed()


def test_type_cast_and_string_limit_are_settings(tb: StandInThread, device: RawClient, name: str) -> None:
    tb.settings.type_cast = False
    tb.settings.max_string_value_length = 3
    device.publish(TELEMETRY, b'{"a":"007"}')
    device.puback()
    assert stored(tb, name) == {"a": "007"}
    device.publish(TELEMETRY, b'{"a":"0007"}')
    device.expect_closed()


def test_client_attributes_are_stored_and_requested(
    tb: StandInThread, device: RawClient, rest: RestClient, name: str
) -> None:
    found = tb.device(name)
    assert found is not None
    rest.set_attributes(found.id, "SHARED_SCOPE", {"s": "0123", "t": 1})
    device.publish(ATTRIBUTES, b'{"c":1.0,"d":null}')
    device.puback()
    expected = {
        b"{}": {"client": {"c": 1.0}, "shared": {"s": 123, "t": 1}},
        b'{"sharedKeys":"s,x"}': {"shared": {"s": 123}},
        b'{"clientKeys":"c","sharedKeys":" s"}': {"client": {"c": 1.0}},
    }
    for body, values in expected.items():
        device.publish(f"{ATTRIBUTES}/request/3", body)
        device.puback()
        assert json.loads(device.message().payload) == values
    assert rest.attributes(found.id, "CLIENT_SCOPE") == {"c": 1.0}


@pytest.mark.parametrize(
    ("request_topic", "response_topic"),
    [("v2/a/req/1", "v2/a/res/1"), ("v2/a/req/j/1", "v2/a/res/j/1")],
)
def test_response_comes_on_the_request_s_family(device: RawClient, request_topic: str, response_topic: str) -> None:
    device.publish(request_topic, b"{}")
    device.puback()
    assert device.message().topic == response_topic


def test_negative_request_id_is_never_answered(device: RawClient) -> None:
    device.publish(f"{ATTRIBUTES}/request/-1", b"{}")
    device.puback()
    device.expect_silence()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [("request/x", b"{}"), ("request/99999999999", b"{}"), ("request/1", b""), ("request/1", b'{"clientKeys":[1,2]}')],
)
def test_bad_attribute_request_is_closed(device: RawClient, topic: str, payload: bytes) -> None:
    device.publish(f"{ATTRIBUTES}/{topic}", payload)
    device.expect_closed()


@pytest.mark.parametrize(("topic", "qos"), [(ATTRIBUTES, 0), (ATTRIBUTES, 1), ("v2/a/j", 1)])
def test_shared_attributes_are_pushed_to_a_subscriber(
    tb: StandInThread, device: RawClient, rest: RestClient, name: str, topic: str, qos: int
) -> None:
    found = tb.device(name)
    assert isinstance(found, Device)
    rest.set_attributes(found.id, "SHARED_SCOPE", {"unseen": 1})
    device.subscribe(topic, qos=qos)
    assert device.suback() == [qos]
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 1, "b": "x"})
    rest.set_attributes(found.id, "SERVER_SCOPE", {"hidden": 1})
    rest.delete_attributes(found.id, "SHARED_SCOPE", ["a", "never"])
    update, deletion = device.message(), device.message()
    assert (update.topic, update.qos, update.payload) == (topic, qos, b'{"a":1,"b":"x"}')
    assert deletion.payload == b'{"deleted":["a","never"]}'
    device.unsubscribe(topic)
    assert device.receive().kind == 11
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 2})
    device.ping()


def test_http_twin_stores_telemetry(tb: StandInThread, name: str, token: str) -> None:
    def post(token: str, body: str) -> int:
        return requests.post(f"{tb.url}/api/v1/{token}/telemetry", data=body, timeout=5).status_code

    assert (post(token, '{"a":"1"}'), post(token, "[1]"), post("unknown", "{}")) == (200, 400, 401)
    assert post(token, '{"ts":null,"values":{}}') == 400
    assert stored(tb, name) == {"a": 1}
