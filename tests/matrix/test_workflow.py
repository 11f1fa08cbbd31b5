"""The workflow file for a runner with boards, as far as it can be told without one."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW: dict[str, Any] = YAML(typ="safe").load(ROOT / ".github/workflows/hardware.yml")
JOBS: dict[str, Any] = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]
SCRIPTS = [step["run"] for step in STEPS if "run" in step]
_EXPRESSION = re.compile(r"\$\{\{ *([\w.-]+) *\}\}")
_VERSIONS = ["v5.1", "v5.2", "v5.3", "v5.4", "v5.5", "v6.0"]


def test_it_never_runs_what_a_stranger_sends() -> None:
    """ "on" is true in YAML 1.1, and ruamel reads 1.2."""
    assert set(WORKFLOW["on"]) == {"workflow_dispatch", "push"}
    assert WORKFLOW["permissions"] == {"contents": "read"}


def test_jobs_wait_for_jobs_that_there_are() -> None:
    assert {job["needs"] for job in JOBS.values() if "needs" in job} <= set(JOBS)


def test_each_artifact_that_is_taken_has_been_given() -> None:
    artifacts = {"upload": set(), "download": set()}  # type: dict[str, set[str]]
    for step in STEPS:
        match = re.fullmatch(r"actions/(upload|download)-artifact@v\d+", step.get("uses", ""))
        if match:
            artifacts[match[1]].add(step["with"]["name"])
    assert artifacts["download"] <= artifacts["upload"]


def test_all_supported_versions_are_built_and_each_part() -> None:
    matrix = JOBS["build"]["strategy"]["matrix"]
    assert matrix["idf"] == _VERSIONS
    (script,) = (script for script in SCRIPTS if "idf_build_apps" in script)
    count = int(re.search(r"--parallel-count (\d+)", script)[1])  # type: ignore[index]
    assert matrix["part"] == list(range(1, count + 1))


def test_expressions_name_what_there_is() -> None:
    text = json.dumps(WORKFLOW)
    known = {f"matrix.{axis}" for axis in JOBS["build"]["strategy"]["matrix"]}
    known |= {"vars.TB_BOARDS", "vars.TB_SERVER_HOST", "secrets.TB_WIFI_SSID", "secrets.TB_WIFI_PASSWORD"}
    assert set(_EXPRESSION.findall(text)) == known


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_shell(script: str) -> None:
    done = subprocess.run(
        ["bash", "-n"], input=_EXPRESSION.sub("1", script), text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_files_that_scripts_name_are_there() -> None:
    text = "\n".join(SCRIPTS)
    assert all((ROOT / f"sdkconfig.ci.{config}").exists() for config in ("wifi", "qemu"))
    assert "for config in wifi qemu" in text
    assert all((ROOT / lock).exists() for lock in re.findall(r"[\w-]+\.lock", text))
    (pattern,) = re.findall(r"grep -o '([^']+)'", text)
    assert re.search(pattern.replace("[^ ]", r"[^\s]"), (ROOT / "requirements-test.lock").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("boards", "options"),
    [("", []), ("/dev/ttyUSB0 7C:DF:A1:B2:C3:D4", ["--board", "/dev/ttyUSB0", "--board", "7C:DF:A1:B2:C3:D4"])],
)
def test_boards_of_the_runner_become_options(boards: str, options: list[str], tmp_path: Path) -> None:
    """The script is run, with a Python that tells what it was given."""
    (script,) = (script for script in SCRIPTS if "--board" in script)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    environment = {**os.environ, "TB_BOARDS": boards}
    bash = shutil.which("bash") or "bash"
    done = subprocess.run([bash, "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        *("-m", "pytest", "--target", "esp32c3", *options),
        *("--build-dir", "build_wifi", "--junitxml", "report/hil/all.xml"),
    ]
