"""``tb.py device``: creating, credentials, deleting, provisioning once more."""

import json
from pathlib import Path
from typing import Any

import pytest
import trustme
from tbtools.rest import RestClient
from tbtools.server.model import Scope
from tbtools.server.thread import StandInThread

from tests.admin.conftest import MODEL, Tb

TOKEN, CLIENT_ID, USER_NAME, DEVICE_PASSWORD = "the-token", "the-client-id", "the-user-name", "the-device-password"


def _credentials(rest: RestClient, name: str = "kitchen") -> Any:
    device = rest.find_device(name)
    assert device is not None
    return rest.credentials(device["id"]["id"])


@pytest.fixture
def device_certificate(tmp_path: Path) -> Path:
    """A device's certificate in a file."""
    path = tmp_path / "kitchen.pem"
    path.write_bytes(trustme.CA().issue_cert(common_name="kitchen").cert_chain_pems[0].bytes())
    return path


@pytest.mark.usefixtures("profile")
def test_create_with_a_token_of_ones_own(tb: Tb, rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TB_DEVICE_TOKEN", TOKEN)
    result = tb.json("device", "create", "kitchen")
    assert (result["status"], result["profile"]) == ("created", MODEL)
    assert result["credentials"] == {"type": "ACCESS_TOKEN", "token": "***"}
    assert _credentials(rest)["credentialsId"] == TOKEN
    again = tb("device", "create", "kitchen")
    assert (again.code, again.stdout.splitlines()[0]) == (0, f"unchanged: device kitchen, profile {MODEL}")


@pytest.mark.usefixtures("profile")
def test_create_with_a_generated_token_shows_it_on_request_only(tb: Tb, rest: RestClient) -> None:
    created = tb("device", "create", "kitchen", "--generate")
    token = _credentials(rest)["credentialsId"]
    assert len(token) == 20
    assert token not in created.stdout + created.stderr
    assert "tb.py device credentials kitchen --show-secrets" in created.stdout
    assert tb.json("device", "credentials", "kitchen")["token"] == "***"
    assert tb.json("device", "credentials", "kitchen", "--show-secrets")["token"] == token


@pytest.mark.usefixtures("profile")
def test_create_needs_a_token_from_somewhere(tb: Tb, rest: RestClient) -> None:
    done = tb("device", "create", "kitchen")
    assert done.code == 2
    assert "TB_DEVICE_TOKEN" in done.stderr
    assert "--generate" in done.stderr
    assert rest.find_device("kitchen") is None


def test_create_warns_where_the_profile_would_refuse_the_device(tb: Tb, profile: str) -> None:
    assert profile == MODEL
    assert "is refused" in tb("device", "create", "kitchen", "--generate").stdout
    tb("profile", "apply", "--strategy", "check-pre-provisioned")
    assert "is refused" not in tb("device", "create", "hall", "--generate").stdout


def test_create_in_a_profile_that_is_not_there(tb: Tb, rest: RestClient) -> None:
    done = tb("device", "create", "kitchen", "--generate")
    assert done.code == 1
    assert f"there is no device profile '{MODEL}'" in done.stderr
    assert tb.json("device", "create", "kitchen", "--generate", "--profile", "default")["status"] == "created"
    assert rest.find_device("kitchen") is not None


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"userName": USER_NAME, "password": DEVICE_PASSWORD},
            {"client_id": None, "user_name": USER_NAME, "password": "***"},
        ),
        (
            {"clientId": CLIENT_ID, "userName": USER_NAME, "password": DEVICE_PASSWORD},
            {"client_id": CLIENT_ID, "user_name": USER_NAME, "password": "***"},
        ),
        ({"clientId": CLIENT_ID}, {"client_id": "***", "user_name": None, "password": None}),
        ({"userName": USER_NAME}, {"client_id": None, "user_name": "***", "password": None}),
    ],
)
def test_create_with_mqtt_basic(
    tb: Tb, rest: RestClient, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], shown: dict[str, str]
) -> None:
    variables = {"clientId": "TB_DEVICE_CLIENT_ID", "userName": "TB_DEVICE_USER_NAME", "password": "TB_DEVICE_PASSWORD"}
    for key, value in given.items():
        monkeypatch.setenv(variables[key], value)
    create = ("device", "create", "kitchen", "--credentials", "mqtt-basic")
    result = tb.json(*create)
    assert result["credentials"] == {"type": "MQTT_BASIC", **shown}
    stored = json.loads(_credentials(rest)["credentialsValue"])
    assert {key: value for key, value in stored.items() if value} == given
    assert tb.json(*create)["status"] == "unchanged"
    monkeypatch.setenv("TB_DEVICE_USER_NAME", "another")
    assert "it has other credentials" in tb(*create).stderr


