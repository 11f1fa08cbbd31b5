"""The two use cases, later boots, and servers of other versions."""

import pytest

from tests.model import SAMPLE
from tests.provision.milestones import first_missing, use_case
from tests.provision.suite.expected import COMPLETE, PROVISIONED
from tests.provision.world import NAME, TOKEN, Held, World

# ---- the two use cases ----------------------------------------------------------------------------------------------


def test_use_case_1_allow_creating(world: World) -> None:
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(use_case(world.model), world.device.log) is None
    assert world.names() == [NAME]
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)


def test_use_case_2_pre_provisioned(world: World) -> None:
    profile = world.set_profile("CHECK_PRE_PROVISIONED_DEVICES")
    world.create_device(profile_id=profile)
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(use_case(world.model), world.device.log) is None
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


# ---- later boots ----------------------------------------------------------------------------------------------------


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


# ---- servers of other versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.2", "3.6.4", "3.8.1", "3.9", "4.2"])
def test_server_version(world: World, version: str) -> None:
    world.tb.settings.server_version = version
    world.configure()
    assert world.run() == COMPLETE
    assert first_missing(use_case(world.model), world.device.log) is None
    assert world.held() == Held(TOKEN, PROVISIONED, SAMPLE)
