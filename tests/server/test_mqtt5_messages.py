"""A device's messages in MQTT 5: reasons instead of closes, and properties (contract 3.3, 5.2, 6.4, 8)."""

from collections.abc import Callable

import pytest
from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import TOPIC_ALIAS, USER_PROPERTY, Mqtt5Client, publish5_packet, sized
from tests.server.mqtt_client import ATTRIBUTES, TELEMETRY, packet, text

Connect5 = Callable[..., Mqtt5Client]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        (TELEMETRY, b'{"a":1}', 0x00),
        (TELEMETRY, b"{}", 0x00),
        (TELEMETRY, b"{bad", 0x99),
        (TELEMETRY, b'{"ts":1,"values":1}', 0x99),
        ("v2/t/p", b"\x00", 0x99),
        (ATTRIBUTES, b"[1]", 0x99),
        (f"{ATTRIBUTES}/request/x", b"{}", 0x99),
        ("v1/devices/me/claim", b"[]", 0x99),
        ("v1/devices/me/rpc/response/x", b"{}", 0x99),
        ("v1/devices/me/rpc/request/1", b"x[", 0x99),
        ("v1/devices/me/telemetri", b"{}", 0x90),
        ("", b"{}", 0x90),
    ],
)
def test_puback_tells_what_became_of_a_message(device5: Mqtt5Client, topic: str, payload: bytes, reason: int) -> None:
    device5.publish(topic, payload)
    assert device5.reason() == reason
    device5.ping()


def test_puback_is_as_short_as_in_3_1_1_when_all_is_well(device5: Mqtt5Client) -> None:
    device5.publish(TELEMETRY, b"{}")
    device5.publish(TELEMETRY, b"{bad")
    assert (device5.receive().body, device5.receive().body) == (b"\x00\x01", b"\x00\x02\x99\x00")


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TELEMETRY, b'{"ts":null,"values":{}}'),
        (TELEMETRY, b'{"ts":"x","values":{}}'),
        ("v1/devices/me/rpc/request/1", b"{}"),
        ("v1/devices/me/rpc/request/x", b'{"method":"m"}'),
        ("v2/fw/request/1/chunk/0", b"many"),
    ],
)
def test_error_that_thingsboard_does_not_catch_is_told_by_disconnect_alone(
    device5: Mqtt5Client, topic: str, payload: bytes, qos: int
) -> None:
    device5.publish(topic, payload, qos)
    device5.expect_disconnect(0x8B)


def test_invalid_telemetry_at_qos_0_ends_the_session(device5: Mqtt5Client) -> None:
    device5.publish(TELEMETRY, b"{bad", qos=0)
    device5.expect_disconnect(0x99)


def test_what_is_never_acknowledged_is_not_in_mqtt_5_either(device5: Mqtt5Client) -> None:
    device5.publish(TELEMETRY, b"[]")
    device5.publish("v1/gateway/telemetry", b"{}")
    device5.publish(TELEMETRY, b"{}", qos=0)
    device5.publish("v1/devices/me/telemetri", b"{}", qos=0)
    device5.ping()


def test_qos_2_is_answered_with_puback(device5: Mqtt5Client) -> None:
    assert device5.publish(TELEMETRY, b'{"a":1}', qos=2) == device5.puback()


def test_rate_limit_is_told_as_an_implementation_error(tb: StandInThread, device5: Mqtt5Client) -> None:
    tb.settings.telemetry_message_rate_limit = "1:60"
    device5.publish(TELEMETRY, b'{"a":1}')
    assert device5.reason() == 0
    device5.publish(TELEMETRY, b'{"a":1}')
    device5.expect_disconnect(0x83)


def test_message_over_the_limit_is_told_as_malformed(device5: Mqtt5Client) -> None:
    device5.publish(TELEMETRY, b"x" * 70_000)
    device5.expect_disconnect(0x81)


@pytest.mark.parametrize(("size", "text_"), [(b"65537", b"PAYLOAD_TOO_LARGE"), (b"4096", b"NOT_FOUND")])
def test_ota_error_precedes_its_disconnect(device5: Mqtt5Client, size: bytes, text_: bytes) -> None:
    device5.publish("v2/fw/request/1/chunk/0", size)
    error = device5.message()
    assert (error.topic, error.payload) == ("v2/fw/error", text_)
    device5.expect_disconnect(0x83)


def test_before_3_5_a_device_is_treated_as_in_3_1_1(tb: StandInThread, connect5: Connect5, token: str) -> None:
    tb.settings.server_version = "3.4"
    client = connect5()
    client.login(username=token)
    client.publish("v1/devices/me/telemetri", b"{}")
    assert client.reason() == 0
    client.subscribe("#")
    assert client.suback() == [0x80]
    client.unsubscribe("#")
    assert client.receive().body == b"\x00\x03"
    client.publish(TELEMETRY, b"{bad")
    client.expect_closed()


def test_filters_are_literal_and_have_reasons(device5: Mqtt5Client) -> None:
    device5.subscribe("#", "v2/fw/response/+", ATTRIBUTES, qos=2)
    assert device5.suback() == [0x8F, 0x8F, 1]
    device5.unsubscribe("#", ATTRIBUTES, ATTRIBUTES)
    assert device5.unsuback() == [0x11, 0x00, 0x11]


