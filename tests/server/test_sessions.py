"""Connecting, staying connected, subscribing (contract 1 and 8)."""

from collections.abc import Callable
from typing import Any

import pytest
from tbtools.rest import RestClient
from tbtools.server import credentials as creds
from tbtools.server.settings import Settings
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import (
    ATTRIBUTES,
    PUBACK,
    SUBACK,
    TELEMETRY,
    RawClient,
    connect_packet,
    packet,
    publish_packet,
    text,
)

Connect = Callable[..., RawClient]


@pytest.mark.parametrize(
    ("login", "code"),
    [
        pytest.param({"client_id": "c"}, 2, id="unknown client id alone"),
        pytest.param({"client_id": ""}, 5, id="nothing at all"),
        pytest.param({"username": "u", "password": "p"}, 5, id="unknown user and password"),
        pytest.param({"client_id": "c", "password": "p"}, 5, id="password alone"),
        pytest.param({"username": "Provision"}, 5, id="provision is case-sensitive"),
    ],
)
def test_refusals_have_their_code(connect: Connect, login: dict[str, str], code: int) -> None:
    client = connect(**login)
    assert client.connack() == code
    client.expect_closed()


def test_before_3_5_every_refusal_is_5(tb: StandInThread, connect: Connect) -> None:
    tb.settings.server_version = "3.4"
    assert connect(client_id="unknown").connack() == 5


