#!/usr/bin/env python3
"""The project's command line: ``tools/tb.py --help``.

A command lives in a module of tbtools that has ``register(app)``; its name stands in COMMANDS.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

VENV = Path(__file__).resolve().parent.parent / ".venv"

try:
    import typer
except ModuleNotFoundError as missing:
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV or not python.exists():
        print(f"this Python has no {missing.name}; run `make setup`, then {python} {sys.argv[0]}", file=sys.stderr)
        sys.exit(2)
    os.execv(python, [str(python), *sys.argv])  # the one that has the packages

COMMANDS = ("tbtools.demo.cli", "tbtools.server.cli", "tbtools.admin.cli", "tbtools.factory.cli", "tbtools.station.cli")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def main() -> None:
    """Tools around the firmware: a stand-in ThingsBoard, and what an administrator does on a real one or on that."""


for command in COMMANDS:
    import_module(command).register(app)

if __name__ == "__main__":
    app()
