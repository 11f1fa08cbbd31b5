"""What the firmware does, on whatever it runs on. `pytest --help`, group "provision", says how to choose that."""

from collections.abc import Iterator

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tbtools.server.faults import Action, Fault, Point

from tests.model import SAMPLE
from tests.provision.device import Device
from tests.provision.milestones import USE_CASE, first_missing
from tests.provision.world import KEY, NAME, SECRET, TOKEN, Held, World

COMPLETE = 0
GAVE_UP = 1
PROVISIONED = "provisioned"
FRONT = "FRONT-CONN: Connected to thingsboard server!"
WORKING = "NORMAL-CONN: Connected to thingsboard server!"


@pytest.fixture
def world(device: Device, server_host: str) -> Iterator[World]:
    world = World(device, server_host)
    yield world
    device.power_cut()
    world.stop_server()


# ---- the two use cases ---------------------------------------------------------------------------------------------


def test_use_case_1_allow_creating(world: World) -> None:
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(USE_CASE, world.device.log) is None
    assert world.names() == [NAME]
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


def test_use_case_2_pre_provisioned(world: World) -> None:
    profile = world.set_profile("CHECK_PRE_PROVISIONED_DEVICES")
    world.create_device(profile_id=profile)
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(USE_CASE, world.device.log) is None
    assert world.names() == [NAME]
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


def test_pre_provisioned_device_takes_the_token_that_the_server_has(world: World) -> None:
    profile = world.set_profile("CHECK_PRE_PROVISIONED_DEVICES")
    world.create_device(token="TOKEN_OF_THE_SERVER", profile_id=profile)
    world.configure()
    world.work()
    assert world.held() == Held("TOKEN_OF_THE_SERVER", PROVISIONED, SAMPLE)


def test_disconnects_at_the_end(world: World) -> None:
    world.configure()
    assert world.run() == COMPLETE
    assert len(world.tb.journal.events("disconnect", mode="provision")) == 1
    assert len(world.tb.journal.events("disconnect", mode="device")) == 1
    assert world.tb.journal.events("close", by="server") == []


# ---- later boots ---------------------------------------------------------------------------------------------------


def test_later_boots_do_not_provision_again(world: World) -> None:
    world.configure()
    world.work()
    mark = world.mark()
    for _ in range(3):
        world.work()
    world.device.power_cut()
    assert world.statuses() == ["SUCCESS"]
    assert [event["mode"] for event in world.tb.journal.events("connect", mark)] == ["device"] * 3
    assert world.names() == [NAME]


def test_device_comes_back_after_the_server_did(world: World) -> None:
    world.configure(run_time_s=60)
    world.work()
    world.stop_server()
    world.device.expect("TB_OUTCOME_CONNECTION_LOST")
    world.start_server()
    world.create_device()
    world.wait("telemetry")
    assert world.statuses() == []


# ---- what the server refuses ---------------------------------------------------------------------------------------


def test_wrong_secret_ends_and_keeps_nothing(world: World) -> None:
    world.configure(prov_secret="NOT_THE_SECRET")
    assert world.run() == GAVE_UP
    assert "tb_session: TB_OUTCOME_NOT_FOUND: NOT_FOUND: provision key or secret is wrong" in world.device.log
    assert world.names() == []
    world.set_profile("ALLOW_CREATE_NEW_DEVICES", secret="NOT_THE_SECRET")
    world.work()
    assert world.statuses() == ["NOT_FOUND", "SUCCESS"]


def test_provisioning_disabled(world: World) -> None:
    world.set_profile("DISABLED")
    world.configure()
    assert world.run() == GAVE_UP
    assert "TB_OUTCOME_NOT_FOUND" in world.device.log


def test_device_name_taken(world: World) -> None:
    world.create_device(token="TOKEN_OF_ANOTHER")
    world.configure()
    assert world.run() == GAVE_UP
    assert "tb_session: TB_OUTCOME_FAILURE: FAILURE: device name or token is taken" in world.device.log
    assert world.run() == GAVE_UP  # and nothing of the first refusal is tried
    assert world.held() == Held("TOKEN_OF_ANOTHER", None, {})
    assert [event["mode"] for event in world.tb.journal.events("connect")] == ["provision", "provision"]


