"""Every kind of credentials over TLS, with both strategies, and every way in which TLS fails."""

import itertools
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from OpenSSL import SSL
from tbtools.server import credentials as creds
from tbtools.server.model import CredentialsType, Device, ProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import RESET, Authority, hanging_up_server, refusing_server
from tests.variants.firmware import Firmware, build
from tests.variants.kinds import CHAIN, ONE_WAY, TWO_WAY, Variant

NAME = "MY_DEVICE_NAME"
KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
CREATE = ProvisionType.ALLOW_CREATE_NEW_DEVICES
CHECK = ProvisionType.CHECK_PRE_PROVISIONED_DEVICES
TOKEN_MODEL = ONE_WAY[0]
X509 = TWO_WAY[0]

Start = Callable[[SSL.Context], StandInThread]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a server that speaks TLS."""
    servers = []

    def enter(tls: SSL.Context) -> StandInThread:
        server = StandInThread(StandInConfig(tls=tls))
        servers.append(server.__enter__())
        return server

    yield enter
    for server in servers:
        server.__exit__()


def configured(model: str, server: StandInThread | int, directory: Path, settings: Mapping[str, object]) -> Firmware:
    port = server if isinstance(server, int) else server.mqtts_port
    device = Firmware(build(model), directory)
    device.configure(
        {
            **{"host": "127.0.0.1", "port": port, "device_name": NAME},
            **{"prov_key": KEY, "prov_secret": SECRET, "run_time_s": 1},
            **settings,
        }
    )
    return device


def found(server: StandInThread) -> Device:
    device = server.device(NAME)
    assert device is not None
    return device


def statuses(server: StandInThread) -> list[str]:
    return [event["status"] for event in server.journal.events("provision")]


# ---- the kinds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ONE_WAY, ids=lambda variant: variant.model)
def test_one_way_allow_creating(variant: Variant, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    server.create_profile("variants", KEY, SECRET, CREATE)
    device = configured(variant.model, server, tmp_path, {"ca_cert": authority.pem, **variant.settings})
    assert device.run() == 0, device.log
    assert found(server).credentials.type is variant.type
    assert found(server).telemetry
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS"]


@pytest.mark.parametrize("variant", ONE_WAY, ids=lambda variant: variant.model)
def test_one_way_pre_provisioned(variant: Variant, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    profile = server.create_profile("variants", KEY, SECRET, CHECK)
    server.create_device(NAME, "TOKEN_OF_THE_SERVER", profile)
    device = configured(variant.model, server, tmp_path, {"ca_cert": authority.pem, **variant.settings})
    assert device.run() == 0, device.log
    assert found(server).telemetry
    assert statuses(server) == ["SUCCESS"]


def with_certificate(authority: Authority) -> dict[str, str]:
    identity = authority.device(NAME)
    return {"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key}


def test_two_way_allow_creating(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    server.create_profile("variants", KEY, SECRET, CREATE)
    settings = with_certificate(authority)
    device = configured(X509.model, server, tmp_path, settings)
    assert device.run() == 0, device.log
    assert found(server).credentials.type is CredentialsType.X509_CERTIFICATE
    assert found(server).telemetry
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS"]
    for line in settings["client_key"].splitlines()[1:-1]:
        assert line not in device.log


def test_two_way_pre_provisioned(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    profile = server.create_profile("variants", KEY, SECRET, CHECK)
    settings = with_certificate(authority)
    credentials = creds.x509_certificate(creds.first_certificate(settings["client_cert"]))
    server.run(lambda standin: standin.store.create_device(NAME, profile, credentials))
    device = configured(X509.model, server, tmp_path, settings)
    assert device.run() == 0, device.log
    assert found(server).telemetry
    assert statuses(server) == ["SUCCESS"]


@pytest.mark.parametrize("fault", ["answer:close", "answer:drop"])
def test_two_way_survives_a_lost_answer(fault: str, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    server.create_profile("variants", KEY, SECRET, CREATE)
    server.faults.add(fault)
    device = configured(X509.model, server, tmp_path, with_certificate(authority))
    assert device.run() == 0, device.log
    assert statuses(server) == ["SUCCESS", "FAILURE"]
    assert found(server).telemetry


@pytest.mark.parametrize("place", ["root", "intermediate"])
def test_chain_asks_for_nothing(place: str, start: Start, tmp_path: Path) -> None:
    root = Authority()
    intermediate = root.intermediate()
    server = start(root.server())
    configuration = {
        "type": "X509_CERTIFICATE_CHAIN",
        "provisionDeviceSecret": {"root": root, "intermediate": intermediate}[place].pem,
        "certificateRegExPattern": "(.*)",
        "allowCreateNewDevicesByX509Certificate": True,
    }
    profile_data = {"provisionConfiguration": configuration}
    server.create_profile("chain", "", "", ProvisionType.X509_CERTIFICATE_CHAIN, profileData=profile_data)
    identity = intermediate.device(NAME)
    settings = {"client_cert": identity.certificate + root.pem, "client_key": identity.key, "ca_cert": root.pem}
    device = configured(CHAIN, server, tmp_path, settings)
    assert device.run() == 0, device.log
    assert found(server).telemetry
    assert statuses(server) == []


# ---- what fails ----------------------------------------------------------------------------------------------------


def test_wrong_CA(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": Authority().pem})
    assert device.first_failure() == "TLS_UNTRUSTED"


def test_expired(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server(expired=True))
    device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": authority.pem})
    assert device.first_failure() == "TLS_EXPIRED"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_wrong_host(host: str, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server(host="thingsboard.example"))
    device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": authority.pem, "host": host})
    assert device.first_failure() == "TLS_WRONG_HOST"


def test_platform_does_not_trust_the_test_CA(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    device = configured(TOKEN_MODEL.model, server, tmp_path, {})
    assert device.first_failure() == "TLS_UNTRUSTED"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_server_that_needs_a_certificate(version: ssl.TLSVersion, authority: Authority, tmp_path: Path) -> None:
    """TLS 1.3 tells the client after its handshake (RFC 8446, 4.4.2.4)."""
    tls = authority.strict_server(needs_certificate=True)
    tls.minimum_version = tls.maximum_version = version
    with refusing_server(tls) as port:
        device = configured(TOKEN_MODEL.model, port, tmp_path, {"ca_cert": authority.pem})
        assert device.first_failure() == "TLS_CERTIFICATE", device.log


def test_certificate_of_another_CA(authority: Authority, tmp_path: Path) -> None:
    settings = {**with_certificate(Authority()), "ca_cert": authority.pem}
    with refusing_server(authority.strict_server()) as port:
        device = configured(CHAIN, port, tmp_path, settings)
        assert device.first_failure() == "TLS_CERTIFICATE", device.log


def test_unknown_certificate(authority: Authority, start: Start, tmp_path: Path) -> None:
    """ThingsBoard lets any certificate through the handshake, whoever has signed it."""
    server = start(authority.server())
    device = configured(CHAIN, server, tmp_path, {**with_certificate(Authority()), "ca_cert": authority.pem})
    assert device.first_failure() == "CERTIFICATE_UNKNOWN"


def test_expired_certificate(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    identity = authority.device(NAME, expired=True)
    credentials = creds.x509_certificate(creds.first_certificate(identity.certificate))
    server.run(lambda standin: standin.store.create_device(NAME, standin.store.default_profile(), credentials))
    settings = {"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key}
    device = configured(CHAIN, server, tmp_path, settings)
    assert device.first_failure() == "CERTIFICATE_UNKNOWN"


@pytest.mark.parametrize("missing", ["client_cert", "client_key"])
def test_no_certificate(missing: str, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    settings = with_certificate(authority)
    del settings[missing]
    device = configured(X509.model, server, tmp_path, settings)
    assert device.first_failure() == "NO_CERTIFICATE"


@pytest.mark.parametrize(
    "text", ["", "no PEM at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_CA_that_cannot_be_read(text: str, authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": text})
    assert device.first_failure() == "TLS_BAD_PEM"


def test_key_of_another_certificate(authority: Authority, start: Start, tmp_path: Path) -> None:
    server = start(authority.server())
    settings = {**with_certificate(authority), "client_key": authority.device("OTHER").key}
    device = configured(CHAIN, server, tmp_path, settings)
    assert device.first_failure() == "TLS_BAD_PEM"


def test_port_without_TLS(authority: Authority, tmp_path: Path) -> None:
    with StandInThread() as server:
        device = configured(TOKEN_MODEL.model, server.mqtt_port, tmp_path, {"ca_cert": authority.pem})
        assert device.first_failure() == "TLS_FAILED"


@pytest.mark.parametrize("linger", [None, RESET], ids=["closes", "resets"])
def test_server_that_hangs_up_before_it_says_anything(
    linger: bytes | None, authority: Authority, tmp_path: Path
) -> None:
    """It was reached, so it is not the network; whoever does so may speak no TLS, or block this address."""
    with hanging_up_server(linger) as port:
        device = configured(TOKEN_MODEL.model, port, tmp_path, {"ca_cert": authority.pem})
        assert device.first_failure() == "TLS_FAILED"


def test_nobody_listens(authority: Authority, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    device = configured(TOKEN_MODEL.model, port, tmp_path, {"ca_cert": authority.pem})
    assert device.first_failure() == "UNREACHABLE"


def test_failure_of_TLS_is_forgotten_by_the_next_connection(authority: Authority, tmp_path: Path) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(StandInThread(StandInConfig(tls=authority.server())))
        device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": Authority().pem})
        with device.failures() as names:
            assert next(names) == "TLS_UNTRUSTED"
            stack.close()
            assert "UNREACHABLE" in itertools.islice(names, 3)


def test_a_failure_of_TLS_is_tried_again(authority: Authority, start: Start, tmp_path: Path) -> None:
    """Whoever mends the server, or its certificate, gets the device back."""
    server = start(authority.server())
    server.create_profile("variants", KEY, SECRET, CREATE)
    device = configured(TOKEN_MODEL.model, server, tmp_path, {"ca_cert": Authority().pem})
    assert device.first_failure() == "TLS_UNTRUSTED"
    device.configure({"ca_cert": authority.pem})
    assert device.run() == 0, device.log
    assert found(server).telemetry
