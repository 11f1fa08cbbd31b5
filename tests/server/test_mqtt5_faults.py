"""Faults, seen by a client that speaks MQTT 5."""

import json
from collections.abc import Callable

import pytest
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import Mqtt5Client
from tests.server.mqtt_client import TELEMETRY, RawClient
from tests.server.provisioning import REQUEST, ask, request

Connect = Callable[..., RawClient]
Connect5 = Callable[..., Mqtt5Client]


@pytest.mark.parametrize(
    ("fault", "code"), [("connack:refuse", 0x88), ("connack:refuse=134", 0x86), ("connack:refuse=5", 5)]
)
def test_connect_refused_by_a_fault(tb: StandInThread, connect5: Connect5, token: str, fault: str, code: int) -> None:
    tb.faults.add(fault)
    client = connect5(username=token)
    assert client.connack() == code
    client.expect_closed()


def test_refusal_without_a_code_fits_3_1_1_too(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add("connack:refuse")
    assert connect(username=token).connack() == 3


@pytest.mark.usefixtures("profile")
def test_answer_dropped_duplicated_and_malformed(tb: StandInThread, front5: Mqtt5Client, name: str) -> None:
    for fault in ("answer:drop", "answer:duplicate", "answer:malform={"):
        tb.faults.add(fault)
    front5.publish(REQUEST, request(name))
    assert front5.reason() == 0
    front5.ping()
    first = ask(front5, request(name))
    assert json.loads(first)["status"] == "FAILURE"
    assert front5.message().payload == first
    assert ask(front5, request(name)) == b"{"


def test_puback_dropped_and_suback_delayed(tb: StandInThread, device5: Mqtt5Client) -> None:
    tb.faults.add("puback:drop")
    tb.faults.add("suback:delay=0.1")
    device5.publish(TELEMETRY, b"{bad")
    device5.ping()
    device5.subscribe("#")
    device5.ping()
    assert device5.suback() == [0x8F]


@pytest.mark.parametrize("point", ["telemetry", "puback", "acked"])
def test_close_by_a_fault_has_no_disconnect(tb: StandInThread, device5: Mqtt5Client, point: str) -> None:
    tb.faults.add(f"{point}:close")
    device5.publish(TELEMETRY, b"{}")
    if point == "acked":
        assert device5.reason() == 0
    device5.expect_closed()


def test_split_writes_deliver_the_disconnect(tb: StandInThread, connect5: Connect5) -> None:
    tb.faults.add("accept:split=1")
    client = connect5(username="unknown")
    assert client.connack() == 0x86
    client.expect_disconnect(0x86)
