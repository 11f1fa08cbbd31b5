"""Sessions in MQTT 5: codes in CONNACK, reasons in DISCONNECT, provisioning (contract 1 and 2)."""

from collections.abc import Callable

import pytest
from tbtools.rest import RestClient
from tbtools.server.model import ProvisionType
from tbtools.server.settings import Settings
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import Mqtt5Client, connect5_packet, publish5_packet
from tests.server.mqtt_client import TELEMETRY, RawClient, publish_packet
from tests.server.provisioning import REQUEST, RESPONSE, ask, request

Connect = Callable[..., RawClient]
Connect5 = Callable[..., Mqtt5Client]


# -- CONNACK, and DISCONNECT after a refusal (contract 1.5)


@pytest.mark.parametrize(
    ("login", "code"),
    [
        pytest.param({"client_id": "c"}, 0x85, id="unknown client id alone"),
        pytest.param({"client_id": ""}, 0x87, id="nothing at all"),
        pytest.param({"username": "u"}, 0x86, id="unknown token"),
        pytest.param({"username": "u", "password": "p"}, 0x86, id="unknown user and password"),
        pytest.param({"client_id": "c", "password": "p"}, 0x86, id="password alone"),
    ],
)
def test_refusals_have_their_code_twice(connect5: Connect5, login: dict[str, str], code: int) -> None:
    client = connect5(**login)
    assert client.connack() == code
    client.expect_disconnect(code)


def test_other_transport_and_rate_limit_have_codes_of_their_own(
    tb: StandInThread, connect5: Connect5, name: str, token: str
) -> None:
    profile = tb.run(lambda standin: standin.store.save_profile({"name": name, "transportType": "COAP"}))
    tb.create_device(f"{name}-coap", f"C{name}", profile)
    other = connect5(username=f"C{name}")
    assert other.connack() == 0x88
    other.expect_disconnect(0x89)
    tb.settings.message_rate_limit = "1:60"
    assert connect5(username=token).connack() == 0
    limited = connect5(username=token)
    assert limited.connack() == 0x9F
    limited.expect_disconnect(0x96)


@pytest.mark.parametrize(
    ("version", "login", "code", "disconnect"),
    [
        ("3.4", {"username": "u"}, 5, None),
        ("3.4", {"client_id": "c"}, 5, None),
        ("3.5", {"username": "u"}, 0x86, None),
        ("3.6.4", {"client_id": "c"}, 0x85, None),
        ("3.7", {"username": "u"}, 0x86, 0x86),
    ],
)
def test_codes_came_with_3_5_and_disconnect_with_3_7(
    tb: StandInThread, connect5: Connect5, version: str, login: dict[str, str], code: int, disconnect: int | None
) -> None:
    tb.settings.server_version = version
    client = connect5(**login)
    assert client.connack() == code
    if disconnect is None:
        client.expect_closed()
    else:
        client.expect_disconnect(disconnect)


def test_connack_has_no_properties_and_mirrors_the_clean_flag(connect5: Connect5, token: str) -> None:
    assert connect5(username=token, clean=False).receive().body == b"\x01\x00\x00"
    assert connect5(username="unknown", clean=False).receive().body == b"\x01\x86\x00"
    assert connect5(username=token, client_id="").receive().body == b"\x00\x00\x00"


def test_journal_tells_the_level(tb: StandInThread, connect: Connect, connect5: Connect5, token: str) -> None:
    assert (connect(username=token).connack(), connect5(username=token).connack()) == (0, 0)
    assert [event["level"] for event in tb.journal.events("connect")] == [4, 5]


# -- server-initiated ends (contract 1.6)


def test_take_over_is_told_and_versions_may_differ(connect: Connect, device5: Mqtt5Client, token: str) -> None:
    second = connect(username=token)
    assert second.connack() == 0
    device5.expect_disconnect(0x8E)
    second.ping()


@pytest.mark.parametrize("change", ["delete", "token"])
def test_admin_s_action_is_told(device5: Mqtt5Client, rest: RestClient, name: str, token: str, change: str) -> None:
    found = rest.find_device(name)
    assert found is not None
    if change == "delete":
        rest.delete_device(found["id"]["id"])
    else:
        rest.set_token(found["id"]["id"], f"other-{token}")
    device5.expect_disconnect(0x98)


def test_inactivity_is_told() -> None:
    settings = Settings(inactivity_s=0.05, inactivity_check_s=0.02)
    with StandInThread(StandInConfig(settings=settings)) as own:
        own.create_device("idle", "T")
        client = Mqtt5Client(own.mqtt_port)
        client.login(username="T")
        client.expect_disconnect(0x83)
        client.close()


