"""What is built for all chips and versions: `make matrix`, and then `idf-build-apps` in the folder that it has made.

An ESP-IDF is asked for its version and its chips; its idf.py, which would build, notes what it is told.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(path.stem for path in (ROOT / "codegen" / "models").glob("*.yaml"))
CHIPS = ("esp32", "esp32c2", "esp32c3", "esp32h2", "esp32s3")
VERSIONS = {
    "5.1.0": ("esp32", "esp32s2", "esp32c3", "esp32s3", "esp32c2", "esp32c6", "esp32h2"),
    "6.0.2": (
        *("esp32", "esp32s2", "esp32c3", "esp32s3", "esp32c2", "esp32c6", "esp32h2", "esp32p4"),
        *("esp32c5", "esp32c61"),
    ),
}
IDF_PY = """import json, os, sys
with open(os.path.join(os.environ["IDF_PATH"], "calls"), "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
"""
_APP = re.compile(r"App (\S+), target (\w+), sdkconfig \(default\), build in (\S+?)(?:,|$)", re.MULTILINE)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matrix")
    done = subprocess.run(
        ["make", "--silent", "-o", "setup", "matrix", f"MATRIX={folder}", f"PYTHON={sys.executable}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


def esp_idf(folder: Path, version: str) -> Path:
    """What `idf-build-apps` reads of an ESP-IDF."""
    for tool in ("cmake", "idf_py_actions"):
        (folder / "tools" / tool).mkdir(parents=True)
    names = ("MAJOR", "MINOR", "PATCH")
    lines = [f"set(IDF_VERSION_{name} {number})\n" for name, number in zip(names, version.split("."), strict=True)]
    (folder / "tools/cmake/version.cmake").write_text("".join(lines))
    chips = list(VERSIONS[version])
    constants = f"SUPPORTED_TARGETS = {chips!r}\nPREVIEW_TARGETS = ['linux']\n"
    (folder / "tools/idf_py_actions/constants.py").write_text(constants)
    (folder / "tools/idf.py").write_text(IDF_PY)
    return folder


def build_apps(idf: Path | str, projects: Path, *arguments: object) -> list[tuple[str, str, str]]:
    """Model, chip and build folder of what `idf-build-apps` names."""
    done = subprocess.run(
        [sys.executable, "-m", "idf_build_apps", *map(str, arguments)],
        cwd=projects,
        env={**os.environ, "IDF_PATH": str(idf)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(Path(app).name, chip, Path(build).name) for app, chip, build in _APP.findall(done.stdout + done.stderr)]


@pytest.mark.parametrize("version", VERSIONS)
def test_each_model_is_built_for_each_chip(projects: Path, version: str, tmp_path: Path) -> None:
    found = build_apps(esp_idf(tmp_path, version), projects, "find")
    build = f"build_{version.replace('.', '_')}"
    assert sorted(found) == [(model, chip, f"{build}_{chip}") for model in MODELS for chip in CHIPS]


def test_machines_share_the_work_and_leave_nothing_out(projects: Path, tmp_path: Path) -> None:
    idf = esp_idf(tmp_path, "6.0.2")
    split = ("--dry-run", "--parallel-count", 4, "--parallel-index")
    parts = [build_apps(idf, projects, "build", *split, index) for index in (1, 2, 3, 4)]
    assert sorted(app for part in parts for app in part) == sorted(build_apps(idf, projects, "find"))
    assert max(map(len, parts)) - min(map(len, parts)) <= 4


def test_each_project_is_built_with_its_own_settings(projects: Path, tmp_path: Path) -> None:
    idf = esp_idf(tmp_path, "6.0.2")
    build_apps(idf, projects, "build", "--target", "esp32c3")
    calls = [json.loads(line) for line in (idf / "calls").read_text().splitlines()]
    assert sorted(Path(call[call.index("-C") + 1]).name for call in calls) == MODELS
    for call in calls:
        project = projects / call[call.index("-C") + 1]
        assert f"-DSDKCONFIG_DEFAULTS={project / 'sdkconfig.defaults'}" in call
        assert call[-1] == "build"


@pytest.mark.esp_idf
def test_esp_idf_of_this_shell_knows_all_chips(projects: Path) -> None:
    found = build_apps(os.environ["IDF_PATH"], projects, "find")
    assert {chip for _, chip, _ in found} == set(CHIPS)
    assert len(found) == len(MODELS) * len(CHIPS)
