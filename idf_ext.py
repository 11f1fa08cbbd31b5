"""The project's own commands of idf.py: `idf.py tb-gen`, `idf.py tb-server` and so on.

They run codegen/gen.py and tools/tb.py with the Python of .venv: ESP-IDF's own has not the packages that those need.
This file makes do with the standard library of Python 3.7, which ESP-IDF 5.1 still runs on.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
PYTHONS = (ROOT / ".venv/bin/python", ROOT / ".venv/Scripts/python.exe")

TOOLS = {
    "server": "Run a stand-in ThingsBoard on this computer.",
    "profile": "The device profile in ThingsBoard.",
    "device": "Devices in ThingsBoard.",
    "dashboard": "The dashboard in ThingsBoard.",
    "factory": "Settings and credentials of many devices, for production.",
    "station": "PASS or FAIL for one board after another.",
}
"""Commands of tools/tb.py."""


def action_extensions(_base_actions: dict[str, Any], _project_path: str) -> dict[str, Any]:
    """Return what idf.py is to have beside its own commands."""
    actions = {f"tb-{name}": _tool(purpose) for name, purpose in TOOLS.items()}
    return {"version": "1", "global_options": [], "actions": {"tb-gen": _generator(), **actions}}


def _generator() -> dict[str, Any]:
    return {
        "callback": _generate,
        "help": "Generate the C of the device out of its model, as before a build: `idf.py tb-gen build`.",
        "options": [
            {"names": ["--model"], "metavar": "M", "help": "Another model: a file, or a name in codegen/models."},
            {"names": ["--check"], "is_flag": True, "help": "Write nothing; show what is stale."},
            {"names": ["--out"], "metavar": "DIR", "help": "Write a complete project of its own to DIR."},
            {"names": ["--component"], "metavar": "DIR", "help": "Write the component alone to DIR."},
        ],
    }


def _tool(purpose: str) -> dict[str, Any]:
    """Return a command that leaves its arguments to tools/tb.py: it has to be the last one in the line."""
    return {
        "callback": _run_tool,
        "help": f"{purpose} All that follows goes to it, `--help` as well.",
        "add_help_option": False,
        "context_settings": {"ignore_unknown_options": True},
        "arguments": [{"names": ["arguments"], "nargs": -1}],
    }


def _generate(_command: str, _context: Any, _global_options: Any, **options: Any) -> None:
    arguments = []
    for name, value in options.items():
        if value:
            arguments += [f"--{name}"] if value is True else [f"--{name}", value]
    _run("codegen/gen.py", arguments)


def _run_tool(command: str, _context: Any, _global_options: Any, arguments: tuple[str, ...]) -> None:
    _run("tools/tb.py", [command[len("tb-") :], *arguments])


def _run(script: str, arguments: list[str]) -> None:
    """Run *script* of the project; when it fails, idf.py ends with its exit code."""
    python = next((str(path) for path in PYTHONS if path.exists()), None)
    if python is None:
        print(f"{script} needs Python packages in {ROOT / '.venv'}; to install them, run there:", file=sys.stderr)
        print("  make setup", file=sys.stderr)
        sys.exit(2)
    sys.stdout.flush()
    with subprocess.Popen([python, str(ROOT / script), *arguments]) as process:
        while process.poll() is None:
            with suppress(KeyboardInterrupt):  # Ctrl-C reaches it as well, and it ends in its own way
                process.wait()
    if process.returncode:
        sys.exit(process.returncode)
