"""At work, and what the log must not tell."""

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tbtools.server.faults import Action, Fault, Point

from tests.model import SAMPLE
from tests.provision.suite.expected import COMPLETE, check_recovered
from tests.provision.world import KEY, SECRET, TOKEN, World

# ---- at work --------------------------------------------------------------------------------------------------------


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


# ---- secrets --------------------------------------------------------------------------------------------------------


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
