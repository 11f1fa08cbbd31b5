"""What a page is told, without a browser: which events are attempts, how a device came to be, and how much at most."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from tbtools.server.core import Core
from tbtools.server.credentials import sha3
from tbtools.server.faults import Faults
from tbtools.server.journal import Journal
from tbtools.server.model import ProvisionType, Scope
from tbtools.server.provision import PROVISION_STATE
from tbtools.server.settings import Settings
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread
from tbtools.server.web import page, view
from tbtools.server.web.attempts import Attempts
from tbtools.server.web.stream import Stream

from tests.authority import Authority
from tests.server.mqtt5_client import Mqtt5Client
from tests.server.mqtt_client import TELEMETRY, RawClient


def attempts(tb: StandInThread) -> list[tuple[str, str, str, str]]:
    """What, device, outcome and cause of all that has been attempted."""
    rows = Attempts().read(tb.journal.events())
    return [(row["what"], row["device"], row["outcome"], row["cause"]) for row in rows]


# -- attempts


def test_clean_session_is_no_attempt(tb: StandInThread, device: RawClient) -> None:
    device.publish(TELEMETRY, b'{"a": 1}')
    device.puback()
    device.send(b"\xe0\x00")
    tb.journal.wait("close", cause="DISCONNECT")
    assert attempts(tb) == []


def test_refused_CONNECT_is_one_row(tb: StandInThread, connect: Callable[..., RawClient]) -> None:
    connect(username="nobody").connack()
    tb.journal.wait("close")
    assert attempts(tb) == [("CONNECT", "", "refused with code 5", "no match for the credentials, client id c")]


def test_code_of_MQTT_5_is_told_as_its_specification_writes_it(tb: StandInThread) -> None:
    client = Mqtt5Client(tb.mqtt_port)
    client.connect(username="nobody")
    tb.journal.wait("close")
    client.close()
    assert attempts(tb)[0][2] == "refused with code 0x86"


def test_CONNECT_without_an_answer_is_told(tb: StandInThread, connect: Callable[..., RawClient]) -> None:
    tb.faults.add("connack:close")
    connect(username="provision").expect_closed()
    tb.journal.wait("close")
    assert attempts(tb) == [
        ("fault", "", "close at connack", "switched on"),
        ("CONNECT", "", "not answered", "fault, client id c"),
    ]


def test_connection_that_just_ends_is_told(tb: StandInThread, device: RawClient) -> None:
    device.close()
    tb.journal.wait("close")
    assert attempts(tb) == [("connection", "boiler", "closed by client", "end of stream")]


def test_message_that_ends_its_connection_is_told(tb: StandInThread, device: RawClient) -> None:
    device.publish(TELEMETRY, b"1")
    tb.journal.wait("close")
    assert attempts(tb) == [("connection", "boiler", "closed by server", "telemetry: not a JSON object")]


def test_message_that_is_refused_or_lost_is_told(tb: StandInThread) -> None:
    tb.create_device("boiler", "Tboiler")
    client = Mqtt5Client(tb.mqtt_port)
    client.login(username="Tboiler")
    client.publish(TELEMETRY, b"1")
    client.publish("v1/devices/me/telemtry", b"{}")
    client.subscribe("v1/devices/me/attributes", "other")
    tb.journal.wait("subscribe")
    assert attempts(tb) == [
        ("message", "boiler", "not stored", "telemetry: not a JSON object"),
        ("message", "boiler", "lost", "unknown topic v1/devices/me/telemtry"),
        ("SUBSCRIBE", "boiler", "refused", "other"),
    ]
    client.close()


def test_calls_over_HTTP_are_told(tb: StandInThread) -> None:
    tb.create_device("boiler", "Tboiler")
    chained = sha3("SC")  # the key of such a profile is the digest of its CA's certificate
    tb.create_profile("chained", chained, "SC", ProvisionType.X509_CERTIFICATE_CHAIN)
    for body in (
        {"deviceName": "new", "provisionDeviceKey": "K", "provisionDeviceSecret": "S"},
        {"deviceName": "new"},
        {"deviceName": "new", "provisionDeviceKey": chained, "provisionDeviceSecret": "SC"},
    ):
        requests.post(f"{tb.url}/api/v1/provision", json=body, timeout=5)
    requests.post(f"{tb.url}/api/v1/nobody/telemetry", data=b"{}", timeout=5)
    requests.post(f"{tb.url}/api/v1/Tboiler/telemetry", data=b"1", timeout=5)
    assert attempts(tb) == [
        ("provisioning request over HTTP", "new", "SUCCESS", ""),
        ("provisioning request over HTTP", "", "not answered", "provisionDeviceKey is missing"),
        ("provisioning request over HTTP", "", "not answered", "strategy X509_CERTIFICATE_CHAIN"),
        ("message over HTTP", "", "not stored", "no match for the credentials"),
        ("message over HTTP", "boiler", "not stored", "telemetry: not a JSON object"),
    ]


def test_failed_TLS_handshake_is_told() -> None:
    with StandInThread(StandInConfig(tls=Authority().server())) as tb:
        client = RawClient(tb.mqtts_port)
        client.connect()
        tb.journal.wait("tls_failure")
        client.close()
        ((what, device, outcome, cause),) = attempts(tb)
    assert (what, device, outcome) == ("TLS handshake", "", "failed")
    assert cause


# -- devices


@pytest.mark.parametrize(
    ("strategy", "provisioned", "how"),
    [
        (ProvisionType.ALLOW_CREATE_NEW_DEVICES, True, "created"),
        (ProvisionType.CHECK_PRE_PROVISIONED_DEVICES, True, "pre-provisioned"),
        (ProvisionType.X509_CERTIFICATE_CHAIN, True, "X.509 chain"),
        (ProvisionType.ALLOW_CREATE_NEW_DEVICES, False, "by administrator"),
        (ProvisionType.CHECK_PRE_PROVISIONED_DEVICES, False, "by administrator"),
        (ProvisionType.DISABLED, True, "by administrator"),
    ],
)
def test_how_a_device_came_to_be(tb: StandInThread, strategy: ProvisionType, provisioned: bool, how: str) -> None:
    device = tb.create_device("boiler", profile=tb.create_profile("other", "K2", "S2", strategy))
    if provisioned:
        device.set_attributes(Scope.SERVER_SCOPE, {PROVISION_STATE: "provisioned"})
    row = tb.run(lambda standin: view.devices(standin.core))["rows"][0]
    assert row["how"] == how
    assert (row["outcome"] or {}).get("status") == ("SUCCESS" if provisioned else None)


def test_claim_of_a_pre_provisioned_device_is_its_last_request(
    tb: StandInThread, provision: Callable[..., None]
) -> None:
    profile = tb.create_profile("checked", "KC", "SC", ProvisionType.CHECK_PRE_PROVISIONED_DEVICES)
    tb.create_device("meter", profile=profile)
    outcomes = []
    for secret in ("wrong", "SC", "SC"):
        provision("meter", provisionDeviceKey="KC", provisionDeviceSecret=secret)
        row = tb.run(lambda standin: view.devices(standin.core))["rows"][0]
        outcomes.append((row["how"], row["outcome"]["status"], row["outcome"]["cause"]))
    assert outcomes == [
        ("by administrator", "NOT_FOUND", "wrong secret"),
        ("pre-provisioned", "SUCCESS", ""),
        ("pre-provisioned", "FAILURE", "device is already provisioned"),
    ]


# -- bounds


@pytest.fixture
def core() -> Core:
    return Core(Settings(), Faults(), Journal())


def told(stream: Stream) -> dict[str, Any]:
    """The data of each message, by its event."""
    texts = [message.decode().split("\n") for message in stream.messages()]
    return {event.removeprefix("event: "): json.loads(data.removeprefix("data: ")) for event, data, *_ in texts}


def test_first_all_is_told_and_then_what_changes(core: Core) -> None:
    stream = Stream(core)
    assert set(told(stream)) == {"server", "devices", "faults"}
    assert told(stream) == {}
    core.faults.add("answer:drop")
    assert set(told(stream)) == {"faults"}
    core.journal.record("refused", mode="http", device=None, cause="why")
    assert [row["cause"] for row in told(stream)["attempts"]] == ["why"]
    assert told(stream) == {}


def test_newest_attempts_are_told(core: Core) -> None:
    for number in range(600):
        core.journal.record("refused", mode="http", device=None, cause=str(number))
    assert [row["cause"] for row in told(Stream(core))["attempts"]] == [str(number) for number in range(100, 600)]


def test_newest_devices_are_told(core: Core) -> None:
    for number in range(250):
        core.store.create_device(f"d{number}", core.store.default_profile())
    devices = told(Stream(core))["devices"]
    assert devices["total"] == 250
    assert [row["name"] for row in devices["rows"]] == [f"d{number}" for number in range(50, 250)]


def test_newest_samples_are_told_by_time(core: Core) -> None:
    device = core.store.create_device("boiler", core.store.default_profile())
    for number in range(400):
        device.add_samples(1_000 + (number ^ 1), {"a": number})
    (series,) = view.telemetry(device)["series"]
    assert [point[0] for point in series["points"]] == list(range(1_100, 1_400))
    assert series["points"][0] == [1_100, "101", 101.0]


def test_keys_and_texts_are_bounded(core: Core) -> None:
    device = core.store.create_device("boiler", core.store.default_profile())
    device.add_samples(1, {f"key{number}": "v" * 1_000 for number in range(100)})
    telemetry = view.telemetry(device)
    assert (telemetry["total"], len(telemetry["series"])) == (100, 24)
    assert telemetry["series"][0] == {"key": "key0", "points": [[1, "v" * 200, None]]}


def test_pages_are_bounded(tb: StandInThread) -> None:
    opened = [requests.get(f"{tb.url}/web/events", stream=True, timeout=5) for _ in range(33)]
    assert [response.status_code for response in opened] == [200] * 32 + [503]
    for response in opened:
        response.close()


def test_page_that_does_not_read_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_TICK_S", 0.001)
    with socket.socket() as reader, StandInThread(StandInConfig(page=True)) as tb:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        reader.connect(("127.0.0.1", tb.http_port))
        reader.sendall(b"GET /web/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        for number in range(300):
            tb.create_device(f"{number:0255}")
        started = time.monotonic()
    assert time.monotonic() - started < 5