def test_3_2_0_always_says_session_present(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.settings.server_version = "3.2"
    assert connect(username=token, clean=True).receive().body == b"\x01\x00"


def test_session_present_is_set_even_on_a_refusal(connect: Connect) -> None:
    assert connect(username="unknown", clean=False).receive().body == b"\x01\x05"


@pytest.mark.parametrize(
    ("stored", "login", "accepted"),
    [
        (("c", None, None), {"client_id": "c"}, True),
        (("c", None, None), {"client_id": "d"}, False),
        (("c", None, None), {"client_id": "c", "username": "u"}, False),
        ((None, "u", None), {"client_id": "x", "username": "u", "password": "any"}, True),
        ((None, "u", "p"), {"client_id": "x", "username": "u", "password": "p"}, True),
        ((None, "u", "p"), {"client_id": "x", "username": "u"}, False),
        (("c", "u", "p"), {"client_id": "c", "username": "u", "password": "p"}, True),
        (("c", "u", "p"), {"client_id": "d", "username": "u", "password": "p"}, False),
        (("c", "u", "p"), {"client_id": "c", "username": "u", "password": "q"}, False),
    ],
)
def test_mqtt_basic_matching(
    tb: StandInThread,
    connect: Connect,
    name: str,
    stored: tuple[str | None, str | None, str | None],
    login: dict[str, str],
    accepted: bool,
) -> None:
    fields = creds.BasicFields(*(part and part + name for part in stored))
    tb.run(lambda s: s.store.create_device(name, s.store.default_profile(), creds.mqtt_basic(fields)))
    client = connect(**{key: value + name for key, value in login.items()})
    assert (client.connack() == 0) is accepted


def test_wrong_password_of_a_basic_device_does_not_fall_back_to_a_token(
    tb: StandInThread, connect: Connect, name: str, token: str
) -> None:
    basic = creds.mqtt_basic(creds.BasicFields(f"c{name}", token, "p"))
    tb.run(lambda s: s.store.create_device(f"{name} basic", s.store.default_profile(), basic))
    assert connect(client_id=f"c{name}", username=token, password="wrong").connack() == 5
    assert connect(client_id="other", username=token, password="wrong").connack() == 0


def test_profile_of_another_transport_is_unavailable(tb: StandInThread, connect: Connect, name: str) -> None:
    body = {"name": name, "transportType": "COAP"}
    profile = tb.run(lambda standin: standin.store.save_profile(body))
    tb.create_device(name, f"T{name}", profile)
    assert connect(username=f"T{name}").connack() == 3


def test_pipelined_packets_are_replayed_after_connack(connect: Connect, token: str) -> None:
    subscribe = packet(0x82, b"\x00\x07" + text(ATTRIBUTES) + b"\x01")
    client = connect()
    client.send(connect_packet(username=token) + subscribe + publish_packet(TELEMETRY, b"{}", packet_id=8))
    assert client.connack() == 0
    assert [client.receive().kind, client.receive().kind] == [SUBACK, PUBACK]


def test_packets_before_connect_wait_and_overflow_closes(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.settings.pre_connack_queue = 3
    client = connect()
    client.send(publish_packet(TELEMETRY, b"{}", packet_id=9))
    client.expect_silence()
    client.login(username=token)
    assert client.puback() == 9
    flood = connect()
    flood.send(b"\xc0\x00" * 3)
    flood.expect_silence()
    flood.send(b"\xc0\x00")
    flood.expect_closed()


def test_take_over_in_a_ring_keeps_exactly_the_newest(tb: StandInThread, connect: Connect, token: str) -> None:
    clients = [connect(username=token) for _ in range(5)]
    for client in clients[:-1]:
        assert client.connack() == 0
        client.expect_closed()
    assert clients[-1].connack() == 0
    clients[-1].ping()
    assert len(tb.journal.events("close", cause="taken over")) == 4


def test_second_connect_on_a_live_socket_is_processed_again(device: RawClient, token: str) -> None:
    device.connect(username=token, client_id="again")
    assert device.connack() == 0
    device.ping()
    device.connect(username="unknown")
    assert device.connack() == 5
    device.expect_closed()


def test_inactivity_closes_and_pings_keep_alive(name: str) -> None:
    settings = Settings(inactivity_s=0.4, inactivity_check_s=0.05)
    with StandInThread(StandInConfig(settings=settings)) as own:
        own.create_device(name, "T")
        client = RawClient(own.mqtt_port)
        client.login(username="T")
        for _ in range(6):
            client.expect_silence(0.1)
            client.ping()
        client.expect_closed()
        own.journal.wait("close", cause="inactivity")
        client.close()


@pytest.mark.parametrize(("version", "seconds"), [("3.6.2", 300), ("3.6.3", 600), ("4.4.0-SNAPSHOT", 600)])
def test_inactivity_limit_depends_on_the_version(tb: StandInThread, version: str, seconds: int) -> None:
    tb.settings.server_version = version
    assert tb.settings.inactivity_limit_s == seconds


@pytest.mark.parametrize("change", ["delete", "token"])
def test_admin_closes_the_session_of_a_changed_device(
    connect: Connect, device: RawClient, rest: RestClient, name: str, token: str, change: str
) -> None:
    found = rest.find_device(name)
    assert found is not None
    if change == "delete":
        rest.delete_device(found["id"]["id"])
    else:
        rest.set_token(found["id"]["id"], f"other-{token}")
    device.expect_closed()
    assert connect(username=token).connack() == 5


@pytest.mark.parametrize(
    ("topic_filter", "code"),
    [
        ("v1/devices/me/attributes", 1),
        ("v1/devices/me/rpc/request/+", 1),
        ("v1/devices/me/attributes/response/+", 1),
        ("v2/fw/response/+/chunk/+", 1),
        ("v2/a/res/j/+", 1),
        ("v1/gateway/rpc", 1),
        ("#", 0x80),
        ("+/x", 0x80),
        ("v1/devices/me/#", 0x80),
        ("v1/devices/me/rpc/request/5", 0x80),
        ("v2/fw/response/+", 0x80),
        ("/provision/response", 0x80),
        ("", 0x80),
    ],
)
def test_filters_are_literal(device: RawClient, topic_filter: str, code: int) -> None:
    device.subscribe(topic_filter, ATTRIBUTES, qos=2)
    assert device.suback() == [code, 1]
    device.ping()


def test_profile_may_name_another_filter_for_updates(
    tb: StandInThread, connect: Connect, rest: RestClient, name: str
) -> None:
    transport = {"type": "MQTT", "deviceAttributesSubscribeTopic": "down/+"}
    body = {"name": name, "transportType": "MQTT", "profileData": {"transportConfiguration": transport}}
    found = tb.create_device(name, f"T{name}", tb.run(lambda standin: standin.store.save_profile(body)))
    client = connect()
    client.login(username=f"T{name}")
    client.subscribe("down/x")
    assert client.suback() == [1]
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 1})
    assert client.message().topic == ATTRIBUTES


