"""MQTT over TLS, and what a client certificate is worth (contract 1.1, 1.2, 1.4, 2.8)."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tbtools.server import credentials as creds
from tbtools.server import tls
from tbtools.server.model import CredentialsType, Profile, ProvisionType, Scope
from tbtools.server.standin import StandIn, StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import Authority, Identity
from tests.server.mqtt_client import TELEMETRY, RawClient, connect_packet, publish_packet

AUTHORITY = Authority()
VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]

Connect = Callable[..., RawClient]


@pytest.fixture(scope="module")
def server() -> Iterator[StandInThread]:
    with StandInThread(StandInConfig(tls=AUTHORITY.server())) as standin:
        yield standin


@pytest.fixture(params=VERSIONS, ids=lambda version: version.name)
def connect(request: pytest.FixtureRequest, tb: StandInThread, tmp_path: Path) -> Iterator[Connect]:
    """A function that opens a TLS connection, with the certificate of an identity or none; in either version."""
    clients: list[RawClient] = []

    def open_client(identity: Identity | None = None, **fields: Any) -> RawClient:
        client = RawClient(tb.mqtts_port)
        clients.append(client)
        client.socket = client_context(request.param, identity, tmp_path).wrap_socket(
            client.socket, server_hostname="127.0.0.1"
        )
        if fields:
            client.connect(**fields)
        return client

    yield open_client
    for client in clients:
        client.close()


def client_context(version: ssl.TLSVersion, identity: Identity | None, folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=AUTHORITY.pem)
    context.minimum_version = context.maximum_version = version
    if identity is not None:
        file = folder / "client.pem"
        file.write_text(identity.certificate + identity.key)
        context.load_cert_chain(file)
    return context


def register(tb: StandInThread, name: str, identity: Identity) -> None:
    """Give a device the certificate of *identity*, as an administrator does."""
    credentials = creds.x509_certificate(creds.first_certificate(identity.certificate))
    tb.run(lambda standin: standin.store.create_device(name, standin.store.default_profile(), credentials))


def chain_profile(
    tb: StandInThread, name: str, certificate: str, pattern: str = "(.*)", create: bool = True
) -> Profile:
    configuration = {
        "type": "X509_CERTIFICATE_CHAIN",
        "provisionDeviceSecret": certificate,
        "certificateRegExPattern": pattern,
        "allowCreateNewDevicesByX509Certificate": create,
    }
    profile_data = {"provisionConfiguration": configuration}
    return tb.create_profile(name, "", "", ProvisionType.X509_CERTIFICATE_CHAIN, profileData=profile_data)


# -- plain and TLS


def test_without_a_certificate_the_token_counts(connect: Connect, token: str) -> None:
    connect().login(username=token)


def test_both_ports_serve_the_same_devices(tb: StandInThread, connect: Connect, token: str) -> None:
    plain = RawClient(tb.mqtt_port)
    plain.login(username=token)
    connect().login(username=token)
    plain.expect_closed()


def test_without_a_certificate_of_its_own_it_serves_no_TLS() -> None:
    with StandInThread() as plain:
        assert plain.mqtts_port == 0


def test_large_messages_pass_both_ways(tb: StandInThread, connect: Connect, name: str) -> None:
    device = tb.create_device(name, f"T{name}")
    client = connect(username=f"T{name}")
    assert client.connack() == 0
    client.publish(TELEMETRY, b'{"long":"' + b"x" * 60_000 + b'"}')
    client.puback()
    assert device.latest("long") is not None
    device.set_attributes(Scope.SHARED_SCOPE, {"long": "y" * 60_000})
    client.publish("v1/devices/me/attributes/request/1", b'{"sharedKeys":"long"}')
    client.puback()
    assert b"y" * 60_000 in client.message().payload


def test_client_that_does_not_read_is_not_read_from(tb: StandInThread, connect: Connect, name: str) -> None:
    """Its answers would otherwise pile up here."""
    device = tb.create_device(name, f"T{name}")
    device.set_attributes(Scope.SHARED_SCOPE, {"long": "y" * 60_000})
    client = connect(username=f"T{name}")
    assert client.connack() == 0
    client.socket.settimeout(1.0)
    request = publish_packet("v1/devices/me/attributes/request/1", b'{"sharedKeys":"long"}', qos=0)
    with pytest.raises(TimeoutError):
        client.send(request * 100_000)


def test_all_in_segments_of_one_byte(tb: StandInThread, connect: Connect, token: str) -> None:
    tb.faults.add("accept:split=1")
    client = connect(username=token)
    assert client.connack() == 0
    client.ping()


def test_end_is_told(tb: StandInThread, connect: Connect, token: str) -> None:
    client = connect(username=token)
    assert client.connack() == 0
    tb.run(lambda standin: standin.core.sessions.close(standin.store.device_by_lookup_id(token), "test"))  # type: ignore[arg-type]
    client.expect_closed()
    other = connect(username=token)
    assert other.connack() == 0
    other.socket.unwrap()  # type: ignore[attr-defined]
    tb.journal.wait("close", by="client", cause="end of stream")


# -- handshakes that fail


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (connect_packet(), "wrong version number"),
        (b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", "length"),
        (b"\x16\x03\x01\xff\xff" + b"\x00" * 70_000, "record"),
        (b"", "closed by the client"),
        (b"\x16\x03", "closed by the client"),
    ],
    ids=["plain MQTT", "no hello", "too long", "nothing", "a part"],
)
def test_what_is_no_TLS_is_not_let_in(tb: StandInThread, data: bytes, cause: str) -> None:
    client = RawClient(tb.mqtts_port)
    client.send(data)
    client.socket.shutdown(socket.SHUT_WR)
    assert cause in tb.journal.wait("tls_failure")["cause"]
    assert tb.journal.events("accept") == []
    client.close()


def test_silent_client_is_not_waited_for(tb: StandInThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_TIMEOUT_S", 0.1)
    client = RawClient(tb.mqtts_port)
    client.expect_closed()
    assert tb.journal.wait("tls_failure")["cause"] == "timeout"
    client.close()


async def test_server_stops_while_a_client_shakes_hands() -> None:
    async with StandIn(StandInConfig(tls=AUTHORITY.server())) as standin:
        reader, writer = await asyncio.open_connection("127.0.0.1", standin.mqtts_port)
        writer.write(b"\x16\x03\x01")
        await asyncio.sleep(0.05)
        start = time.monotonic()
    assert time.monotonic() - start < 1.0
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.close()


def test_client_that_does_not_trust_the_server_says_so(tb: StandInThread) -> None:
    client = RawClient(tb.mqtts_port)
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context(cadata=Authority().pem).wrap_socket(client.socket, server_hostname="127.0.0.1")
    assert "unknown ca" in tb.journal.wait("tls_failure")["cause"]


# -- client certificates


def test_certificate_of_a_device_lets_it_in_whoever_has_signed_it(
    tb: StandInThread, connect: Connect, name: str
) -> None:
    identity = Authority().device(name)
    register(tb, name, identity)
    connect(identity).login(client_id="any", username="any")
    assert tb.journal.wait("connect")["device"] == name


def test_unknown_certificate_is_refused_by_MQTT(connect: Connect, token: str) -> None:
    client = connect(Authority().device("unknown"), username=token)  # the token is not looked at
    assert client.connack() == 5
    client.expect_closed()


def test_expired_certificate_is_refused_by_MQTT(tb: StandInThread, connect: Connect, name: str) -> None:
    identity = AUTHORITY.device(name, expired=True)
    register(tb, name, identity)
    client = connect(identity, username="any")
    assert client.connack() == 5
    client.expect_closed()


def test_provisioning_session_looks_at_no_certificate(connect: Connect) -> None:
    connect(Authority().device("unknown")).login(username="provision")


def test_certificate_not_signed_by_the_next_one_fails_the_handshake(tb: StandInThread, connect: Connect) -> None:
    identity = AUTHORITY.device("any")
    with pytest.raises((AssertionError, OSError)):
        connect(Identity(identity.certificate + Authority().pem, identity.key), username="provision").connack()
    assert "not signed by the next" in tb.journal.wait("tls_failure")["cause"]
    assert tb.journal.events("accept") == []


# -- chains


def test_profile_has_the_hash_of_its_certificate_as_key(tb: StandInThread, name: str) -> None:
    authority = Authority()
    other = Authority()
    profile = chain_profile(tb, name, authority.pem + other.pem)
    assert profile.provision_key == creds.sha3(authority.pem)


@pytest.mark.parametrize("place", ["root", "middle", "lowest"])
def test_profile_of_any_CA_in_the_chain_makes_the_device(
    tb: StandInThread, connect: Connect, name: str, place: str
) -> None:
    root = Authority()
    middle = root.intermediate()
    lowest = middle.intermediate()
    chain_profile(tb, name, {"root": root, "middle": middle, "lowest": lowest}[place].pem, f"({name}) .*")
    identity = lowest.device(f"{name} of line 3")
    connect(Identity(identity.certificate + root.pem, identity.key)).login()
    device = tb.device(name)
    assert device is not None
    assert device.credentials.lookup_id == creds.sha3(creds.first_certificate(identity.certificate))
    assert device.attributes[Scope.SERVER_SCOPE]["provisionState"].value == "provisioned"
    assert tb.journal.events("provision") == []


def test_CA_that_is_not_shown_is_not_known(tb: StandInThread, connect: Connect, name: str) -> None:
    """The server does not look for who has signed the last certificate of the chain."""
    root = Authority()
    chain_profile(tb, name, root.pem)
    client = connect(root.device(name), username="any")
    assert client.connack() == 5
    assert tb.device(name) is None


def test_device_that_comes_with_a_new_certificate_stays_the_same(
    tb: StandInThread, connect: Connect, name: str
) -> None:
    root = Authority()
    chain_profile(tb, name, root.pem)
    first, second = (with_root(root, name) for _ in range(2))
    connect(first).login()
    connect(second).login()
    client = connect(first)
    client.login()  # and back again, as the profile knows only the name
    assert len([device for device in names(tb) if device == name]) == 1


def test_device_that_must_not_be_made_is_refused(tb: StandInThread, connect: Connect, name: str) -> None:
    root = Authority()
    chain_profile(tb, name, root.pem, create=False)
    client = connect(with_root(root, name), username="any")
    assert client.connack() == 5
    assert tb.device(name) is None


@pytest.mark.parametrize("pattern", ["no match", "without a group", "(unclosed", "(x)?.*"])
def test_name_that_the_pattern_does_not_give(tb: StandInThread, connect: Connect, name: str, pattern: str) -> None:
    root = Authority()
    chain_profile(tb, name, root.pem, pattern)
    client = connect(with_root(root, f"without a group {name}"), username="any")
    assert client.connack() == 5


def test_device_of_another_profile_is_left_alone(tb: StandInThread, connect: Connect, name: str) -> None:
    root = Authority()
    chain_profile(tb, name, root.pem)
    tb.create_device(name, f"T{name}")
    client = connect(with_root(root, name), username="any")
    assert client.connack() == 5


def test_device_with_a_token_keeps_it(tb: StandInThread, connect: Connect, name: str) -> None:
    root = Authority()
    tb.create_device(name, f"T{name}", chain_profile(tb, name, root.pem))
    client = connect(with_root(root, name), username="any")
    assert client.connack() == 5
    device = tb.device(name)
    assert device is not None
    assert device.credentials.type is CredentialsType.ACCESS_TOKEN


def test_before_3_5_there_are_no_chains(tb: StandInThread, connect: Connect, name: str) -> None:
    root = Authority()
    chain_profile(tb, name, root.pem)
    tb.settings.server_version = "3.4.4"
    client = connect(with_root(root, name), username="any")
    assert client.connack() == 5


def with_root(root: Authority, common_name: str) -> Identity:
    identity = root.device(common_name)
    return Identity(identity.certificate + root.pem, identity.key)


def names(tb: StandInThread) -> list[str]:
    return tb.run(lambda standin: [device.name for device in standin.store.devices()])