def test_mqtt_basic_has_no_password_without_a_user_name(tb: Tb, profile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TB_DEVICE_PASSWORD", DEVICE_PASSWORD)
    done = tb("device", "create", "kitchen", "--profile", profile, "--credentials", "mqtt-basic")
    assert done.code == 2
    assert "TB_DEVICE_USER_NAME" in done.stderr


@pytest.mark.usefixtures("profile")
def test_create_with_mqtt_basic_generated(tb: Tb, rest: RestClient) -> None:
    result = tb.json("device", "create", "kitchen", "--credentials", "mqtt-basic", "--generate", "--show-secrets")
    stored = json.loads(_credentials(rest)["credentialsValue"])
    assert (stored["userName"], stored["password"]) == (
        result["credentials"]["user_name"],
        result["credentials"]["password"],
    )
    assert [len(stored[key]) for key in ("userName", "password")] == [20, 20]


@pytest.mark.usefixtures("profile")
def test_create_with_a_certificate(tb: Tb, rest: RestClient, device_certificate: Path) -> None:
    create = ("device", "create", "kitchen", "--credentials", "x509")
    assert "--certificate FILE" in tb(*create).stderr
    result = tb.json(*create, "--certificate", str(device_certificate))
    assert result["credentials"]["subject"].startswith("CN=kitchen")
    assert result["credentials"]["id"] == _credentials(rest)["credentialsId"]
    assert tb.json(*create, "--certificate", str(device_certificate))["status"] == "unchanged"
    device_certificate.write_bytes(trustme.CA().issue_cert(common_name="kitchen").cert_chain_pems[0].bytes())
    assert "it has other credentials" in tb(*create, "--certificate", str(device_certificate)).stderr


@pytest.mark.usefixtures("profile")
def test_create_of_a_device_that_is_another_one(
    tb: Tb, server: StandInThread, rest: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.create_device("kitchen", "its-token")
    monkeypatch.setenv("TB_DEVICE_TOKEN", TOKEN)
    done = tb("device", "create", "kitchen")
    assert done.code == 1
    assert "its profile is 'default', not 'boiler' and it has other credentials" in done.stderr
    assert "tb.py device delete" in done.stderr
    assert not any(token in done.stderr for token in ("its-token", TOKEN))
    assert _credentials(rest)["credentialsId"] == "its-token"
    done = tb("device", "create", "kitchen", "--profile", "default", "--credentials", "mqtt-basic")
    assert "it has other credentials, of type ACCESS_TOKEN" in done.stderr


@pytest.mark.usefixtures("profile")
def test_credentials_of_another_device_are_told(
    tb: Tb, server: StandInThread, rest: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.create_device("hall", TOKEN)
    monkeypatch.setenv("TB_DEVICE_TOKEN", TOKEN)
    done = tb("device", "create", "kitchen")
    assert done.code == 1
    assert "another device has these credentials already" in done.stderr
    assert TOKEN not in done.stderr
    assert rest.find_device("kitchen") is None


def test_credentials_as_a_table(tb: Tb, server: StandInThread) -> None:
    server.create_device("kitchen", TOKEN)
    hidden, shown = tb("device", "credentials", "kitchen"), tb("device", "credentials", "kitchen", "--show-secrets")
    assert ("***" in hidden.stdout, TOKEN in hidden.stdout) == (True, False)
    assert TOKEN in shown.stdout


def test_delete_is_done_once(tb: Tb, server: StandInThread) -> None:
    server.create_device("kitchen")
    done = tb("device", "delete", "kitchen")
    assert (done.code, server.device("kitchen") is None) == (2, False)
    assert "--yes" in done.stderr
    assert tb.json("device", "delete", "kitchen", "--yes") == {"name": "kitchen", "status": "deleted"}
    assert server.device("kitchen") is None
    again = tb("device", "delete", "kitchen", "--yes")
    assert (again.code, again.stdout) == (0, "unchanged: there is no device 'kitchen'\n")


def test_reset_provisioning_is_done_once(tb: Tb, server: StandInThread) -> None:
    device = server.create_device("kitchen")
    assert tb.json("device", "reset-provisioning", "kitchen")["status"] == "unchanged"
    server.run(lambda _: device.set_attributes(Scope.SERVER_SCOPE, {"provisionState": "provisioned", "a": 1}))
    assert tb("device", "reset-provisioning", "kitchen").stdout == "reset: device kitchen may provision once more\n"
    assert set(device.attributes[Scope.SERVER_SCOPE]) == {"active", "a"}
    assert tb.json("device", "reset-provisioning", "kitchen")["status"] == "unchanged"


@pytest.mark.parametrize("command", ["status", "credentials", "telemetry", "attributes", "watch", "reset-provisioning"])
def test_a_device_that_is_not_there(tb: Tb, command: str) -> None:
    done = tb("device", command, "nowhere")
    assert done.code == 1
    assert "there is no device 'nowhere'" in done.stderr
    assert "tb.py device create" in done.stderr
    as_json = tb("device", command, "nowhere", "--json")
    assert as_json.code == 1
    assert as_json.json["error"] == "there is no device 'nowhere'"
