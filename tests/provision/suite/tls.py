"""TLS, for firmware whose model uses it: what works over it, and each way in which it fails."""

import pytest

from tests.authority import Authority
from tests.model import SAMPLE
from tests.provision.suite.expected import COMPLETE, GAVE_UP
from tests.provision.world import NAME, World


def expect_failure(world: World, outcome: str) -> None:
    """Boot; the device says why it cannot connect, and tries again."""
    world.device.boot()
    world.device.expect(rf"TB_OUTCOME_{outcome}: .*; next attempt in \d+ ms")
    assert world.tb.journal.events("connect", mode="device") == []


@pytest.mark.tls
def test_TLS_use_case_1_allow_creating(world: World) -> None:
    world.configure()
    assert world.run() == COMPLETE
    assert world.names() == [NAME]
    assert world.telemetry() == SAMPLE
    assert "connecting to mqtts://" in world.device.log
    assert "connecting to mqtt://" not in world.device.log


@pytest.mark.tls
def test_TLS_later_boots_do_not_provision_again(world: World) -> None:
    world.configure()
    world.work()
    provisioned, mark = world.statuses(), world.mark()
    for _ in range(2):
        world.work()
    world.device.power_cut()
    assert provisioned in (["SUCCESS"], [])  # nobody is asked when the certificate's chain says it all
    assert world.statuses() == provisioned
    assert [event["mode"] for event in world.tb.journal.events("connect", mark)] == ["device"] * 2


@pytest.mark.tls
def test_TLS_server_of_a_CA_that_is_not_trusted(world: World) -> None:
    world.configure(ca_cert=Authority().pem)
    expect_failure(world, "TLS_UNTRUSTED")


@pytest.mark.tls
def test_TLS_expired_server_is_taken_again_once_it_is_mended(world: World) -> None:
    world.stop_server()
    world.start_server(expired=True)
    world.configure()
    expect_failure(world, "TLS_EXPIRED")
    world.stop_server()
    world.start_server()
    world.wait("telemetry")


@pytest.mark.tls
def test_TLS_server_of_another_name(world: World) -> None:
    world.stop_server()
    world.start_server(name="thingsboard.example")
    world.configure()
    expect_failure(world, "TLS_WRONG_HOST")


@pytest.mark.tls
def test_TLS_port_without_it(world: World) -> None:
    world.configure(port=world.tb.mqtt_port)
    expect_failure(world, "TLS_FAILED")


@pytest.mark.tls
@pytest.mark.parametrize("text", ["no PEM", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_TLS_CA_that_cannot_be_read(world: World, text: str) -> None:
    world.configure(ca_cert=text)
    expect_failure(world, "TLS_BAD_PEM")


@pytest.mark.certificate
@pytest.mark.parametrize("missing", ["client_cert", "client_key"])
def test_TLS_without_a_certificate(world: World, missing: str) -> None:
    world.configure(**{missing: None})
    assert world.run() == GAVE_UP
    assert "TB_OUTCOME_NO_CERTIFICATE" in world.device.log


@pytest.mark.certificate
def test_TLS_key_of_another_certificate(world: World) -> None:
    world.configure(client_key=Authority().device(NAME).key)
    expect_failure(world, "TLS_BAD_PEM")


@pytest.mark.certificate
def test_TLS_device_that_was_deleted_is_let_in_when_it_is_there_again(world: World) -> None:
    world.configure()
    world.work()
    world.device.power_cut()
    world.lock_out()
    world.device.boot()
    world.device.expect(r"TB_OUTCOME_CERTIFICATE_UNKNOWN: connection refused, code 5: .*; next attempt in \d+ ms")
    world.create_device_with_certificate()
    world.wait("telemetry", since=world.mark())