def test_not_pre_provisioned(world: World) -> None:
    world.set_profile("CHECK_PRE_PROVISIONED_DEVICES")
    world.configure()
    assert world.run() == GAVE_UP
    assert "TB_OUTCOME_FAILURE" in world.device.log
    assert world.names() == []


def test_credentials_of_another_kind(world: World) -> None:
    answer = b'{"credentialsValue":"MIIB","credentialsType":"X509_CERTIFICATE","status":"SUCCESS"}'
    world.tb.faults.add(Fault(point=Point.ANSWER, action=Action.MALFORM, payload=answer))
    world.configure()
    assert world.run() == GAVE_UP
    assert "TB_OUTCOME_WRONG_KIND" in world.device.log


def test_deleted_device_keeps_its_credentials_and_tries_again(world: World) -> None:
    world.configure(run_time_s=60)
    world.work()
    world.device.power_cut()
    world.delete_device()
    world.device.boot()
    for _ in range(2):
        world.device.expect(r"TB_OUTCOME_NOT_AUTHORIZED: connection refused, code 5: .*next attempt in \d+ ms")
    world.create_device()
    world.wait("telemetry", device=NAME)
    assert world.statuses() == ["SUCCESS"]


@pytest.mark.parametrize("mode", ["provision", "device"])
@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (1, "REFUSED_PROTOCOL"),
        (2, "REFUSED_ID"),
        (3, "REFUSED_BUSY"),
        (4, "REFUSED_LOGIN"),
        (5, "NOT_AUTHORIZED"),
        (200, "REFUSED_OTHER"),
    ],
)
def test_connection_refused_once(world: World, mode: str, code: int, outcome: str) -> None:
    world.tb.faults.add(Fault(point=Point.CONNACK, action=Action.REFUSE, mode=mode, code=code))
    world.configure()
    world.work()
    assert f"TB_OUTCOME_{outcome}" in world.device.log
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


# ---- what can be missing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("setting", "text"), [("prov_key", "Device key"), ("prov_secret", "Device secret")])
def test_not_configured_names_what_is_missing(world: World, setting: str, text: str) -> None:
    world.configure(**{setting: ""})
    assert world.run() == GAVE_UP
    assert f"{text} is not set: run menuconfig" in world.device.log
    assert "TB_OUTCOME_NOT_CONFIGURED: not configured" in world.device.log


def test_no_server_configured(world: World) -> None:
    world.configure(host="")
    assert world.run() == GAVE_UP
    assert "TB_OUTCOME_NOT_CONFIGURED: not configured" in world.device.log


@pytest.mark.parametrize(("setting", "value"), [("port", "1883x"), ("port", "65536"), ("host", "h" * 256)])
def test_bad_setting_is_named(world: World, setting: str, value: str) -> None:
    world.configure(**{setting: value})
    assert world.run() == GAVE_UP
    assert f"app_settings: {setting}: " in world.device.log


def test_without_token_each_device_makes_its_own(world: World) -> None:
    tokens = []
    for name in ("first", "second"):
        world.configure(device_name=name, token="")
        world.work()
        tokens.append(world.held(name).token)
    first, second = tokens
    assert first != second
    assert len(first) == len(second) == 20


def test_without_device_name_the_device_id_is_taken(world: World) -> None:
    world.configure(device_name="")
    world.work()
    world.work()
    (name,) = world.names()
    prefix, _, mac = name.rpartition("-")
    assert prefix == world.device.target
    assert len(bytes.fromhex(mac)) == 6
    assert {event["client_id"] for event in world.tb.journal.events("connect")} == {name}


def test_server_down_at_boot(world: World) -> None:
    world.stop_server()
    world.configure()
    world.device.boot()
    world.device.expect(r"TB_OUTCOME_UNREACHABLE: the server cannot be reached; next attempt in \d+ ms")
    world.start_server()
    assert world.device.wait_end() == COMPLETE
    assert world.device.log.count("[APP] Startup") == 1
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


# ---- power cuts, lost and strange answers --------------------------------------------------------------------------


