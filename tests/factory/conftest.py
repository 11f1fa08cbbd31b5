"""A factory of its own for each test: a seed, no keyring, no secrets in the environment."""

import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from tbtools.factory import cli
from tbtools.factory.nvs import KEY_BYTES
from tbtools.factory.nvs_reader import read_strings
from typer.testing import CliRunner

from tests.factory.small_font import make_font

SEED = "5eed" * 16
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Done:
    """How a command ended; its result is JSON."""

    status: int
    result: Any
    errors: str


Factory = Callable[..., Done]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Where the secrets of a batch would be found."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in ("TB_PROVISION_KEY", "TB_PROVISION_SECRET", "TB_FACTORY_CA_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TB_FACTORY_SEED", SEED)
    monkeypatch.setenv("TB_FACTORY_SEED_FILE", str(tmp_path / "no seed"))
    return monkeypatch


@pytest.fixture
def factory(environment: pytest.MonkeyPatch, tmp_path: Path) -> Factory:
    """Run `tb.py factory` with these arguments, in a folder of the test's own."""
    environment.chdir(tmp_path)

    def run(*arguments: object) -> Done:
        app = typer.Typer()
        cli.register(app)
        done = CliRunner().invoke(app, ["factory", *map(str, arguments), "--json"])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Done(done.exit_code, json.loads(done.stdout) if done.stdout else None, done.stderr)

    return run


def settings_in(folder: Path, name: str) -> dict[str, str]:
    """The settings in the image of a batch's device, read back."""
    key_file = folder / "keys" / f"{name}.bin"
    key = key_file.read_bytes()[:KEY_BYTES] if key_file.exists() else None
    found = read_strings((folder / "images" / f"{name}.bin").read_bytes(), key)
    assert list(found) == ["tb_cfg"]
    return found["tb_cfg"]


@pytest.fixture
def font(tmp_path: Path) -> Path:
    """A font for labels."""
    return make_font(tmp_path / "squares.ttf", string.ascii_letters + string.digits + "- ")
