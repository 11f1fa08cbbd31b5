"""What every change has to pass besides the tests: drift, format, lint, types."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tbgen.layout import project_files

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build_test"


def _succeeds(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"


def _files(*suffixes: str) -> list[str]:
    return [path for path in project_files(ROOT) if path.endswith(suffixes)]


def test_generated_files_are_up_to_date() -> None:
    _succeeds(sys.executable, "codegen/gen.py", "--check")


def test_c_is_formatted() -> None:
    sources = [path for path in _files(".c", ".h") if not path.startswith("tests/codegen/golden/")]
    _succeeds("clang-format", "--dry-run", "--Werror", *sources)


def test_python_is_formatted() -> None:
    _succeeds(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_python_has_no_lint() -> None:
    _succeeds(sys.executable, "-m", "ruff", "check", ".")


@pytest.mark.parametrize(
    "folders",
    [("codegen",), ("tools", "bench", "faults", "idf_ext.py"), ("tests", "conftest.py", "pytest_provision.py")],
)
def test_python_is_typed(folders: tuple[str, ...]) -> None:
    _succeeds(sys.executable, "-m", "mypy", *folders)


def _our_sources() -> list[str]:
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    files = {Path(entry["file"]).resolve().relative_to(ROOT).as_posix() for entry in entries}
    return sorted(file for file in files if file.startswith(("components/", "main/", "host/")))


@pytest.mark.parametrize("half", [0, 1])
def test_c_has_no_lint(half: int) -> None:
    assert shutil.which("clang-tidy"), "clang-tidy is missing: run tools/setup.sh test"
    sources = _our_sources()[half::2]
    assert sources
    _succeeds("clang-tidy", "--quiet", "-p", BUILD, *sources)


def test_files_are_short() -> None:
    sources = _files(".c", ".h", ".py", ".j2", ".html", ".css", ".js")
    long = {file: lines for file in sources if (lines := len((ROOT / file).read_text().splitlines())) >= 500}
    assert not long
