"""`--out DIR`: a complete project of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import gen
import pytest

from tests.codegen.support import MODELS, REPOSITORY, Run, snapshot

GEN = "components/tb_mqtt_client_helper/gen"


@pytest.fixture(autouse=True)
def _whole_repository(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.exists()
    monkeypatch.setattr(gen, "ROOT", REPOSITORY)


@pytest.fixture
def out(tmp_path: Path, run: Callable[..., Run]) -> Path:
    folder = tmp_path / "out" / "thing"
    result = run("--model", MODELS / "thing.yaml", "--out", folder)
    assert (result.code, result.err) == (0, "")
    return folder


def test_it_holds_all_that_every_project_has_and_one_model(out: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("the sources are no git checkout")
    of_this_model = (f"{GEN}/", "codegen/models/", "docs/model-")
    shipped = {path for path in listed.stdout.splitlines() if not path.startswith(of_this_model)}
    copied = {path for path in snapshot(out) if not path.startswith(of_this_model)}
    assert {path for path in shipped if (REPOSITORY / path).exists()} <= copied
    assert [path.name for path in (out / "codegen/models").iterdir()] == ["thing.yaml"]
    assert [path.name for path in (out / "docs").glob("model-*")] == ["model-thing.md"]
    assert not (out / ".git").exists()


def test_it_generates_itself_again(out: Path) -> None:
    command = [sys.executable, str(out / "codegen/gen.py")]
    before = snapshot(out)
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (
        done.stdout.startswith(f"{out}/codegen/models/thing.yaml: 0 of")
        or "codegen/models/thing.yaml: 0 of" in done.stdout
    )
    assert snapshot(out) == before
    assert subprocess.run([*command, "--check"], env=environment, check=False).returncode == 0


def test_second_run_touches_nothing_and_keeps_the_sensors(out: Path, run: Callable[..., Run]) -> None:
    (out / "main/app_sensors.c").write_text("// mine\n")
    before = snapshot(out)
    assert run("--model", MODELS / "thing.yaml", "--out", out).code == 0
    assert snapshot(out) == before


def test_programs_stay_executable(out: Path) -> None:
    for path in snapshot(out):
        if (REPOSITORY / path).exists():
            assert (out / path).stat().st_mode & 0o100 == (REPOSITORY / path).stat().st_mode & 0o100, path


def test_secrets_and_build_trees_stay_behind(
    tmp_path: Path, root: Path, run: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gen, "ROOT", root)
    (root / ".gitignore").write_text("/build*/\n/sdkconfig\n__pycache__/\n")
    for path in (
        "sdkconfig",
        "build_host/x.o",
        "tools/__pycache__/x.pyc",
        ".git/config",
        "host/build/kept",
        "README.md",
    ):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("x")
    assert run("--model", "thing", "--out", tmp_path / "new").code == 0
    copied = set(snapshot(tmp_path / "new"))
    assert {"host/build/kept", "README.md"} <= copied
    assert not {"sdkconfig", "build_host/x.o", "tools/__pycache__/x.pyc", ".git/config"} & copied


def test_folder_of_somebody_else_is_refused(tmp_path: Path, run: Callable[..., Run]) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("mine")
    before = snapshot(tmp_path / "home")
    result = run("--model", MODELS / "thing.yaml", "--out", tmp_path / "home")
    assert result.code == 2
    assert "is neither empty nor a project of this generator; choose a new or an empty folder\n" in result.err
    assert snapshot(tmp_path / "home") == before


def test_file_is_refused(tmp_path: Path, run: Callable[..., Run]) -> None:
    (tmp_path / "file").write_text("mine")
    result = run("--out", tmp_path / "file")
    assert (result.code, result.err) == (2, f"{tmp_path / 'file'}: is not a folder; choose a new or an empty one\n")


@pytest.mark.parametrize("folder", [".", "build_out", ".."])
def test_folder_that_overlaps_the_project_is_refused(folder: str, run: Callable[..., Run]) -> None:
    result = run("--out", REPOSITORY / folder)
    assert result.code == 2
    assert "overlaps the project" in result.err
    assert not (REPOSITORY / "build_out").exists()


def test_folder_that_cannot_be_had_is_refused(tmp_path: Path, run: Callable[..., Run]) -> None:
    (tmp_path / "circle").symlink_to("circle")
    for folder in (tmp_path / ("x" * 300), tmp_path / "circle", tmp_path / "circle" / "x"):
        result = run("--out", folder)
        assert result.code == 2
        assert result.err.endswith("; nothing was changed\n")
        assert result.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.name != "project"] == ["circle"]


def test_bad_model_makes_no_folder(tmp_path: Path, run: Callable[..., Run]) -> None:
    (tmp_path / "bad.yaml").write_text("name: x\n")
    assert run("--model", tmp_path / "bad.yaml", "--out", tmp_path / "new").code == 2
    assert not (tmp_path / "new").exists()


def test_its_tests_compile(out: Path, tmp_path: Path) -> None:
    options = ("-DTB_TESTS=ON", f"-DTB_SDKCONFIG={tmp_path / 'sdkconfig'}")
    (tmp_path / "sdkconfig").touch()
    (out / ".venv").symlink_to(REPOSITORY / ".venv")
    configured = subprocess.run(
        ["cmake", "-G", "Ninja", "-S", out / "host", "-B", tmp_path / "build", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert configured.returncode == 0, configured.stderr
    assert "Not built for thing: the unit tests of the default model" in configured.stdout
    built = subprocess.run(
        ["ninja", "-C", tmp_path / "build", "tests/all"], capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout
