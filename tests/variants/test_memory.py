"""What a core dump of the device would hold: in its own memory no secret stays longer than it is needed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tbtools.server.model import ProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import Authority
from tests.variants.firmware import Firmware, build
from tests.variants.kinds import PLAIN, TWO_WAY, Variant

KEY = "CANARY_OF_THE_PROVISION_KEY"
SECRET = "CANARY_OF_THE_PROVISION_SECRET"
AT_WORK = r"TBCM_EVENT_PUBLISHED, msg_id=\d+\n(.*\n)*.*\[Telemetry\]\[Tx\](.*\n)+.*TBCM_EVENT_PUBLISHED"
OFFLINE = r"TB_OUTCOME_CONNECTION_LOST.*\n(.*\n)*.*It already disconnected"


@pytest.fixture
def server() -> Iterator[StandInThread]:
    with StandInThread() as tb:
        tb.create_profile("memory", KEY, SECRET, ProvisionType.ALLOW_CREATE_NEW_DEVICES)
        yield tb


def device_of(model: str, port: int, directory: Path, **settings: object) -> Firmware:
    device = Firmware(build(model), directory)
    device.configure(
        {
            **{"host": "127.0.0.1", "port": port, "device_name": "MY_DEVICE_NAME"},
            **{"prov_key": KEY, "prov_secret": SECRET, "run_time_s": 20, **settings},
        }
    )
    return device


@pytest.mark.parametrize("variant", PLAIN, ids=lambda variant: variant.model)
def test_key_and_secret_are_gone_once_the_device_works(variant: Variant, server: StandInThread, tmp_path: Path) -> None:
    device = device_of(variant.model, server.mqtt_port, tmp_path, **variant.settings)
    for boot in ("that provisions", "that has credentials"):
        memory = device.memory_at(AT_WORK if boot == "that provisions" else "TBCM_EVENT_PUBLISHED")
        assert KEY.encode() not in memory, f"the key, in the boot {boot}"
        assert SECRET.encode() not in memory, f"the secret, in the boot {boot}"


def test_search_finds_what_is_there(server: StandInThread, tmp_path: Path) -> None:
    """While the device provisions it needs key and secret; at work it needs its token."""
    device = device_of(PLAIN[0].model, server.mqtt_port, tmp_path, token="CANARY_OF_THE_TOKEN")
    memory = device.memory_at(r"\[Provision\]\[Tx\]")
    assert KEY.encode() in memory
    assert SECRET.encode() in memory
    assert b"CANARY_OF_THE_TOKEN" in device.memory_at(AT_WORK)


def test_private_key_is_there_only_while_a_connection_shows_it(tmp_path: Path) -> None:
    authority = Authority()
    identity = authority.device("MY_DEVICE_NAME")
    texts = {"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key}
    body = identity.key.splitlines()[1].encode()
    with StandInThread(StandInConfig(tls=authority.server())) as tb:
        tb.create_profile("memory", KEY, SECRET, ProvisionType.ALLOW_CREATE_NEW_DEVICES)
        device = device_of(TWO_WAY[0].model, tb.mqtts_port, tmp_path, **texts)
        assert body in device.memory_at(AT_WORK)
        tb.faults.add("acked:close")
        assert body not in device.memory_at(OFFLINE)
