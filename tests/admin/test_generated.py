"""The commands with what the generator really makes, for each model of the project."""

from pathlib import Path

import pytest
from tbtools.admin import server_side
from tbtools.server.thread import StandInThread

from tests.admin.conftest import Tb
from tests.docs.markdown import ROOT

MODELS = sorted((ROOT / "codegen/models").glob("*.yaml"))


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tb: Tb) -> Tb:
    """The command line in this very project."""
    monkeypatch.setattr(server_side, "ROOT", ROOT)
    return tb


@pytest.mark.parametrize("version", ["3.2", "4.2.1", "4.3"])
def test_the_model_in_place(project: Tb, server: StandInThread, version: str) -> None:
    server.settings.server_version = version
    created = project.json("profile", "apply", "--generate-secret")
    assert created["status"] == "created"
    assert set(created["alarm_rules"].values()) == ({"created"} if version == "4.3" else set())
    again = project.json("profile", "apply")
    assert (again["status"], again["changes"]) == ("unchanged", [])
    assert set(again["alarm_rules"].values()) <= {"unchanged"}
    assert [project.json("dashboard", "apply")["status"] for _ in range(2)] == ["created", "unchanged"]


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_another_model(project: Tb, tmp_path: Path, path: Path) -> None:
    certificate = tmp_path / "ca.pem"
    certificate.write_text("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    options = ("--certificate", str(certificate)) if "x509_chain" in path.stem else ("--generate-secret",)
    assert project.json("profile", "apply", "--model", path.stem, *options)["status"] == "created"
    again = project.json("profile", "apply", "--model", str(path), *options)
    assert (again["name"], again["status"]) == (path.stem, "unchanged")
    assert project.json("profile", "show", "--model", path.stem)["name"] == path.stem
    assert [project.json("dashboard", "apply", "--model", path.stem)["status"] for _ in range(2)] == [
        "created",
        "unchanged",
    ]
