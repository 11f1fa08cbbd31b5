"""The search for secrets in logs: it finds what is there, and fails the session."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests import canary

ROOT = Path(__file__).resolve().parents[2]

SESSION = """
from tests import canary

def test_device() -> None:
    canary.plant({{"token": "PLANTED_TOKEN", "host": "localhost", "telemetry_s": 10}})
    canary.keep_log({log!r})
"""


@pytest.mark.parametrize(
    ("log", "status", "closing"),
    [
        ("I (1) tag: token ***, host localhost", 0, "1 passed, 0 failed"),
        ("I (1) tag: token PLANTED_TOKEN", 1, "1 passed, 1 failed"),
    ],
)
def test_session_fails_by_a_secret_in_a_log(log: str, status: int, closing: str, tmp_path: Path) -> None:
    (tmp_path / "test_session.py").write_text(SESSION.format(log=log))
    options = ("-p", "tests.canary", "-p", "tests.closing_line", "-q", "-c", "/dev/null")
    command: list[str | Path] = [sys.executable, "-m", "pytest", *options, "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert f"canaries: 1 secrets planted, 1 logs searched, {status} found" in done.stdout, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == closing
    assert done.returncode == status


@pytest.mark.parametrize("line", ["x SECRET-WORD y", 'x SECRET-\\"WORD y'])
def test_secret_is_found_as_it_is_and_as_JSON_writes_it(line: str) -> None:
    secrets = ["SECRET-WORD", 'SECRET-"WORD']
    assert canary.leaks(secrets, [f"first\n{line}\nlast"]) == [line]


def test_what_is_short_is_no_secret() -> None:
    assert canary.leaks(["", "key"], ["key"]) == []


def test_lines_of_a_key_are_secrets_and_its_armour_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TB_CANARY_DIR", str(tmp_path))
    canary.plant({"client_key": "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n-----END PRIVATE KEY-----\n"})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["MC4CAQAwBQYDK2Vw"]


def test_the_public_half_of_a_key_is_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TB_CANARY_DIR", str(tmp_path))
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    canary.plant({"client_key": key.decode()})
    _, *secret, public, _ = key.decode().splitlines()
    assert {path.read_text() for path in tmp_path.iterdir()} == set(secret)
    assert (len(secret), len(public)) == (2, 56)


def test_texts_of_a_record_are_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TB_CANARY_DIR", str(tmp_path))
    canary.plant_record(b"\x01\x02\x0b\x00client\0user\0pass\xde\xad\xbe\xef")
    assert {path.read_text() for path in tmp_path.iterdir()} == {"client", "user", "pass"}
