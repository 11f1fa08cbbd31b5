from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pytest_embedded_idf import IdfApp

from tests.model import DEVICE
from tests.provision.build import Build


def build(model: str, **sdkconfig: object) -> Build:
    return Build.of(cast(IdfApp, SimpleNamespace(elf_file=str(Path("/b") / f"{model}.elf"), sdkconfig=sdkconfig)))


def item(*markers: str) -> pytest.Item:
    return cast(pytest.Item, SimpleNamespace(get_closest_marker=lambda name: name if name in markers else None))


def suited(of: Build) -> list[bool]:
    """Whether tests of a token, of TLS and of a certificate are for that build."""
    return [of.suits(item()), of.suits(item("tls")), of.suits(item("certificate"))]


def test_model_is_known_by_the_name_of_the_program() -> None:
    assert build(DEVICE.name).model is DEVICE
    assert build("dev_sup_x509_chain_w_twowayssl").model.name == "dev_sup_x509_chain_w_twowayssl"


def test_model_that_is_not_known_is_said_plainly() -> None:
    with pytest.raises(pytest.UsageError, match=r"firmware\.elf is not known"):
        build("firmware")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("dev_sup_access_token_wo_ssl", [True, False, False]),
        ("dev_sup_access_token_w_onewayssl", [True, True, False]),
        ("srv_gen_credentials_wo_ssl", [False, False, False]),
        ("dev_sup_basic_mqtt_credential_cup_w_onewayssl", [False, True, False]),
        ("dev_sup_x509_certificate_w_twowayssl", [False, True, True]),
        ("dev_sup_x509_chain_w_twowayssl", [False, True, True]),
    ],
)
def test_tests_are_those_of_the_model(model: str, expected: list[bool]) -> None:
    assert suited(build(model)) == expected


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"TBC_PROVISION_ACCESS_TOKEN": True, "TBC_TRANSPORT_USES_TLS": 1}, [True, True, False]),
        ({"TBC_PROVISION_ACCESS_TOKEN": True, "TBC_TRANSPORT_USES_TLS": 0}, [True, False, False]),
        ({"TBC_PROVISION_X509": True, "TBC_TRANSPORT_USES_TLS": 1}, [False, True, True]),
    ],
)
def test_tests_are_those_of_what_menuconfig_chose(chosen: dict[str, object], expected: list[bool]) -> None:
    assert suited(build("device_provisioning", **chosen)) == expected
