"""Every fault a test can ask for, seen from the client."""

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
import requests
from tbtools.server.faults import Action, Fault, Faults, Point
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import CONNACK, TELEMETRY, RawClient
from tests.server.provisioning import REQUEST, RESPONSE, ask, request

Connect = Callable[..., RawClient]

pytestmark = pytest.mark.usefixtures("profile")


def test_answer_dropped_leaves_a_device_that_is_never_told(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.faults.add("answer:drop")
    front.publish(REQUEST, request(name))
    front.puback()
    front.expect_silence()
    front.ping()
    assert tb.device(name) is not None
    assert b"FAILURE" in ask(front, request(name))


def test_answer_delayed(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.faults.add("answer:delay=0.3")
    front.publish(REQUEST, request(name))
    front.puback()
    front.expect_silence(0.1)
    assert b"SUCCESS" in front.message().payload


def test_answer_duplicated_with_a_packet_id_of_its_own(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.faults.add("answer:duplicate")
    first = ask(front, request(name))
    second = front.message()
    assert (second.payload, second.packet_id) == (first, 2)


@pytest.mark.parametrize("payload", [b"", b"{", b'{"status":"SUCCESS"}', bytes(range(256)), b"x" * 100_000])
def test_answer_malformed_to_any_bytes(tb: StandInThread, front: RawClient, name: str, payload: bytes) -> None:
    tb.faults.add(Fault(point=Point.ANSWER, action=Action.MALFORM, payload=payload))
    assert ask(front, request(name)) == payload


def test_answer_cut_in_a_packet_that_is_whole(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.faults.add("answer:cut=9")
    assert ask(front, request(name)) == b'{"credent'
    front.ping()


@pytest.mark.parametrize("kept", [0, 1, 3])
def test_packet_broken_off_by_a_close(tb: StandInThread, connect: Connect, token: str, kept: int) -> None:
    tb.faults.add(f"connack:break={kept}")
    client = connect(username=token)
    client.socket.settimeout(5)
    assert client.socket.recv(4, socket.MSG_WAITALL) == b"\x20\x02\x00\x00"[:kept]
    tb.journal.wait("close", by="server", cause="fault at connack")


@pytest.mark.parametrize(
    ("point", "before"),
    [("accept", 0), ("connack", 0), ("connected", 1), ("request", 1), ("puback", 1), ("answer", 2), ("answered", 3)],
)
def test_provisioning_closed_at_each_point(
    tb: StandInThread, connect: Connect, name: str, point: str, before: int
) -> None:
    """*before* is how many of CONNACK, PUBACK and the answer still arrive."""
    tb.faults.add(f"{point}:close")
    client = connect()
    if point != "accept":
        client.connect(username="provision")
    if before >= 1:
        assert client.connack() == 0
    if point not in ("accept", "connack", "connected"):
        client.publish(REQUEST, request(name))
    if before >= 2:
        client.puback()
    if before >= 3:
        client.message()
    client.expect_closed()
    assert (tb.device(name) is not None) is (point in ("puback", "answer", "answered"))
    tb.journal.wait("close", by="server", cause=f"fault at {point}")


@pytest.mark.parametrize(("point", "acknowledged"), [("telemetry", False), ("puback", False), ("acked", True)])
def test_device_closed_at_each_point(tb: StandInThread, device: RawClient, point: str, acknowledged: bool) -> None:
    tb.faults.add(f"{point}:close")
    device.publish(TELEMETRY, b'{"a":1}')
    if acknowledged:
        device.puback()
    device.expect_closed()


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 200])
def test_connect_refused_with_any_code_as_often_as_asked(
    tb: StandInThread, connect: Connect, token: str, code: int
) -> None:
    tb.faults.add(f"connack:refuse={code}*2")
    for expected in (code, code, 0):
        assert connect(username=token).connack() == expected


def test_mode_limits_a_fault_to_one_kind_of_session(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add(Fault(point=Point.CONNACK, action=Action.REFUSE, code=5, mode="device", times=None))
    assert connect(username="provision").connack() == 0
    assert connect(username=token).connack() == 5
    assert connect(username=token).connack() == 5


def test_connack_dropped_leaves_the_session_open_and_silent(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add("connack:drop")
    connect(username=token).expect_silence()


def test_connack_delayed_keeps_pipelined_packets(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add("connack:delay=0.3")
    client = connect(username=token)
    packet_id = client.publish(TELEMETRY, b"{}")
    client.expect_silence(0.1)
    assert (client.connack(), client.puback()) == (0, packet_id)


def test_puback_dropped_though_stored(tb: StandInThread, device: RawClient, name: str) -> None:
    tb.faults.add(Fault(point=Point.PUBACK, action=Action.DROP, skip=1))
    device.publish(TELEMETRY, b'{"a":1}')
    device.puback()
    device.publish(TELEMETRY, b'{"b":1}')
    device.ping()
    found = tb.device(name)
    assert found is not None
    assert set(found.telemetry) == {"a", "b"}


def test_request_and_telemetry_dropped_unseen(
    tb: StandInThread, front: RawClient, device: RawClient, name: str
) -> None:
    tb.faults.add("request:drop")
    tb.faults.add("telemetry:drop")
    front.publish(REQUEST, request(f"{name}-2"))
    front.ping()
    device.publish(TELEMETRY, b'{"a":1}')
    device.ping()
    found = tb.device(name)
    assert found is not None
    assert found.telemetry == {}


def test_suback_dropped(tb: StandInThread, front: RawClient) -> None:
    tb.faults.add("suback:drop")
    front.subscribe(RESPONSE)
    front.ping()


def test_writes_split_into_single_bytes_arrive_whole(tb: StandInThread, connect: Connect, name: str) -> None:
    tb.faults.add(Fault(point=Point.ACCEPT, action=Action.SPLIT, segment_bytes=1, delay_s=0.001))
    client = connect()
    client.login(username="provision")
    assert b"SUCCESS" in ask(client, request(name))


def test_split_writes_are_finished_before_a_close(tb: StandInThread, connect: Connect) -> None:
    tb.faults.add("accept:split=1")
    client = connect(username="unknown")
    assert client.connack() == 5
    client.expect_closed()


def test_connection_limit_closes_the_surplus(tb: StandInThread, connect: Connect, token: str) -> None:
    kept = connect()
    kept.login(username=token)
    tb.settings.max_connections = tb.run(lambda standin: standin.connections)
    connect().expect_closed()
    kept.ping()


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("answer:drop", {"point": Point.ANSWER, "action": Action.DROP, "times": 1}),
        ("answer:drop*0", {"times": None}),
        ("connack:refuse=5*3", {"code": 5, "times": 3}),
        ("answer:delay=2.5", {"delay_s": 2.5}),
        ('answer:malform={"a":"x*y:z=1"}*1', {"payload": b'{"a":"x*y:z=1"}'}),
        ("answer:malform=base64:/wA=", {"payload": b"\xff\x00"}),
        ("accept:split=2", {"segment_bytes": 2}),
    ],
)
def test_notation(text: str, fields: dict[str, Any]) -> None:
    fault = Fault.parse(text)
    assert {key: getattr(fault, key) for key in fields} == fields


@pytest.mark.parametrize(
    "text",
    ["", "answer", "answer:", "nowhere:drop", "answer:refuse=5", "answer:drop=1", "answer:drop*x", "accept:split=0"],
)
def test_notation_refuses_what_is_impossible(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Fault.parse(text)


@pytest.mark.parametrize("text", ["answer:drop", "connack:refuse=0", "answer:delay=2.5", "answer:malform=base64:/wA="])
def test_notation_can_be_told(text: str) -> None:
    assert Fault.parse(f"{text}*2").notation() == text


def test_every_point_and_action_is_reachable_by_some_fault() -> None:
    possible: list[tuple[Point, Action]] = []
    for point in Point:
        for action in Action:
            try:
                possible.append((point, Faults().add(Fault(point=point, action=action)).action))
            except ValueError:
                continue
    assert {point for point, _ in possible} == set(Point)
    assert {action for _, action in possible} == set(Action)
    assert Fault.possible() == [f"{point.value}:{action.value}" for point, action in possible]


def test_one_of_the_faults_is_cleared_over_rest(tb: StandInThread) -> None:
    first, second = tb.faults.add("answer:drop"), tb.faults.add("answer:drop")
    address = f"{tb.url}/api/standin/faults"
    assert requests.delete(f"{address}/{first.id}", timeout=5).status_code == 200
    assert [fault.id for fault in tb.faults.pending()] == [second.id]
    assert requests.delete(f"{address}/{first.id}", timeout=5).status_code == 404
    assert requests.delete(f"{address}/x", timeout=5).status_code == 404


def test_faults_settings_and_journal_over_rest(tb: StandInThread, connect: Connect, name: str, token: str) -> None:
    def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        response = requests.request(method, f"{tb.url}/api/standin/{path}", json=body, timeout=5)
        return response.status_code, response.json() if response.content else None

    assert call("POST", "faults", {"fault": "connack:refuse=5"})[0] == 200
    assert call("POST", "faults", {"point": "connack", "action": "refuse", "code": 3, "skip": 0})[0] == 200
    assert [fault["code"] for fault in call("GET", "faults")[1]] == [5, 3]
    assert [connect(username=token).connack() for _ in range(3)] == [5, 3, 0]
    tb.journal.wait("connect", accepted=True)
    events = call("GET", f"journal?event=connect&device={name}")[1]["events"]
    assert [(event["accepted"], event["code"]) for event in events] == [(True, 0)]
    assert call("GET", f"journal?since={tb.journal.last_seq()}")[1]["events"] == []
    assert call("POST", "faults", {"fault": "connack:split"})[0] == 400
    assert "no split" in call("POST", "faults", {"fault": "connack:split"})[1]["message"]
    assert call("PATCH", "settings", {"server_version": "3.8.1", "max_devices": 9})[1]["server_version"] == "3.8.1"
    assert call("PATCH", "settings", {"max_devices": 7, "nonsense": 1})[0] == 400
    assert call("GET", "settings")[1]["max_devices"] == 9
    assert call("POST", f"disconnect?device={name}")[0] == 200
    tb.journal.wait("close", by="server", cause="closed by the test")
    assert call("POST", "disconnect?device=nobody")[0] == 404
    assert call("DELETE", "journal")[0] == call("DELETE", "faults")[0] == 200
    assert call("GET", "journal")[1]["events"] == []


def test_a_connack_can_be_malformed_as_a_whole(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add(Fault(point=Point.CONNACK, action=Action.MALFORM, payload=b"\x20\x02\x00\x63"))
    got = connect(username=token).receive()
    assert (got.kind, got.body) == (CONNACK, b"\x00\x63")


def test_journal_records_the_fault(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.faults.add("answer:drop")
    front.publish(REQUEST, request(name))
    event = tb.journal.wait("fault")
    assert (event["point"], event["action"], event["mode"]) == ("answer", "drop", "provision")
    assert json.dumps(event)
