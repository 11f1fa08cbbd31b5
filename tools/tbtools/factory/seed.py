"""The seed of all secrets that a factory makes: from the environment, the keyring, or a file."""

import base64
import hmac
import secrets
from pathlib import Path

import typer

from tbtools import secret
from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.files import make_folder, read_private, write_new

SEED_VARIABLE = "TB_FACTORY_SEED"
_SEED_BYTES = 32
_TEXT_BYTES = 16


class Seed:
    """What all secrets of a factory follow from: the same seed and the same device, the same secrets."""

    def __init__(self, value: bytes) -> None:
        self._value = value

    def derive(self, purpose: str, text: str) -> bytes:
        """64 bytes that tell nothing of the seed, nor of what was derived for another purpose or text."""
        return hmac.digest(self._value, f"{purpose}\0{text}".encode(), "sha512")

    def derive_text(self, purpose: str, text: str) -> str:
        """128 bits as 26 letters and digits."""
        return base64.b32encode(self.derive(purpose, text)[:_TEXT_BYTES]).decode().rstrip("=").lower()

    @property
    def id(self) -> str:
        """What tells this seed from others."""
        return self.derive("seed", "").hex()[:16]


def default_seed_file() -> Path:
    """Where the seed is kept: in this user's configuration, not beside what is made of it."""
    return Path(typer.get_app_dir("tb_factory")) / "seed"


def find_seed(file: Path) -> Seed | None:
    """The seed in TB_FACTORY_SEED, the keyring (name "factory-seed") or *file*, whichever is there first."""
    given = secret.given(SEED_VARIABLE, "factory-seed")
    if given:
        return _parse(given, f"{SEED_VARIABLE}, or the keyring's factory-seed,")
    return _parse(read_private(file).decode("ascii", "replace"), str(file)) if file.exists() else None


def make_seed(file: Path) -> Seed:
    """Make a new seed at random, and keep it in *file*."""
    seed = secrets.token_bytes(_SEED_BYTES)
    make_folder(file.parent)
    write_new(file, f"{seed.hex()}\n".encode())
    return Seed(seed)


def _parse(text: str, where: str) -> Seed:
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != _SEED_BYTES:
        raise ToolError(
            f"{where} has no seed: {2 * _SEED_BYTES} hexadecimal digits", "openssl rand -hex 32", EXIT_USAGE
        )
    return Seed(value)
