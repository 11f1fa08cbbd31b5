"""No secret is an argument, in a log, or on the screen unless it was asked for."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import trustme
import typer
from tbtools.admin.cli import register
from tbtools.rest import RestClient

from tests.admin.conftest import MODEL, PASSWORD, Tb
from tests.admin.terminal import Terminal

SECRETS = {
    "TB_PASSWORD": PASSWORD,
    "TB_PROVISION_KEY": "planted-provision-key",
    "TB_PROVISION_SECRET": "planted-provision-secret",
    "TB_DEVICE_TOKEN": "planted-device-token",
    "TB_DEVICE_CLIENT_ID": "planted-client-id",
    "TB_DEVICE_USER_NAME": "planted-user-name",
    "TB_DEVICE_PASSWORD": "planted-device-password",
}
PLANTED = [text for text in SECRETS.values() if text.startswith("planted")]
_ASKS_TO_SHOW = {"--show-secrets", "--generate-secret"}


def _options(command: Any) -> set[str]:
    """All options of a command and of those below it."""
    below = getattr(command, "commands", {}).values()
    own = {name for parameter in command.params for name in parameter.opts}
    return own.union(*map(_options, below))


def test_no_option_takes_a_secret() -> None:
    app = typer.Typer()
    register(app)
    names = _options(typer.main.get_command(app))
    suspicious = {name for name in names if any(word in name for word in ("secret", "token", "password", "client"))}
    assert suspicious == _ASKS_TO_SHOW
    assert "--credentials" in names


def test_no_secret_is_shown_or_logged_that_nobody_asked_for(
    tb: Tb, rest: RestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    caplog.set_level(logging.DEBUG)
    certificate = tmp_path / "device.pem"
    certificate.write_bytes(trustme.CA().issue_cert(common_name="x").cert_chain_pems[0].bytes())
    seen = ""
    for command in (
        ("profile", "apply", "--dry-run"),
        ("profile", "apply"),
        ("profile", "apply", "--strategy", "check-pre-provisioned"),
        ("profile", "show"),
        ("device", "create", "kitchen"),
        ("device", "create", "kitchen", "--profile", "default"),
        ("device", "create", "hall"),
        ("device", "create", "hall", "--credentials", "mqtt-basic"),
        ("device", "create", "attic", "--credentials", "x509", "--certificate", str(certificate)),
        ("device", "credentials", "kitchen"),
        ("device", "status", "kitchen"),
        ("device", "telemetry", "kitchen"),
        ("device", "attributes", "kitchen"),
        ("device", "watch", "kitchen", "--for", "0.1"),
        ("profile", "delete", "--yes"),
        ("device", "delete", "kitchen", "--yes"),
    ):
        for form in ((), ("--json",)):
            done = tb(*command, *form)
            seen += done.stdout + done.stderr
    stored = json.dumps([rest.find_profile(MODEL), rest.find_device("hall")])
    assert "planted-provision-secret" in stored, "the commands have done nothing"
    log = caplog.text
    assert "/api/deviceProfile" in log, "nothing was logged that could hold a secret"
    assert [secret for secret in (*PLANTED, rest.token) if secret in log] == []
    names = ("planted-client-id", "planted-user-name")  # with a password beside them they let nobody in
    assert [secret for secret in (*PLANTED, rest.token) if secret in seen and secret not in names] == []


def test_a_change_of_secrets_is_told_without_them(tb: Tb, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert profile == MODEL
    for variable, value in SECRETS.items():
        monkeypatch.setenv(variable, value)
    for form in ((), ("--json",)):
        done = tb("profile", "apply", "--dry-run", *form)
        assert "provisionDeviceSecret" in done.stdout
        assert not any(secret in done.stdout for secret in PLANTED)


@pytest.fixture
def nobodys_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the keyring of whoever runs the tests out of another process."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.mark.usefixtures("nobodys_keyring", "tb")
def test_on_a_terminal_secrets_are_asked_for_and_not_echoed(rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TB_PASSWORD")
    with Terminal(["device", "create", "kitchen", "--profile", "default"], {}) as terminal:
        terminal.expect_question("The password of tenant@thingsboard.org at http://127.0.0.1:")
        terminal.type(f"{PASSWORD}\n")
        terminal.expect_question("The access token of the device:")
        terminal.type("planted-device-token\n")
        assert terminal.end() == 0
        assert "planted" not in terminal.output
        assert f" {PASSWORD}\r\n" not in terminal.output
    device = rest.find_device("kitchen")
    assert device is not None
    assert rest.credentials(device["id"]["id"])["credentialsId"] == "planted-device-token"


@pytest.mark.usefixtures("nobodys_keyring", "tb")
def test_an_empty_answer_is_none(rest: RestClient) -> None:
    with Terminal(["device", "create", "kitchen", "--profile", "default"], {}) as terminal:
        terminal.expect_question("The access token of the device:")
        terminal.type("\n")
        assert terminal.end() == 2
        assert "the access token of the device is empty" in terminal.output
    assert rest.find_device("kitchen") is None


@pytest.mark.usefixtures("nobodys_keyring", "tb")
@pytest.mark.parametrize(("answer", "code", "stays"), [("y\n", 0, False), ("n\n", 1, True), ("\n", 1, True)])
def test_on_a_terminal_a_deletion_is_confirmed(rest: RestClient, answer: str, code: int, stays: bool) -> None:
    rest.save_device("kitchen")
    with Terminal(["device", "delete", "kitchen"], {}) as terminal:
        terminal.expect("Delete device 'kitchen' and all its data at http://127.0.0.1:")
        terminal.type(answer)
        assert terminal.end() == code
    assert (rest.find_device("kitchen") is not None) == stays
