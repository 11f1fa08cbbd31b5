"""What the server refuses, and what can be missing."""

import pytest
from tbtools.server.faults import Action, Fault, Point

from tests.model import SAMPLE
from tests.provision.suite.expected import COMPLETE, GAVE_UP, PROVISIONED
from tests.provision.world import NAME, TOKEN, Held, World

# ---- what the server refuses ----------------------------------------------------------------------------------------


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


# ---- what can be missing --------------------------------------------------------------------------------------------


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
