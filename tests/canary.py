"""Pytest plugin: no secret that a test plants in a device is in any log of the whole run.

Whoever configures a device plants its secrets here, and whoever reads a device's log hands it in. At the end of the
session each log is searched for all of them; a find fails the session.
"""

import base64
import json
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

_DIRECTORY = "TB_CANARY_DIR"
_SECRET_SETTINGS = ("prov_key", "prov_secret", "token", "client_id", "username", "password", "client_key")
_SHORTEST = 6
_RECORD = slice(4, -4)
"""Of a credential record: what is between its header and its checksum; texts are parted by NUL (tb_cred.c)."""

found = pytest.StashKey[list[str]]()


def plant(settings: Mapping[str, object]) -> None:
    """Remember those of *settings*, a device's `tb_cfg`, that are secret."""
    for key in _SECRET_SETTINGS:
        _write("planted", _pieces(str(settings.get(key, ""))))


def plant_record(record: bytes) -> None:
    """Remember the texts of a credential *record*, as the device's store holds it: those that it has made for itself,
    and those that the server gave.
    """
    _write("planted", (text.decode("utf-8", "replace") for text in record[_RECORD].split(b"\0")))


def keep_log(log: str) -> None:
    """Take over what a device printed."""
    if log:
        _write("log", [log])


def leaks(secrets: Iterable[str], logs: Iterable[str]) -> list[str]:
    """Each line of *logs* that has one of *secrets*, as it is or as JSON writes it."""
    written = {form for secret in secrets for form in (secret, json.dumps(secret)[1:-1]) if len(secret) >= _SHORTEST}
    if not written:
        return []
    pattern = re.compile("|".join(map(re.escape, sorted(written, key=len, reverse=True))))
    return [line for log in logs for line in log.splitlines() if pattern.search(line)]


def _pieces(text: str) -> list[str]:
    """A text of one line, or each line of a PEM text but for its armour, and for what is public of a private key."""
    lines = [line for line in text.splitlines() if not line.startswith("-----")]
    public = _public_point(text)
    return [line for line in lines if not public or base64.b64decode(line) not in public]


def _public_point(text: str) -> bytes:
    """The public half of an EC key in PEM, which is in its certificate, too; empty for all else."""
    try:
        key = serialization.load_pem_private_key(text.encode(), None)
    except (ValueError, TypeError):
        return b""
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return b""
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _write(kind: str, texts: Iterable[str]) -> None:
    directory = os.environ.get(_DIRECTORY)
    if directory is not None:
        for text in texts:
            Path(directory, f"{kind}.{uuid.uuid4().hex}").write_text(text, encoding="utf-8", errors="replace")


def _read(directory: str, kind: str) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted(Path(directory).glob(f"{kind}.*"))]


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Make a place for secrets and logs that workers of pytest-xdist share."""
    if not _is_worker(config):
        os.environ[_DIRECTORY] = tempfile.mkdtemp(prefix="tb_canary_")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Search."""
    if _is_worker(session.config):
        return
    directory = os.environ[_DIRECTORY]
    secrets, logs = set(_read(directory, "planted")), _read(directory, "log")
    session.config.stash[found] = leaks(secrets, logs)
    session.config.stash[_figures] = f"canaries: {len(secrets)} secrets planted, {len(logs)} logs searched"
    if session.config.stash[found]:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


_figures = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was searched, and what was found."""
    leaked = config.stash.get(found, [])
    terminalreporter.write_line(f"{config.stash.get(_figures, 'canaries: none')}, {len(leaked)} found")
    for line in leaked[:20]:
        terminalreporter.write_line(f"a secret in the log: {line}", red=True)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind: there are secrets in it."""
    if not _is_worker(config):
        shutil.rmtree(os.environ.pop(_DIRECTORY), ignore_errors=True)