def test_packet_ids_of_pushes_count_up(device: RawClient) -> None:
    ids = []
    for _ in range(3):
        device.publish(f"{ATTRIBUTES}/request/1", b"{}")
        device.puback()
        ids.append(device.message().packet_id)
    assert ids == [1, 2, 3]


@pytest.mark.parametrize(
    ("setting", "value", "payload"),
    [
        ("message_rate_limit", "1:60", b"{}"),
        ("telemetry_message_rate_limit", "1:60", b'{"a":1}'),
        ("telemetry_points_rate_limit", "3:60", b'{"a":1,"b":2}'),
    ],
)
def test_rate_limit_closes_without_puback(
    tb: StandInThread, device: RawClient, setting: str, value: str, payload: bytes
) -> None:
    setattr(tb.settings, setting, value)
    device.publish(TELEMETRY, payload)
    device.puback()
    device.publish(TELEMETRY, payload)
    device.expect_closed()


def test_rate_limited_connect_is_3_and_subscribe_has_no_effect(
    tb: StandInThread, connect: Connect, device: RawClient, rest: RestClient, name: str, token: str
) -> None:
    tb.settings.message_rate_limit = "1:60"
    device.publish(TELEMETRY, b"{}")
    device.puback()
    device.subscribe(ATTRIBUTES)
    assert device.suback() == [1]
    found = tb.device(name)
    assert found is not None
    rest.set_attributes(found.id, "SHARED_SCOPE", {"a": 1})
    device.ping()
    assert connect(username=token).connack() == 3


@pytest.mark.parametrize("text_", ["20", "x:1", "1:0", "1:1,:"])
def test_a_rate_that_is_none_is_refused(tb: StandInThread, text_: str) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        tb.settings.message_rate_limit = text_


def test_client_disconnect_is_told_from_a_lost_connection(tb: StandInThread, connect: Connect, token: str) -> None:
    def closing(end: Callable[[RawClient], None]) -> Any:
        client = connect()
        client.login(username=token)
        mark = tb.journal.last_seq()
        end(client)
        return tb.journal.wait("close", since=mark)["cause"]

    assert closing(lambda client: client.send(b"\xe0\x00")) == "DISCONNECT"
    assert closing(lambda client: client.close()) == "end of stream"


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("v1/devices/me/claim", b""),
        ("v1/devices/me/claim", b'{"secretKey":"s"}'),
        ("v1/devices/me/rpc/response/5", b"anything"),
        ("v1/devices/me/rpc/request/5", b'{"method":"m"}'),
    ],
)
def test_claim_and_rpc_are_acknowledged(device: RawClient, topic: str, payload: bytes) -> None:
    assert device.publish(topic, payload) == device.puback()
    device.ping()


def test_client_side_rpc_times_out(tb: StandInThread, device: RawClient) -> None:
    tb.settings.client_rpc_timeout_s = 0.1
    device.publish("v1/devices/me/rpc/request/5", b'{"method":"m","params":{}}')
    device.puback()
    answer = device.message()
    assert (answer.topic, answer.payload) == ("v1/devices/me/rpc/response/5", b'{"error":"timeout"}')


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("v1/devices/me/claim", b"[]"),
        ("v1/devices/me/rpc/response/x", b"{}"),
        ("v1/devices/me/rpc/request/1", b"{}"),
        ("v1/devices/me/rpc/request/1", b"x["),
        ("v2/fw/request/1/chunk/0", b"many"),
        ("v2/t/p", b"\x00"),
    ],
)
def test_malformed_uses_of_other_features_are_closed(device: RawClient, topic: str, payload: bytes) -> None:
    device.publish(topic, payload)
    device.expect_closed()
