"""From a list to devices at work: what is in the images, on the firmware for Linux, against the stand-in in use case 2,
with devices that were created from the import file.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest
from tbtools.server.model import CredentialsType, Device, ProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import Authority
from tests.factory.conftest import Factory, settings_in
from tests.server.importing import import_csv
from tests.variants.firmware import Firmware, build

KEY, SECRET = "MY_PROVISION_KEY", "MY_PROVISION_SECRET"
PROFILE = "sensors"
NAMES = ("kitchen", 'Küche, "links"')
TOKEN = "dev_sup_access_token_wo_ssl"
BASIC = "dev_sup_basic_mqtt_credential_cup_wo_ssl"
X509 = "dev_sup_x509_certificate_w_twowayssl"
CHAIN = "dev_sup_x509_chain_w_twowayssl"
KINDS = {
    TOKEN: CredentialsType.ACCESS_TOKEN,
    BASIC: CredentialsType.MQTT_BASIC,
    X509: CredentialsType.X509_CERTIFICATE,
    CHAIN: CredentialsType.X509_CERTIFICATE,
}


@pytest.fixture
def made(factory: Factory, environment: pytest.MonkeyPatch) -> Factory:
    """Make a batch of the two devices, for a server on this computer."""
    environment.setenv("TB_PROVISION_KEY", KEY)
    environment.setenv("TB_PROVISION_SECRET", SECRET)
    lines = ["name,label", *(f'"{name.replace(chr(34), 2 * chr(34))}",a label' for name in NAMES)]
    Path("devices.csv").write_text("\n".join(lines), encoding="utf-8")
    common = ("make", "--csv", "devices.csv", "--host", "127.0.0.1", "--profile", PROFILE, "--run-time-s", 1)
    return lambda *arguments: factory(*common, *arguments)


def check(server: StandInThread, model: str, directory: Path) -> None:
    """Import the batch, let each device of it run, and look at what the server has of it."""
    folder = Path("tb_factory/devices")
    result = import_csv(server, (folder / "thingsboard_import.csv").read_text(encoding="utf-8"))
    assert (result.created, result.errors_list) == (len(NAMES), [])
    for index, name in enumerate(NAMES):
        settings = settings_of(folder, name)
        before = known(server, name).credentials
        device = Firmware(build(model), directory / str(index))
        device.configure(settings)
        assert device.run() == 0, device.log
        after = known(server, name)
        assert after.telemetry
        assert after.profile.name == PROFILE
        assert after.credentials.type is KINDS[model]
        assert after.credentials.value == before.value
        assert after.credentials.lookup_id == before.lookup_id
    assert {device.name for device in server.run(lambda standin: list(standin.store.devices()))} == set(NAMES)


def settings_of(folder: Path, name: str) -> Mapping[str, str]:
    file = {"kitchen": "kitchen", NAMES[1]: "K%C3%BCche%2C%20%22links%22"}[name]
    return settings_in(folder, file)


def known(server: StandInThread, name: str) -> Device:
    device = server.device(name)
    assert device is not None
    return device


@pytest.mark.parametrize("encrypt", [False, True])
@pytest.mark.parametrize("model", [TOKEN, BASIC])
def test_devices_provision_with_what_is_in_their_images(
    made: Factory, tmp_path: Path, model: str, encrypt: bool
) -> None:
    with StandInThread() as server:
        server.create_profile(PROFILE, KEY, SECRET, ProvisionType.CHECK_PRE_PROVISIONED_DEVICES)
        options = ("--model", model, "--port", server.mqtt_port, *(["--encrypt"] if encrypt else []))
        assert made(*options).status == 0
        check(server, model, tmp_path)
        assert [event["status"] for event in server.journal.events("provision")] == ["SUCCESS"] * len(NAMES)


@pytest.mark.parametrize("model", [X509, CHAIN])
def test_devices_with_certificates(made: Factory, tmp_path: Path, model: str) -> None:
    authority = Authority()
    Path("server-ca.pem").write_text(authority.pem)
    options = ("--model", model, "--server-ca", "server-ca.pem", "--ca-cert", "ca.pem", "--ca-key", "ca.key")
    with StandInThread(StandInConfig(tls=authority.server())) as server:
        server.create_profile(PROFILE, KEY, SECRET, ProvisionType.CHECK_PRE_PROVISIONED_DEVICES)
        done = made(*options, "--new-ca", "--port", server.mqtts_port)
        assert done.status == 0, done.result
        check(server, model, tmp_path)
        answers = [event["status"] for event in server.journal.events("provision")]
        assert answers == (["SUCCESS"] * len(NAMES) if model == X509 else [])
