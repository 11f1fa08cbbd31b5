"""How much of the component's C the unit tests go through."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.model import ROOT, of_the_default_model

BUILD = ROOT / "build_coverage"
SOURCES = ROOT / "components/tb_mqtt_client_helper/src"
LEAST_BRANCHES = 0.95


def _run(*command: str | Path) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"
    return done.stdout


def _build_and_run_the_unit_tests() -> None:
    for old in BUILD.rglob("*.gcda"):
        old.unlink()
    BUILD.mkdir(exist_ok=True)
    (BUILD / "sdkconfig").write_bytes((ROOT / "sdkconfig.ci.test").read_bytes())
    options = (f"-DTB_SDKCONFIG={BUILD}/sdkconfig", "-DTB_TESTS=ON", "-DCMAKE_C_FLAGS=--coverage -O0")
    _run("cmake", "-G", "Ninja", "-S", "host", "-B", BUILD, *options)
    _run("ninja", "-C", BUILD, "tests/all")
    _run("ctest", "--test-dir", BUILD / "tests")


def _measured() -> Iterator[dict[str, Any]]:
    """What gcov says of each source file of the component."""
    for data in BUILD.rglob("*.gcda"):
        found = json.loads(_run("gcov", "--json-format", "--branch-probabilities", "--stdout", data))
        yield from (file for file in found["files"] if Path(file["file"]).resolve().is_relative_to(SOURCES))


@of_the_default_model
def test_unit_tests_go_through_the_branches_of_src(record_property: Callable[[str, object], None]) -> None:
    _build_and_run_the_unit_tests()
    lines = [line for file in _measured() for line in file["lines"]]
    branches = [branch["count"] > 0 for line in lines for branch in line["branches"]]
    assert branches
    taken = sum(branches) / len(branches)
    reached = sum(line["count"] > 0 for line in lines) / len(lines)
    record_property("summary", f"coverage of {SOURCES.relative_to(ROOT)}: branches {taken:.1%}, lines {reached:.1%}")
    assert taken >= LEAST_BRANCHES
