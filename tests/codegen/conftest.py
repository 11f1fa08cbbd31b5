"""A small project to generate in, and what stands in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import gen
import pytest

from tests.codegen.support import MODELS, Run, make_project


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the generator's data and one model, `thing`; nothing is generated yet."""
    project = tmp_path / "project"
    make_project(project)
    shutil.copy(MODELS / "thing.yaml", project / "codegen" / "models")
    monkeypatch.setattr(gen, "ROOT", project)
    monkeypatch.chdir(project)
    return project


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run the command line in this process."""

    def call(*arguments: str | Path) -> Run:
        capsys.readouterr()
        code = gen.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Run(code, captured.out, captured.err)

    return call
