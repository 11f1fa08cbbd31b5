"""Every kind of credentials over plain MQTT, from the first boot to telemetry, with both strategies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tbtools.server import credentials as creds
from tbtools.server.model import Credentials, CredentialsType, Profile, ProvisionType
from tbtools.server.standin import StandIn
from tbtools.server.thread import StandInThread

from tests.variants.firmware import Firmware, build
from tests.variants.kinds import PLAIN, Variant

NAME = "MY_DEVICE_NAME"
KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
CREATE = ProvisionType.ALLOW_CREATE_NEW_DEVICES
CHECK = ProvisionType.CHECK_PRE_PROVISIONED_DEVICES

each_variant = pytest.mark.parametrize("variant", PLAIN, ids=lambda variant: variant.model)


@pytest.fixture
def server() -> Iterator[StandInThread]:
    with StandInThread() as tb:
        yield tb


def boot(variant: Variant, server: StandInThread, directory: Path, **changes: object) -> Firmware:
    """Return a device of *variant*, configured for *server* and off."""
    device = Firmware(build(variant.model), directory)
    device.configure(
        {
            **{"host": "127.0.0.1", "port": server.mqtt_port, "device_name": NAME},
            **{"prov_key": KEY, "prov_secret": SECRET, "run_time_s": 1},
            **variant.settings,
            **changes,
        }
    )
    return device


def profile(server: StandInThread, strategy: ProvisionType) -> Profile:
    return server.create_profile("variants", KEY, SECRET, strategy)


def add_device(server: StandInThread, of: Profile, credentials: Credentials) -> None:
    """Do what an administrator does before the device is there."""
    server.run(lambda standin: standin.store.create_device(NAME, of, credentials))


def held(server: StandInThread) -> Credentials:
    device = server.device(NAME)
    assert device is not None
    return device.credentials


def has_telemetry(server: StandInThread) -> bool:
    device = server.device(NAME)
    return device is not None and bool(device.telemetry)


def credentials_of(variant: Variant) -> Credentials:
    """The credentials that the server holds when it gave what the device had asked for."""
    texts = variant.settings
    if variant.type is CredentialsType.MQTT_BASIC:
        fields = creds.BasicFields(texts.get("client_id", ""), texts.get("username", ""), texts.get("password", ""))
        return creds.mqtt_basic(fields)
    return creds.access_token(texts.get("token", "TOKEN_OF_THE_SERVER"))


def statuses(server: StandInThread) -> list[str]:
    return [event["status"] for event in server.journal.events("provision")]


@each_variant
def test_allow_creating(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    profile(server, CREATE)
    device = boot(variant, server, tmp_path)
    assert device.run() == 0, device.log
    assert held(server).type is variant.type
    if variant.settings:
        assert held(server).lookup_id == credentials_of(variant).lookup_id
        assert held(server).value == credentials_of(variant).value
    assert has_telemetry(server)
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS"], "the second boot must not ask again"


@each_variant
def test_pre_provisioned(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    add_device(server, profile(server, CHECK), credentials_of(variant))
    device = boot(variant, server, tmp_path)
    assert device.run() == 0, device.log
    assert has_telemetry(server)
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS"]


@each_variant
def test_texts_that_are_not_set_are_made_by_the_device(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    profile(server, CREATE)
    seen = set()
    for name in ("FIRST", "SECOND"):
        empty = dict.fromkeys(variant.settings, "")
        device = boot(variant, server, tmp_path / name, device_name=name, **empty)
        assert device.run() == 0, device.log
        found = server.device(name)
        assert found is not None
        assert found.credentials.type is variant.type
        seen.add(found.credentials.lookup_id)
    assert len(seen) == 2


@each_variant
def test_an_answer_of_another_kind_is_taken(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    """A pre-provisioned device is given what it has, whatever it asked for (contract 2.3, 2.4)."""
    other = creds.access_token("ANOTHER_TOKEN")
    if variant.type is CredentialsType.ACCESS_TOKEN:
        other = creds.mqtt_basic(creds.BasicFields("OTHER_ID", "OTHER_NAME", "OTHER_PASSWORD"))
    add_device(server, profile(server, CHECK), other)
    device = boot(variant, server, tmp_path)
    if variant.model == "dev_sup_access_token_wo_ssl":  # it carries no code for more than a token
        assert device.run() == 1
        assert "TB_OUTCOME_WRONG_KIND" in device.log
        return
    assert device.run() == 0, device.log
    assert has_telemetry(server)
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS"]


@pytest.mark.parametrize("variant", [each for each in PLAIN if each.settings], ids=lambda variant: variant.model)
@pytest.mark.parametrize("fault", ["answer:close", "answer:drop", "answer:malform={}"])
def test_a_lost_answer_loses_no_device(variant: Variant, fault: str, server: StandInThread, tmp_path: Path) -> None:
    profile(server, CREATE)
    server.faults.add(fault)
    device = boot(variant, server, tmp_path)
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS", "FAILURE"]
    assert has_telemetry(server)


def test_credentials_that_the_server_made_are_lost_with_its_answer(server: StandInThread, tmp_path: Path) -> None:
    """Nobody can help that but an administrator, and the log says so (contract 2.7)."""
    variant = next(each for each in PLAIN if not each.settings)
    profile(server, CREATE)
    server.faults.add("answer:close")
    device = boot(variant, server, tmp_path)
    assert device.run() == 1
    assert "TB_OUTCOME_FAILURE" in device.log
    server.run(_delete)
    assert device.run() == 0, device.log
    assert has_telemetry(server)


def _delete(standin: StandIn) -> None:
    device = standin.store.device_by_name(NAME)
    assert device is not None
    standin.store.delete_device(device)


@each_variant
def test_no_secret_is_in_the_log(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    profile(server, CREATE)
    device = boot(variant, server, tmp_path)
    assert device.run() == 0
    for secret in (KEY, SECRET, *variant.settings.values()):
        assert secret not in device.log