def check_recovered(world: World, token: str = TOKEN) -> None:
    """There is one device, it works, and it has stored what it works with."""
    assert world.names() == [NAME]
    held = world.held()
    assert held == Held(token or held.token, PROVISIONED, SAMPLE)
    mark = world.mark()
    world.work()
    assert world.statuses(mark) == []


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


# ---- servers of other versions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.2", "3.6.4", "3.8.1", "3.9", "4.2"])
def test_server_version(world: World, version: str) -> None:
    world.tb.settings.server_version = version
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(USE_CASE, world.device.log) is None
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


# ---- at work -------------------------------------------------------------------------------------------------------


def test_telemetry_repeats(world: World) -> None:
    world.configure(run_time_s=60, telemetry_s=1)
    world.work()
    second = world.wait("telemetry", since=world.mark())
    third = world.wait("telemetry", since=second["seq"])
    assert third["keys"] == sorted(SAMPLE)
    assert third["ts"] - second["ts"] > 500


def test_another_client_takes_the_place(world: World) -> None:
    world.configure(run_time_s=60)
    world.work()
    mark = world.mark()
    other = Client(CallbackAPIVersion.VERSION2, client_id="another", reconnect_on_failure=False)
    other.username_pw_set(TOKEN)
    other.connect(world.tb.url.split("//")[1].split(":")[0], world.tb.mqtt_port)
    other.loop_start()
    world.device.expect(r"TB_OUTCOME_CONNECTION_LOST: connection lost; next attempt in \d+ ms")
    world.wait("close", since=mark, cause="taken over")
    world.wait("telemetry", since=mark)
    other.loop_stop()


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("v1/devices/me/rpc/request/0", b'{"method":"reboot","params":null}'),
        ("v1/devices/me/attributes", b'{"deleted":["a"]}'),
        ("v1/devices/me/attributes", b""),
        ("v1/devices/me/attributes", b"\x00" * 60_000),
    ],
    ids=["rpc", "attributes", "empty", "oversize"],
)
def test_message_that_nobody_asked_for(world: World, topic: str, payload: bytes) -> None:
    world.configure(run_time_s=60, telemetry_s=1)
    world.work()
    mark = world.mark()
    for _ in range(30):
        world.push(topic, payload)
    world.wait("telemetry", since=mark)
    assert world.tb.journal.events("close", mode="device") == []
    check_recovered(world)


def test_flood_does_not_hide_the_end_of_the_connection(world: World) -> None:
    world.configure(run_time_s=60, telemetry_s=0)
    world.work()
    mark = world.mark()
    world.push_and_drop("v1/devices/me/attributes", b"{}", count=400)
    world.device.expect("TB_OUTCOME_CONNECTION_LOST")
    world.wait("telemetry", since=mark)


def test_answer_that_was_not_asked_for_changes_no_credentials(world: World) -> None:
    world.configure(run_time_s=60, telemetry_s=1)
    world.work()
    forged = b'{"credentialsValue":"X","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}'
    world.push("/provision/response", forged)
    world.wait("telemetry", since=world.mark())
    world.drop_connection()
    world.wait("telemetry", since=world.mark())
    assert "TB_OUTCOME_NOT_AUTHORIZED" not in world.device.log


def test_message_with_an_endless_topic(world: World) -> None:
    """The device may drop the connection over it, but comes back."""
    world.configure(run_time_s=60, telemetry_s=1)
    world.work()
    mark = world.mark()
    world.push("t" * 60_000, b"{}")
    world.wait("telemetry", since=mark)
    check_recovered(world)


# ---- secrets -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_no_secret_in_the_log(world: World, token: str) -> None:
    if world.device.sdkconfig["TB_LOG_SECRETS"]:
        pytest.skip("this build prints secrets, as configured")
    cut_off = f'{{"credentialsValue":"{TOKEN}","credentialsType":"ACCESS_TOKEN","status":"SUCC'
    world.tb.faults.add(Fault(point=Point.ANSWER, action=Action.MALFORM, payload=cut_off.encode()))
    world.configure(token=token)
    assert world.run() == COMPLETE
    world.work()
    secrets = (KEY, SECRET, TOKEN, world.held().token)
    assert [secret for secret in secrets if secret in world.device.log] == []
    assert '"provisionDeviceSecret":"***"' in world.device.log
