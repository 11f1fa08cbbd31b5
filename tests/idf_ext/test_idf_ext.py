"""idf_ext.py: the project's commands of idf.py."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from tests.idf_ext.idf_py import LISTS, parse

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "idf_ext.py"
COMMANDS = {f"tb-{name}" for name in ("gen", "server", "profile", "device", "dashboard", "factory", "station")}
WITH_STATUS_7 = "import json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.exit(7 if 'fail' in sys.argv else 0)\n"
ENDS_SLOWLY = """\
import signal, sys, time
def end(*_):
    time.sleep(1)
    sys.exit(5)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
time.sleep(30)
"""
OF_5 = """\
import sys
sys.path.append(sys.argv[1])
from idf_ext import action_extensions
"""
OF_6 = """\
import importlib.util, sys
spec = importlib.util.spec_from_file_location("idf_ext_" + sys.argv[1], sys.argv[1] + "/idf_ext.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
action_extensions = module.action_extensions
"""


def load(folder: Path) -> dict[str, Any]:
    """Return what the idf_ext.py in *folder* adds to idf.py."""
    spec = importlib.util.spec_from_file_location("idf_ext_under_test", folder / "idf_ext.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    extension: dict[str, Any] = module.action_extensions({}, str(folder))
    return extension


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose generator and tools print their arguments as JSON, and fail with 7 when `fail` is one."""
    shutil.copy(SOURCE, tmp_path)
    for script in ("codegen/gen.py", "tools/tb.py"):
        (tmp_path / script).parent.mkdir()
        (tmp_path / script).write_text(WITH_STATUS_7)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").symlink_to(sys.executable)
    return tmp_path


def printed(project: Path, line: str, capfd: pytest.CaptureFixture[str]) -> list[list[str]]:
    """Run the commands of *line*, and return the arguments of each script that ran."""
    for task in parse(load(project), line.split()):
        task.run()
    return [json.loads(each) for each in capfd.readouterr().out.splitlines()]


def test_it_adds_our_commands_and_nothing_else() -> None:
    extension = load(ROOT)
    assert set(extension) <= LISTS
    assert extension["version"] == "1"  # ESP-IDF 6 wants one
    assert set(extension["actions"]) == COMMANDS
    assert not any(extension.get(name) for name in ("global_options", "global_action_callbacks"))
    for name, action in extension["actions"].items():
        assert callable(action["callback"])
        assert action["help"].endswith("."), name


@pytest.mark.parametrize("loader", [OF_5, OF_6], ids=["of ESP-IDF 5", "of ESP-IDF 6"])
def test_a_python_without_our_packages_loads_it(loader: str) -> None:
    program = f"{loader}\nprint(sorted(action_extensions({{}}, sys.argv[1])['actions']))"
    command = [sys.executable, "-I", "-S", "-c", program, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{sorted(COMMANDS)}\n", "")


def test_it_is_python_3_7() -> None:
    """The oldest that ESP-IDF 5.1 takes."""
    ast.parse(SOURCE.read_text(encoding="utf-8"), feature_version=(3, 7))


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("tb-gen", []),
        ("tb-gen --check", ["--check"]),
        ("tb-gen --check build", ["--check"]),
        ("build tb-gen --model boiler", ["--model", "boiler"]),
        (
            "tb-gen --model boiler --component ../app/components",
            ["--model", "boiler", "--component", "../app/components"],
        ),
        ("tb-gen --out ../boiler", ["--out", "../boiler"]),
        (
            "tb-profile apply --strategy check-pre-provisioned",
            ["profile", "apply", "--strategy", "check-pre-provisioned"],
        ),
        ("tb-server --http-port 0 --fault answer:drop*2", ["server", "--http-port", "0", "--fault", "answer:drop*2"]),
        ("tb-factory --help", ["factory", "--help"]),
        ("tb-station run build --json", ["station", "run", "build", "--json"]),
        ("-C tb-device", None),
        ("tb-dashboard", ["dashboard"]),
    ],
)
def test_arguments_reach_the_script(
    line: str, arguments: list[str] | None, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if arguments is None:
        with pytest.raises(click.UsageError):
            printed(project, line, capfd)
    else:
        assert printed(project, line, capfd) == [arguments]


def test_a_wrong_option_of_the_generator_is_refused_before_anything_runs(project: Path) -> None:
    with pytest.raises(click.UsageError):
        parse(load(project), ["tb-gen", "--modell", "boiler"])


@pytest.mark.parametrize("line", ["tb-gen --model fail", "tb-server fail"])
def test_exit_code_of_the_script_is_that_of_idf_py(line: str, project: Path) -> None:
    (task,) = parse(load(project), line.split())
    with pytest.raises(SystemExit) as ended:
        task.run()
    assert ended.value.code == 7


def test_without_packages_it_says_how_to_get_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / ".venv/bin/python").unlink()
    (task,) = parse(load(project), ["tb-server"])
    with pytest.raises(SystemExit) as ended:
        task.run()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"tools/tb.py needs Python packages in {project / '.venv'}; to install them, run there:\n  make setup\n"
    )


def test_ctrl_c_lets_the_tool_end_in_its_own_way(project: Path) -> None:
    (project / "tools/tb.py").write_text(ENDS_SLOWLY)
    program = f"{OF_5}\naction_extensions({{}}, '')['actions']['tb-server']['callback']('tb-server', None, None, ())"
    command = [sys.executable, "-I", "-c", program, str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(20) == 5
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.esp_idf
def test_idf_py_of_this_machine_has_the_commands() -> None:
    helped = subprocess.run(["idf.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(helped.stdout.split()) >= COMMANDS
    assert "extension" not in helped.stderr
    checked = subprocess.run(["idf.py", "tb-gen", "--check"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ": up to date\n" in checked.stdout
    asked = subprocess.run(["idf.py", "tb-server", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Usage: tb.py server" in asked.stdout