def test_queue_overflow_is_told_once_the_version_is_known(tb: StandInThread, connect5: Connect5, token: str) -> None:
    tb.settings.pre_connack_queue = 2
    early = connect5()
    early.send(b"\xc0\x00" * 3)
    early.expect_closed()
    tb.faults.add("connack:delay=5")
    late = connect5(username=token)
    late.send(b"\xc0\x00" * 3)
    late.expect_disconnect(0x97)


@pytest.mark.parametrize("body", [b"", b"\x00", b"\x04", b"\x00\x00", b"\x00\x05\x11\x00\x00\x00\x00"])
@pytest.mark.parametrize("session", ["front5", "device5"])
def test_client_s_disconnect_is_echoed(
    tb: StandInThread, request: pytest.FixtureRequest, session: str, body: bytes
) -> None:
    client: Mqtt5Client = request.getfixturevalue(session)
    client.disconnect(body)
    client.expect_disconnect(0)
    tb.journal.wait("close", by="client", cause="DISCONNECT")


def test_before_3_7_the_server_never_sends_disconnect(
    tb: StandInThread, connect5: Connect5, device5: Mqtt5Client, token: str
) -> None:
    tb.settings.server_version = "3.6.4"
    second = connect5(username=token)
    assert second.connack() == 0
    device5.expect_closed()
    second.disconnect()
    second.expect_closed()


# -- provisioning (contract 1.7, 2.6)


@pytest.mark.usefixtures("profile")
def test_provisioning_answers_as_in_3_1_1(front5: Mqtt5Client, name: str) -> None:
    front5.subscribe(RESPONSE)
    assert front5.suback() == [1]
    assert b"SUCCESS" in ask(front5, request(name))
    assert b"FAILURE" in ask(front5, request(name))
    front5.unsubscribe(RESPONSE, RESPONSE, "#")
    assert front5.unsuback() == [0x00, 0x11, 0x11]
    front5.subscribe("#", RESPONSE, qos=2)
    assert front5.suback() == [0x8F, 1]


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        (TELEMETRY, b"{}", 0x90),
        ("", b"{}", 0x90),
        (REQUEST, b'{"provisionDeviceKey":"k"}', 0x83),
        (REQUEST, b'{"provisionDeviceKey":"k","provisionDeviceSecret":null}', 0x83),
        (REQUEST, b'{"provisionDeviceKey":"k","provisionDeviceSecret":"s","credentialsType":"x"}', 0x83),
    ],
)
def test_what_a_provisioning_session_refuses_it_tells_twice(
    front5: Mqtt5Client, topic: str, body: bytes, reason: int, qos: int
) -> None:
    front5.publish(topic, body, qos)
    if qos:
        assert front5.reason() == reason
    front5.expect_disconnect(reason)


def test_request_that_is_not_json_ends_the_session_at_qos_0_only(front5: Mqtt5Client) -> None:
    front5.publish(REQUEST, b"[]")
    assert front5.reason() == 0x99
    front5.publish(REQUEST, b"[]", qos=0)
    front5.expect_disconnect(0x99)


def test_before_3_7_provisioning_only_closes(tb: StandInThread, connect5: Connect5) -> None:
    tb.settings.server_version = "3.6.4"
    for topic, body in ((TELEMETRY, b"{}"), (REQUEST, b"{bad"), (REQUEST, b"{}")):
        client = connect5()
        client.login(username="provision")
        client.publish(topic, body)
        client.expect_closed()


def test_certificate_chain_strategy_times_out_with_a_reason(tb: StandInThread, front5: Mqtt5Client, name: str) -> None:
    tb.settings.transport_timeout_s = 0.05
    profile = tb.create_profile(name, "", f"S{name}", ProvisionType.X509_CERTIFICATE_CHAIN)
    front5.publish(REQUEST, request(name, provisionDeviceKey=profile.provision_key))
    assert front5.reason() == 0x83
    front5.expect_disconnect(0x83)


def test_end_of_provisioning_is_a_bare_close(tb: StandInThread, front5: Mqtt5Client, name: str) -> None:
    tb.settings.provision_close_s = 0.05
    assert b"NOT_FOUND" in ask(front5, request(name))
    front5.expect_closed()


# -- both versions on one socket, as a second CONNECT is processed again (contract 1.5)


def test_second_connect_may_change_the_version(connect: Connect, token: str) -> None:
    client = connect()
    client.login(username=token)
    client.send(connect5_packet(username=token) + publish5_packet("unknown", b"", packet_id=7))
    assert (client.receive().body, client.receive().body) == (b"\x00\x00\x00", b"\x00\x07\x90\x00")
    client.login(username=token)
    client.send(publish_packet("unknown", b"", packet_id=8))
    assert client.receive().body == b"\x00\x08"
