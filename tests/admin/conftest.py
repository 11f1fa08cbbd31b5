"""Fixtures: a fresh server for each test, a model's server side, and the command line against both."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keyring
import pytest
import typer
from keyring.backend import KeyringBackend
from tbtools.admin import server_side
from tbtools.admin.cli import register
from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread
from typer.testing import CliRunner

MODEL = "boiler"
PASSWORD = "tenant"

PROFILE: dict[str, Any] = {
    "name": MODEL,
    "description": "A boiler.",
    "type": "DEFAULT",
    "transportType": "DEFAULT",
    "provisionType": "ALLOW_CREATE_NEW_DEVICES",
    "provisionDeviceKey": None,
    "profileData": {
        "configuration": {"type": "DEFAULT"},
        "transportConfiguration": {"type": "DEFAULT"},
        "provisionConfiguration": {"type": "ALLOW_CREATE_NEW_DEVICES", "provisionDeviceSecret": None},
        "alarms": [
            {
                "id": "a-hot",
                "alarmType": "Too hot",
                "createRules": {
                    "WARNING": {
                        "condition": {
                            "condition": [
                                {
                                    "key": {"type": "TIME_SERIES", "key": "temperature"},
                                    "valueType": "NUMERIC",
                                    "predicate": {
                                        "type": "NUMERIC",
                                        "operation": "GREATER",
                                        "value": {"defaultValue": 90},
                                    },
                                }
                            ],
                            "spec": {"type": "SIMPLE"},
                        },
                        "alarmDetails": "Above 90 degrees",
                    }
                },
                "propagate": False,
            }
        ],
    },
}
DASHBOARD: dict[str, Any] = {
    "title": "Boilers",
    "configuration": {"widgets": {"w1": {"id": "w1", "sizeX": 24, "decimals": None}}, "settings": {}},
}
ALARM_RULES: dict[str, Any] = {
    "description": "Rules of a boiler.",
    "calculatedFields": [
        {
            "type": "ALARM",
            "name": "Too hot",
            "configuration": {
                "type": "ALARM",
                "arguments": {"value": {"refEntityKey": {"key": "temperature", "type": "TS_LATEST"}}},
                "createRules": {
                    "WARNING": {
                        "condition": {
                            "type": "SIMPLE",
                            "expression": {
                                "type": "SIMPLE",
                                "operation": "AND",
                                "filters": [
                                    {
                                        "argument": "value",
                                        "valueType": "NUMERIC",
                                        "predicates": [
                                            {"type": "NUMERIC", "operation": "GREATER", "value": {"staticValue": 90}}
                                        ],
                                    }
                                ],
                            },
                        },
                        "alarmDetails": "Above 90 degrees",
                    }
                },
            },
        }
    ],
}


@dataclass(frozen=True)
class Done:
    """What a command has left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The JSON document on standard output, which has to be all that is there."""
        return json.loads(self.stdout)


class Tb:
    """The command line, in this process; nobody is there to answer a question."""

    def __init__(self) -> None:
        self._app = typer.Typer()
        register(self._app)

    def __call__(self, *arguments: str) -> Done:
        """Run ``tb.py`` with *arguments*; whatever happens, it has to be told and not to be a traceback."""
        result = CliRunner().invoke(self._app, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Done(result.exit_code, result.stdout, result.stderr)

    def json(self, *arguments: str) -> Any:
        """The result of a command that succeeds, as JSON."""
        done = self(*arguments, "--json")
        assert done.code == 0, done.stdout + done.stderr
        return done.json


class MemoryKeyring(KeyringBackend):
    """A keyring that nobody else has."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._passwords: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._passwords[service, username] = password


@pytest.fixture
def server() -> Iterator[StandInThread]:
    with StandInThread() as standin:
        yield standin


@pytest.fixture
def rest(server: StandInThread) -> Iterator[RestClient]:
    """The server as an administrator sees it."""
    with RestClient(server.url) as client:
        client.login()
        yield client


@pytest.fixture
def memory_keyring() -> Iterator[MemoryKeyring]:
    """The keyring, empty; the one of whoever runs the tests stays out of it."""
    before, ours = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose model in place is MODEL; returns the folder of its server side."""
    folder = tmp_path / "project" / "server"
    folder.mkdir(parents=True)
    for name, body in (("profile", PROFILE), ("dashboard", DASHBOARD), ("alarm_rules", ALARM_RULES)):
        (folder / f"{name}.json").write_text(json.dumps(body), encoding="utf-8")
    monkeypatch.setattr(server_side, "ROOT", folder.parent)
    return folder


@pytest.fixture
def tb(server: StandInThread, model: Path, memory_keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> Tb:
    """The command line against *server*, for the model in place."""
    assert model.is_dir()
    assert memory_keyring.priority
    environment = {"TB_URL": server.url, "TB_PASSWORD": PASSWORD, "COLUMNS": "160", "NO_COLOR": "1"}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    for variable in (
        "TB_USER",
        "TB_PROVISION_KEY",
        "TB_PROVISION_SECRET",
        "TB_DEVICE_TOKEN",
        "TB_DEVICE_CLIENT_ID",
        "TB_DEVICE_USER_NAME",
        "TB_DEVICE_PASSWORD",
    ):
        monkeypatch.delenv(variable, raising=False)
    return Tb()


@pytest.fixture
def profile(tb: Tb) -> str:
    """The device profile of the model, on the server; returns its name."""
    assert tb("profile", "apply", "--generate-secret").code == 0
    return MODEL
