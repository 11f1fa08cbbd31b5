"""Hostile MQTT 5: it ends its own connection and nothing else (contract 1.1)."""

import random
from collections.abc import Callable

import pytest
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import USER_PROPERTY, Mqtt5Client, connect5_packet, publish5_packet, sized
from tests.server.mqtt_client import ATTRIBUTES, TELEMETRY, connect_packet, packet, text

Connect5 = Callable[..., Mqtt5Client]

PROPERTY_LISTS = [
    pytest.param(b"", id="no length"),
    pytest.param(b"\x80", id="length cut off"),
    pytest.param(b"\xff\xff\xff\xff\x01", id="length of five bytes"),
    pytest.param(b"\x80\x80\x80\x80", id="length that never ends"),
    pytest.param(b"\xff\xff\xff\x7f", id="length of a quarter gigabyte"),
    pytest.param(b"\x05\x11", id="list longer than the packet"),
    pytest.param(sized(b"\x00"), id="property 0"),
    pytest.param(sized(b"\x7f\x00"), id="unknown property"),
    pytest.param(sized(b"\x80\x80\x80\x80\x01\x00"), id="identifier of five bytes"),
    pytest.param(sized(b"\x81"), id="identifier cut off"),
    pytest.param(sized(b"\x11\x00"), id="four-byte value cut off"),
    pytest.param(sized(b"\x21\x00"), id="two-byte value cut off"),
    pytest.param(sized(b"\x01"), id="byte cut off"),
    pytest.param(sized(b"\x1f\xff\xffx"), id="string beyond the list"),
    pytest.param(sized(b"\x1f\x00"), id="length of a string cut off"),
    pytest.param(sized(b"\x26" + text("key")), id="user property without value"),
    pytest.param(sized(b"\x26" + text("key") + b"\x00\x09v"), id="user property beyond the list"),
    pytest.param(sized(b"\x0b\xff\xff\xff\xff\x7f"), id="subscription identifier of five bytes"),
    pytest.param(sized(USER_PROPERTY * 200)[:-1], id="many, the last one cut off"),
]


def alive(connect5: Connect5) -> None:
    """The server still serves others."""
    client = connect5()
    client.login(username="provision")
    client.ping()


@pytest.mark.parametrize("properties", PROPERTY_LISTS)
def test_connect_with_broken_properties_is_closed_without_a_word(connect5: Connect5, properties: bytes) -> None:
    client = connect5()
    client.send(packet(0x10, text("MQTT") + b"\x05\x02\x00\x3c" + properties))
    client.expect_closed()
    alive(connect5)


