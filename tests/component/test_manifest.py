"""The component's manifest, by the tool behind `idf.py add-dependency` and uploads to a registry of components."""

from __future__ import annotations

import functools
import http.server
import os
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.component.project import NAME, ROOT, add_component

MODEL = "dev_sup_access_token_wo_ssl"


def compote(*arguments: str | Path, cwd: Path) -> str:
    """Run the component manager in *cwd* and return what it printed; it has to succeed."""
    environment = {**os.environ, "IDF_TOOLS_PATH": str(cwd / "tools"), "NO_COLOR": "1"}
    command = [sys.executable, "-m", "idf_component_manager", *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture
def component(tmp_path: Path) -> Path:
    return add_component(tmp_path / "made", MODEL)


@pytest.fixture
def repository(component: Path, tmp_path: Path) -> Iterator[str]:
    """The URL of a git repository that holds the component."""

    def git(*arguments: str | Path) -> None:
        identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com")
        subprocess.run(["git", *identity, *arguments], cwd=component.parent, capture_output=True, check=True)

    served = tmp_path / "served"
    served.mkdir()
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "--message=component")
    git("clone", "--quiet", "--bare", ".", served / "repository.git")
    subprocess.run(["git", "update-server-info"], cwd=served / "repository.git", check=True)
    handler = functools.partial(_Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/repository.git"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_registry_takes_it(component: Path, tmp_path: Path) -> None:
    said = compote("component", "pack", "--name", NAME, "--dest-dir", tmp_path / "dist", cwd=component)
    assert "WARNING" not in said
    (archive,) = (tmp_path / "dist").glob("*.tgz")
    with tarfile.open(archive) as packed:
        names = {member.name.removeprefix("./") for member in packed if member.isfile()}
    assert names == {path.relative_to(component).as_posix() for path in component.rglob("*") if path.is_file()}


def test_every_manifest_of_the_project_is_valid(component: Path) -> None:
    folders = (component, component / "examples/minimal/main", ROOT / "main", ROOT / "components" / NAME)
    compote("manifest", "lint", *folders, cwd=component)


def test_its_version_is_that_of_the_project(component: Path) -> None:
    manifest = YAML(typ="safe", pure=True).load(component / "idf_component.yml")
    assert f'\nversion = "{manifest["version"]}"\n' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert manifest["targets"] == ["esp32", "esp32c2", "esp32c3", "esp32h2", "esp32s3", "linux"]


def test_add_dependency_takes_it_from_a_git_repository(repository: str, tmp_path: Path) -> None:
    """`idf.py add-dependency` is this very command."""
    project = tmp_path / "project"
    (project / "main").mkdir(parents=True)
    (project / "CMakeLists.txt").write_text("include($ENV{IDF_PATH}/tools/cmake/project.cmake)\nproject(app)\n")
    compote("manifest", "add-dependency", "--git", repository, "--git-path", NAME, NAME, cwd=project)
    manifest = YAML(typ="safe", pure=True).load(project / "main/idf_component.yml")
    assert manifest["dependencies"][NAME] == {"git": repository, "path": NAME}
