"""Power cuts, lost and strange answers."""

import pytest
from tbtools.server.faults import Action, Fault, Point

from tests.provision.suite.expected import COMPLETE, FRONT, WORKING, check_recovered
from tests.provision.world import TOKEN, World


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_power_cut_before_the_answer(world: World, token: str) -> None:
    world.tb.faults.add("answer:drop")
    world.configure(token=token)
    world.device.boot()
    world.wait("fault", point="answer")
    world.device.power_cut()
    world.work()
    assert world.statuses() == ["SUCCESS", "FAILURE"]
    check_recovered(world, token)


def test_power_cut_before_the_request_was_carried_out(world: World) -> None:
    world.tb.faults.add("request:drop")
    world.configure()
    world.device.boot()
    world.wait("fault", point="request")
    world.device.power_cut()
    world.work()
    check_recovered(world)


@pytest.mark.parametrize(
    "milestone",
    [
        r"\[APP\] Startup",
        "FRONT-CONN: Connect tbcmh",
        FRONT,
        r"\[Provision\]\[Tx\]",
        r"\[Provision\]\[Rx\]",
        "Provision successful",
        "NORMAL-CONN: Init",
        WORKING,
        r"\[Telemetry\]\[Tx\]",
    ],
)
def test_power_cut_at(world: World, milestone: str) -> None:
    world.configure(token="")
    world.device.boot()
    world.device.expect(milestone)
    world.device.power_cut()
    world.work()
    check_recovered(world, token="")


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_lost_answer(world: World, token: str) -> None:
    world.tb.faults.add("answer:close")
    world.configure(token=token)
    world.work()
    assert "TB_OUTCOME_CLOSED: the server closed the connection without an answer" in world.device.log
    assert world.statuses() == ["SUCCESS", "FAILURE"]
    check_recovered(world, token)


def test_no_answer(world: World) -> None:
    world.tb.faults.add("answer:drop")
    world.configure()
    world.device.boot()
    answer_timeout_s = int(str(world.device.sdkconfig["TB_ANSWER_TIMEOUT_MS"])) / 1000
    world.device.expect("TB_OUTCOME_NO_ANSWER", answer_timeout_s + world.device.patience_s)
    world.wait("telemetry")
    check_recovered(world)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"{",
        b"[]",
        b'{"status":"SUCCESS"}',
        b'{"status":"success","credentialsType":"ACCESS_TOKEN","credentialsValue":"T"}',
        b'{"status":"SUCCESS","credentialsType":"ACCESS_TOKEN","credentialsValue":""}',
        b'{"status":"SUCCESS","credentialsType":"ACCESS_TOKEN","credentialsValue":5}',
        b'{"status":"SUCCESS","status":"FAILURE"}',
        b'{"credentialsValue":"' + b"T" * 900 + b'","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}',
        b'{"credentialsValue":"\\ud800","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}',
        b"\xff\xfe\x00",
        b"[" * 900,
        b" " * 60_000,
    ],
    ids=lambda answer: repr(answer[:40]),
)
def test_malformed_answer(world: World, answer: bytes) -> None:
    world.tb.faults.add(Fault(point=Point.ANSWER, action=Action.MALFORM, payload=answer))
    world.configure()
    world.work()
    assert "TB_OUTCOME_MALFORMED: the server's answer cannot be read" in world.device.log
    check_recovered(world)


def test_slow_server_sees_each_message_once(world: World) -> None:
    """A request that is sent again before it was acknowledged would be refused, a sample stored twice."""
    answer_timeout_s = int(str(world.device.sdkconfig["TB_ANSWER_TIMEOUT_MS"])) / 1000
    slowness_s = min(3.0, answer_timeout_s * 0.8)
    world.tb.faults.add(Fault(point=Point.PUBACK, action=Action.DROP, mode="provision"))
    world.tb.faults.add(Fault(point=Point.ANSWER, action=Action.DELAY, delay_s=slowness_s))
    world.tb.faults.add(Fault(point=Point.PUBACK, action=Action.DELAY, delay_s=slowness_s, mode="device"))
    world.configure(run_time_s=5)
    assert world.run() == COMPLETE
    assert world.statuses() == ["SUCCESS"]
    assert len(world.tb.journal.events("telemetry")) == 1


def test_answer_twice(world: World) -> None:
    world.tb.faults.add("answer:duplicate")
    world.configure()
    world.work()
    check_recovered(world)


@pytest.mark.parametrize("point", ["connack", "suback", "puback"])
def test_garbage_instead_of_a_packet(world: World, point: str) -> None:
    world.tb.faults.add(Fault(point=Point(point), action=Action.MALFORM, payload=b"\xf5\xff\xff\xff\xff\x01" * 9))
    world.configure()
    world.work()
    check_recovered(world)


def test_all_in_segments_of_one_byte(world: World) -> None:
    world.tb.faults.add("accept:split=1*0")
    world.configure()
    world.work()
    check_recovered(world)


@pytest.mark.parametrize(
    ("mode", "point"),
    [
        (None, "accept"),
        *(("provision", point) for point in ("connack", "connected", "suback", "request", "answer", "answered")),
        *(("device", point) for point in ("connack", "connected", "telemetry", "puback", "acked")),
    ],
)
def test_connection_closed_at(world: World, mode: str | None, point: str) -> None:
    world.tb.faults.add(Fault(point=Point(point), action=Action.CLOSE, mode=mode))
    world.configure(run_time_s=60)
    world.device.boot()
    closed = world.wait("fault", point=point)
    if point == "acked":  # the sample is there; the connection is to come back all the same
        world.wait("telemetry", since=closed["seq"])
    world.wait("telemetry")
    check_recovered(world)
