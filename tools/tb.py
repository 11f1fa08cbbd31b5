#!/usr/bin/env python3
"""The project's command line: ``python tools/tb.py --help``.

A command lives in a module of tbtools that has ``register(app)``; its name stands in COMMANDS.
"""

from importlib import import_module

import typer

COMMANDS = ("tbtools.demo.cli", "tbtools.factory.cli", "tbtools.server.cli")

app = typer.Typer(no_args_is_help=True, pretty_exceptions_show_locals=False)


@app.callback()
def main() -> None:
    """Tools around the firmware: a stand-in ThingsBoard, and what else talks to a server."""


for command in COMMANDS:
    import_module(command).register(app)

if __name__ == "__main__":
    app()
