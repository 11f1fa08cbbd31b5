"""Whatever comes over the network, the server closes that connection and goes on (contract 1.1)."""

import contextlib
import random
from collections.abc import Callable

import pytest
from tbtools.server.model import Device, Scope
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import TELEMETRY, RawClient, connect_packet, packet, publish_packet, text

Connect = Callable[..., RawClient]

GOOD_CONNECT = connect_packet(username="provision")


def alive(connect: Connect) -> None:
    """The server still serves others."""
    client = connect()
    client.login(username="provision")
    client.ping()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\x00\x00", id="packet type 0"),
        pytest.param(b"\xf0\x00", id="packet type 15"),
        pytest.param(b"\x10\xff\xff\xff\xff\x01", id="remaining length of five bytes"),
        pytest.param(b"\x10\xff\xff\x7f", id="two megabytes announced"),
        pytest.param(b"\x11" + GOOD_CONNECT[1:], id="flags in CONNECT"),
        pytest.param(packet(0x10, b""), id="empty CONNECT"),
        pytest.param(packet(0x10, GOOD_CONNECT[2:-3]), id="CONNECT cut off"),
        pytest.param(packet(0x10, GOOD_CONNECT[2:] + b"x"), id="CONNECT with more than it says"),
        pytest.param(connect_packet(level=6), id="a version to come"),
        pytest.param(connect_packet(level=3), id="name of 3.1.1 with level of 3.1"),
        pytest.param(connect_packet(name="XXXX"), id="another protocol"),
        pytest.param(connect_packet(name="MQIsdp", level=3, client_id=""), id="MQTT 3.1 without client id"),
        pytest.param(connect_packet(name="MQIsdp", level=3, client_id="c" * 24), id="MQTT 3.1 with long client id"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", id="HTTP"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600), id="TLS"),
    ],
)
def test_undecodable_start_is_closed_without_connack(connect: Connect, data: bytes) -> None:
    client = connect()
    client.send(data)
    client.expect_closed()
    alive(connect)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(publish_packet("a/#", b""), id="wildcard in a topic"),
        pytest.param(publish_packet("a/+/b", b""), id="other wildcard in a topic"),
        pytest.param(publish_packet("a", b"", packet_id=0), id="packet id 0"),
        pytest.param(publish_packet("a", b"", qos=3), id="QoS 3"),
        pytest.param(packet(0x32, b"\x00\x09short"), id="topic longer than the packet"),
        pytest.param(packet(0x32, text("a")), id="no packet id"),
        pytest.param(packet(0x80, b"\x00\x01" + text("a") + b"\x00"), id="SUBSCRIBE without its flags"),
        pytest.param(packet(0x82, b"\x00\x01" + text("a") + b"\x03"), id="SUBSCRIBE with QoS 3"),
        pytest.param(packet(0x82, b"\x00\x00" + text("a") + b"\x01"), id="SUBSCRIBE with packet id 0"),
        pytest.param(packet(0x82, b"\x00\x01" + text("a")), id="SUBSCRIBE without QoS"),
        pytest.param(packet(0xC0, b"x"), id="PINGREQ with a body"),
        pytest.param(packet(0xD2, b""), id="flags in PINGRESP"),
    ],
)
def test_malformed_packet_closes_an_open_session(connect: Connect, device: RawClient, data: bytes) -> None:
    device.send(data)
    device.expect_closed()
    alive(connect)


def test_mqtt_3_1_is_served(connect: Connect, token: str) -> None:
    client = connect()
    client.send(connect_packet(username=token, name="MQIsdp", level=3))
    assert client.connack() == 0


@pytest.mark.parametrize(("size", "fits"), [(65_536, True), (65_537, False)])
def test_size_limit_is_on_the_remaining_length(connect: Connect, device: RawClient, size: int, fits: bool) -> None:
    head = len(text(TELEMETRY)) + 2
    payload = b'{"a":"' + b"x" * (size - head - 8) + b'"}'
    device.publish(TELEMETRY, payload)
    if fits:
        device.puback()
    else:
        device.expect_closed()
    alive(connect)


def test_bytes_one_by_one_are_put_together(connect: Connect, token: str) -> None:
    client = connect()
    for byte in connect_packet(username=token) + publish_packet(TELEMETRY, b"{}"):
        client.send(bytes([byte]))
    assert (client.connack(), client.puback()) == (0, 1)


def test_half_a_packet_holds_nobody_up(connect: Connect) -> None:
    for cut in range(1, len(GOOD_CONNECT), 4):
        connect().send(GOOD_CONNECT[:cut])
    alive(connect)


def test_random_bytes_never_stop_the_server(tb: StandInThread, connect: Connect) -> None:
    dice = random.Random(311)
    for _ in range(150):
        client = RawClient(tb.mqtt_port)
        data = bytearray(GOOD_CONNECT + publish_packet("/provision/request", b'{"provisionDeviceKey":"x"}'))
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        client.send(bytes(data) + dice.randbytes(dice.randint(0, 40)))
        client.close()
    alive(connect)
    assert not tb.journal.events("close", cause="internal error")


@pytest.mark.parametrize(
    "body", [b"[" * 60_000, b'{"a":' * 10_000, b"{a:" * 300, b'{"a":"' + b"\\u00" * 10_000], ids=range(4)
)
def test_deep_or_broken_json_is_only_a_close(connect: Connect, device: RawClient, body: bytes) -> None:
    device.publish(TELEMETRY, body)
    device.expect_closed()
    alive(connect)


@pytest.mark.parametrize(
    "body",
    [
        b'{"\\ud800":"\\udfff"}',
        b'{"a":1e99999999999999999999}',
        b'{"a":-' + b"9" * 5000 + b"}",
        b'{"a":[' + b"9" * 5000 + b"]}",
        b'{"a":[1e999]}',
        b'{"a":"' + b"0" * 60_000 + b'"}',
        b'{"ts":1e999,"values":{}}',
        b'{"ts":' + b"9" * 5000 + b',"values":{"a":1}}',
    ],
    ids=range(8),
)
def test_odd_values_never_break_the_server(tb: StandInThread, connect: Connect, device: RawClient, body: bytes) -> None:
    device.publish(TELEMETRY, body)
    with contextlib.suppress(AssertionError):  # acknowledged or closed, but dealt with
        device.puback()
    alive(connect)
    assert not tb.journal.events("close", cause="internal error")


def test_client_that_never_reads_is_not_read_any_more(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.run(lambda s: _fill(s.store.device_by_lookup_id(token)))
    client = connect()
    client.login(username=token)
    client.socket.settimeout(0.5)
    burst = b"".join(publish_packet("v1/devices/me/attributes/request/1", b"{}") for _ in range(200))
    with pytest.raises(TimeoutError):
        client.socket.sendall(burst * 2_000)
    alive(connect)


def _fill(device: object) -> None:
    assert isinstance(device, Device)
    device.set_attributes(Scope.SHARED_SCOPE, {"big": "x" * 10_000})
