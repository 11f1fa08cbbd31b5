"""Where a device finds its certificates, and how long they may be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tbtools.server import credentials as creds
from tbtools.server.model import CredentialsType, ProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import RSA, Authority, Identity
from tests.variants.firmware import Firmware, build, build_with
from tests.variants.kinds import ONE_WAY, TWO_WAY

MODEL = TWO_WAY[0].model
NAME = "MY_DEVICE_NAME"
SETTINGS = {"host": "127.0.0.1", "device_name": NAME, "prov_key": "MY_KEY", "prov_secret": "MY_SECRET", "run_time_s": 1}
LONGEST = 3999  # what NVS takes as a string


def serving(authority: Authority) -> Iterator[StandInThread]:
    with StandInThread(StandInConfig(tls=authority.server())) as tb:
        tb.create_profile("certificates", "MY_KEY", "MY_SECRET", ProvisionType.ALLOW_CREATE_NEW_DEVICES)
        yield tb


def check_works(device: Firmware, server: StandInThread, identity: Identity) -> None:
    """The device gets in by *identity*, at its first boot and at the second."""
    for _ in range(2):
        assert device.run() == 0, device.log
    found = server.device(NAME)
    assert found is not None
    assert found.credentials.type is CredentialsType.X509_CERTIFICATE
    assert found.credentials.lookup_id == creds.sha3(creds.first_certificate(identity.certificate))
    assert found.telemetry
    assert [event["status"] for event in server.journal.events("provision")] == ["SUCCESS"]


# ---- embedded files ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def identity(authority: Authority) -> Identity:
    return authority.device(NAME)


@pytest.fixture(scope="module")
def program(authority: Authority, identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The firmware with certificates in main/certs."""
    files = {"ca.pem": authority.pem, "client.pem": identity.certificate, "client.key": identity.key}
    return build_with(files, MODEL, tmp_path_factory.mktemp("program"))


@pytest.fixture
def server(authority: Authority) -> Iterator[StandInThread]:
    yield from serving(authority)


def embedded(program: Path, directory: Path, server: StandInThread, **changes: str) -> Firmware:
    device = Firmware(program, directory)
    device.configure({**SETTINGS, "port": server.mqtts_port, **changes})
    return device


def test_embedded_certificates_are_enough(
    program: Path, identity: Identity, server: StandInThread, tmp_path: Path
) -> None:
    check_works(embedded(program, tmp_path, server), server, identity)


def test_certificate_in_NVS_goes_before_the_embedded_one(program: Path, server: StandInThread, tmp_path: Path) -> None:
    other = Authority().device(NAME)
    texts = {"client_cert": other.certificate, "client_key": other.key}
    check_works(embedded(program, tmp_path, server, **texts), server, other)


def test_CA_in_NVS_goes_before_the_embedded_one(program: Path, server: StandInThread, tmp_path: Path) -> None:
    device = embedded(program, tmp_path, server, ca_cert=Authority().pem)
    assert device.first_failure() == "TLS_UNTRUSTED"


def test_embedded_key_does_not_fit_another_certificate(program: Path, server: StandInThread, tmp_path: Path) -> None:
    device = embedded(program, tmp_path, server, client_cert=Authority().device(NAME).certificate)
    assert device.first_failure() == "TLS_BAD_PEM"


# ---- long texts in NVS ---------------------------------------------------------------------------------------------


def chain_of_length(longest: int) -> tuple[Authority, Identity]:
    """A device's RSA certificate and two CAs behind it, in as near to *longest* bytes of PEM as may be."""
    root = Authority(RSA)
    lowest = root.intermediate().intermediate()
    names: list[str] = []
    while True:
        longer = lowest.device(NAME, *names, f"{len(names):020}.example")
        if len(longer.certificate) > longest:
            return root, lowest.device(NAME, *names)
        names.append(f"{len(names):020}.example")


def test_longest_chain_in_NVS(tmp_path: Path) -> None:
    authority, identity = chain_of_length(LONGEST)
    assert LONGEST - 100 < len(identity.certificate) <= LONGEST
    assert "RSA PRIVATE KEY" in identity.key
    texts = {"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key}
    for server in serving(authority):
        device = Firmware(build(MODEL), tmp_path)
        device.configure({**SETTINGS, "port": server.mqtts_port, **texts})
        check_works(device, server, identity)


@pytest.mark.parametrize(
    ("model", "key"),
    [(MODEL, "ca_cert"), (MODEL, "client_cert"), (MODEL, "client_key"), (ONE_WAY[0].model, "ca_cert")],
)
def test_longer_text_in_NVS_is_named(
    model: str, key: str, authority: Authority, identity: Identity, server: StandInThread, tmp_path: Path
) -> None:
    texts = {"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key}
    device = Firmware(build(model), tmp_path)
    device.configure({**SETTINGS, "port": server.mqtts_port, **texts, key: "x" * (LONGEST + 1)})
    assert device.first_failure() == "NOT_CONFIGURED"
    assert f"app_tls: {key}: " in device.log
    assert f"at most {LONGEST} bytes" in device.log