def test_profile_s_own_filter_cannot_be_unsubscribed(
    tb: StandInThread, connect5: Connect5, rest: RestClient, name: str
) -> None:
    transport = {"type": "MQTT", "deviceAttributesSubscribeTopic": "down/+"}
    body = {"name": name, "transportType": "MQTT", "profileData": {"transportConfiguration": transport}}
    found = tb.create_device(name, f"T{name}", tb.run(lambda standin: standin.store.save_profile(body)))
    client = connect5()
    client.login(username=f"T{name}")
    client.subscribe("down/x")
    assert client.suback() == [1]
    client.unsubscribe("down/x")
    assert client.unsuback() == [0x8F]
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 1})
    assert client.message().topic == ATTRIBUTES


@pytest.mark.parametrize("options", [0x00, 0x01, 0x04, 0x08, 0x10, 0x20, 0x2D])
def test_subscription_options_beside_qos_are_ignored(device5: Mqtt5Client, options: int) -> None:
    device5.subscribe(ATTRIBUTES, qos=options)
    assert device5.suback() == [options & 3]


def test_pushes_are_plain(tb: StandInThread, device5: Mqtt5Client, rest: RestClient, name: str) -> None:
    found = tb.device(name)
    assert found is not None
    device5.subscribe(ATTRIBUTES)
    assert device5.suback() == [1]
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 1})
    update = device5.message()
    assert (update.topic, update.qos, update.packet_id, update.payload) == (ATTRIBUTES, 1, 1, b'{"a":1}')
    device5.send(packet(0x40, b"\x00\x01\x10\x00"))
    device5.ping()


# -- properties


@pytest.mark.parametrize(
    "properties",
    [
        pytest.param(b"", id="none"),
        pytest.param(b"\x11\x00\x00\x00\x3c", id="session expiry interval"),
        pytest.param(b"\x21\x00\x0a\x22\x00\x05\x27\x00\x00\x04\x00", id="limits of the client"),
        pytest.param(b"\x15" + text("SCRAM") + b"\x16\x00\x03\x00\x01\x02", id="authentication"),
        pytest.param(b"\x19\x01\x17\x00" + USER_PROPERTY * 3, id="information and user properties"),
        pytest.param(USER_PROPERTY * 400, id="many"),
    ],
)
def test_properties_of_connect_are_ignored(connect5: Connect5, token: str, properties: bytes) -> None:
    client = connect5(username=token, client_id="mine", properties=properties)
    assert client.connack() == 0
    client.ping()


@pytest.mark.parametrize(
    "properties",
    [b"", b"\x18\x00\x00\x00\x05\x01\x01\x02\x00\x00\x00\x09" + b"\x03" + text("json"), USER_PROPERTY * 30],
)
def test_will_and_its_properties_are_ignored(connect5: Connect5, token: str, properties: bytes) -> None:
    will = sized(properties) + text("topic/of/will") + text("gone")
    body = text("MQTT") + bytes([5, 0x86, 0, 60]) + sized(USER_PROPERTY) + text("mine") + will + text(token)
    client = connect5()
    client.send(packet(0x10, body))
    assert client.connack() == 0
    client.ping()


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    "properties",
    [
        b"\x01\x01\x02\x00\x00\x00\x3c",
        b"\x08" + text("answer/here") + b"\x09" + text("correlation") + b"\x03" + text("application/json"),
        b"\x0b\x80\x80\x01\x0b\x05",
        USER_PROPERTY * 200,
        TOPIC_ALIAS,
    ],
    ids=range(5),
)
def test_properties_of_publish_are_not_payload(
    tb: StandInThread, device5: Mqtt5Client, name: str, properties: bytes, qos: int
) -> None:
    device5.publish(TELEMETRY, b'{"a":1}', qos, properties)
    if qos:
        assert device5.reason() == 0
    device5.ping()
    found = tb.device(name)
    assert found is not None
    assert set(found.telemetry) == {"a"}


def test_topic_alias_is_not_resolved(device5: Mqtt5Client) -> None:
    device5.publish(TELEMETRY, b'{"a":1}', properties=TOPIC_ALIAS)
    assert device5.reason() == 0
    device5.publish("", b'{"a":1}', properties=TOPIC_ALIAS)
    assert device5.reason() == 0x90


def test_properties_of_other_packets_are_ignored(device5: Mqtt5Client) -> None:
    device5.subscribe(ATTRIBUTES, properties=b"\x0b\x07" + USER_PROPERTY)
    assert device5.suback() == [1]
    device5.unsubscribe(ATTRIBUTES, properties=USER_PROPERTY)
    assert device5.unsuback() == [0]
    for kind in (0x40, 0x50, 0x62, 0x70):
        for tail in (b"", b"\x10", b"\x10\x00", b"\x92" + sized(b"\x1f" + text("why") + USER_PROPERTY)):
            device5.send(packet(kind, b"\x00\x09" + tail))
    for body in (b"", b"\x19", b"\x18" + sized(b"\x15" + text("SCRAM"))):
        device5.send(packet(0xF0, body))
    device5.ping()


def test_bytes_one_by_one_are_put_together(device5: Mqtt5Client) -> None:
    for byte in publish5_packet(TELEMETRY, b"{}", properties=USER_PROPERTY * 5):
        device5.send(bytes([byte]))
    assert device5.reason() == 0
