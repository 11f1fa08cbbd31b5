"""The seed: where it is found, how it is kept, what follows from it."""

import stat
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from tbtools.console import ToolError
from tbtools.factory.seed import Seed, default_seed_file, find_seed, make_seed
from tbtools.secret import given

from tests.factory.conftest import ROOT, SEED


class MemoryKeyring(KeyringBackend):
    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def ring(environment: pytest.MonkeyPatch) -> MemoryKeyring:
    before, made = keyring.get_keyring(), MemoryKeyring()
    environment.setattr(keyring.core, "_keyring_backend", made)
    assert before is not keyring.get_keyring() is made
    return made


def test_environment_goes_before_keyring_and_keyring_before_file(
    environment: pytest.MonkeyPatch, ring: MemoryKeyring, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "seed"
    in_file = make_seed(file)
    given = find_seed(file)
    assert given is not None
    assert given.id == Seed(bytes.fromhex(SEED)).id != in_file.id

    environment.delenv("TB_FACTORY_SEED")
    ring.set_password("thingsboard", "factory-seed", "ab" * 32)
    from_ring = find_seed(file)
    assert from_ring is not None
    assert from_ring.id == Seed(b"\xab" * 32).id

    ring.kept.clear()
    from_file = find_seed(file)
    assert from_file is not None
    assert from_file.id == in_file.id
    assert find_seed(tmp_path / "none") is None


def test_a_seed_is_made_once_and_for_this_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "kept" / "seed"
    make_seed(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    with pytest.raises(FileExistsError):
        make_seed(file)


def test_a_seed_that_others_may_read_is_refused(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.delenv("TB_FACTORY_SEED")
    file = tmp_path / "seed"
    make_seed(file)
    file.chmod(0o640)
    with pytest.raises(ToolError, match="others may read") as caught:
        find_seed(file)
    assert caught.value.advice == f"chmod 600 {file}"


@pytest.mark.parametrize("text", ["short", "5eed" * 15, "zz" * 32])
def test_what_is_no_seed_is_not_repeated(environment: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    environment.setenv("TB_FACTORY_SEED", text)
    with pytest.raises(ToolError, match="64 hexadecimal digits") as caught:
        find_seed(tmp_path / "none")
    assert text not in str(caught.value)


def test_what_follows_from_a_seed_depends_on_all_of_it() -> None:
    seed, other = Seed(bytes(32)), Seed(bytes(31) + b"\1")
    texts = {each.derive_text(purpose, name) for each in (seed, other) for purpose in "pq" for name in ("a", "b")}
    assert len(texts) == 8
    assert Seed(bytes(32)).derive_text("p", "a") in texts
    assert all(len(text) == 26 and text.isalnum() and text.islower() for text in texts)
    assert len(seed.derive("p", "a")) == 64
    assert "0" * 8 not in repr(seed)


def test_other_secrets_come_from_environment_or_keyring(environment: pytest.MonkeyPatch, ring: MemoryKeyring) -> None:
    assert given("TB_PROVISION_KEY", "provision-key") is None
    ring.set_password("thingsboard", "provision-key", "of the ring")
    assert given("TB_PROVISION_KEY", "provision-key") == "of the ring"
    environment.setenv("TB_PROVISION_KEY", "of the environment")
    assert given("TB_PROVISION_KEY", "provision-key") == "of the environment"


def test_the_seed_is_kept_away_from_what_is_made() -> None:
    assert not default_seed_file().is_relative_to(ROOT)