@pytest.mark.parametrize("properties", PROPERTY_LISTS)
@pytest.mark.parametrize(
    ("first", "head"),
    [
        pytest.param(0x32, text(TELEMETRY) + b"\x00\x01", id="PUBLISH"),
        pytest.param(0x82, b"\x00\x01", id="SUBSCRIBE"),
        pytest.param(0xA2, b"\x00\x01", id="UNSUBSCRIBE"),
    ],
)
def test_broken_properties_end_the_session(
    connect5: Connect5, device5: Mqtt5Client, first: int, head: bytes, properties: bytes
) -> None:
    device5.send(packet(first, head + properties))
    device5.expect_disconnect(0x81)
    alive(connect5)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(packet(0x40, b"\x00\x01\x10\x05"), id="PUBACK"),
        pytest.param(packet(0x40, b"\x00"), id="PUBACK without id"),
        pytest.param(packet(0x40, b"\x00\x01\x10\x00x"), id="PUBACK with bytes behind"),
        pytest.param(packet(0x62, b"\x00\x01\x00\x02\x7f\x00"), id="PUBREL"),
        pytest.param(packet(0xE0, b"\x00\x05\x11"), id="DISCONNECT"),
        pytest.param(packet(0xE0, b"\x00\x00\x00"), id="DISCONNECT with bytes behind"),
        pytest.param(packet(0xF0, b"\x18\xff"), id="AUTH"),
        pytest.param(packet(0xF2, b""), id="flags in AUTH"),
        pytest.param(packet(0x32, b"\x00"), id="PUBLISH of one byte"),
        pytest.param(packet(0x32, b""), id="PUBLISH of none"),
        pytest.param(packet(0x32, b"\xff\xff" + b"x" * 99), id="topic longer than the packet"),
        pytest.param(publish5_packet("a/#", b""), id="wildcard in a topic"),
        pytest.param(publish5_packet("a", b"", packet_id=0), id="packet id 0"),
        pytest.param(packet(0x82, b"\x00\x01\x00" + text(ATTRIBUTES) + b"\x03"), id="SUBSCRIBE with QoS 3"),
        pytest.param(packet(0x82, b"\x00\x01\x00" + text(ATTRIBUTES) + b"\x31"), id="retain handling 3"),
        pytest.param(packet(0x82, b"\x00\x01\x00" + text(ATTRIBUTES)), id="SUBSCRIBE without options"),
        pytest.param(packet(0x10, b""), id="second CONNECT, empty"),
        pytest.param(publish5_packet("a", b"", properties=USER_PROPERTY * 6_000), id="huge properties"),
        pytest.param(b"\x32\xff\xff\xff\x7f", id="a quarter gigabyte announced"),
    ],
)
def test_malformed_packet_ends_the_session_with_a_reason(connect5: Connect5, device5: Mqtt5Client, data: bytes) -> None:
    device5.send(data)
    device5.expect_disconnect(0x81)
    alive(connect5)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(connect_packet(level=5), id="CONNECT laid out as in 3.1.1"),
        pytest.param(connect_packet(level=6, properties=b"\x00"), id="a version to come"),
        pytest.param(connect_packet(name="MQIsdp", level=5, properties=b"\x00"), id="name of 3.1"),
        pytest.param(packet(0x10, connect5_packet()[2:-3]), id="CONNECT cut off"),
        pytest.param(packet(0x10, connect5_packet()[2:] + b"x"), id="CONNECT with more than it says"),
        pytest.param(packet(0x10, text("MQTT") + b"\x05\x03\x00\x3c\x00" + text("c")), id="reserved flag"),
        pytest.param(packet(0x10, text("MQTT") + b"\x05\x06\x00\x3c\x00" + text("c")), id="will left out"),
        pytest.param(
            packet(0x10, text("MQTT") + b"\x05\x06\x00\x3c\x00" + text("c") + b"\x02\x7f\x00" + text("t") + text("w")),
            id="unknown property of the will",
        ),
        pytest.param(connect5_packet(properties=USER_PROPERTY * 6_000), id="huge properties"),
        pytest.param(packet(0xF0, b""), id="AUTH before CONNECT"),
    ],
)
def test_undecodable_start_is_closed_without_connack(connect5: Connect5, data: bytes) -> None:
    client = connect5()
    client.send(data)
    client.expect_closed()
    alive(connect5)


def test_packets_of_3_1_1_in_a_session_of_mqtt_5_do_no_harm(connect5: Connect5, device5: Mqtt5Client) -> None:
    device5.send(packet(0x82, b"\x00\x01" + text(ATTRIBUTES) + b"\x01"))
    device5.expect_disconnect(0x81)
    alive(connect5)


def test_random_bytes_never_stop_the_server(tb: StandInThread, connect5: Connect5, token: str) -> None:
    dice = random.Random(5)
    good = connect5_packet(username=token, properties=USER_PROPERTY)
    good += publish5_packet(TELEMETRY, b"{}", properties=b"\x01\x01\x03" + text("json") + USER_PROPERTY)
    for _ in range(150):
        client = Mqtt5Client(tb.mqtt_port)
        data = bytearray(good)
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        client.send(bytes(data) + dice.randbytes(dice.randint(0, 40)))
        client.close()
    alive(connect5)
    assert not tb.journal.events("close", cause="internal error")
