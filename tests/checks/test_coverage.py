"""How much of the component's C the unit tests go through."""

import json
import subprocess
from collections import Counter
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
    """What gcov says of each source file of the component, once for each time that it was built."""
    for data in BUILD.rglob("*.gcda"):
        found = json.loads(_run("gcov", "--json-format", "--branch-probabilities", "--stdout", data))
        yield from (file for file in found["files"] if Path(file["file"]).resolve().is_relative_to(SOURCES))


def _counts() -> tuple[Counter[Any], Counter[Any]]:
    """How often each line, and each branch, is gone through, whichever of a file's builds it is in."""
    lines: Counter[Any] = Counter()
    branches: Counter[Any] = Counter()
    for file in _measured():
        for line in file["lines"]:
            name, at = Path(file["file"]).name, line["line_number"]
            lines[name, at] += line["count"]
            for number, branch in enumerate(line["branches"]):
                branches[name, at, number] += branch["count"]
    return lines, branches


def _share(counts: Counter[Any]) -> float:
    return sum(count > 0 for count in counts.values()) / len(counts)


@of_the_default_model
def test_unit_tests_go_through_the_branches_of_src(record_property: Callable[[str, object], None]) -> None:
    _build_and_run_the_unit_tests()
    lines, branches = map(_share, _counts())
    record_property("summary", f"coverage of {SOURCES.relative_to(ROOT)}: branches {branches:.1%}, lines {lines:.1%}")
    assert branches >= LEAST_BRANCHES
