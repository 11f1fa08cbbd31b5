#!/usr/bin/env python3
"""Weighs the component: text, data and bss for a board's core, by file and in total."""

import sys
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from tbbench import tools, weight  # noqa: E402
from tbtools import figures  # noqa: E402

TITLE = "Component on rv32imc at -Os"
REPORT = ROOT / "report" / "size.json"
EXIT_OVER_BUDGET = 1
EXIT_CANNOT_MEASURE = 2


def main(report: Annotated[Path, typer.Option(help="Where the JSON goes.")] = REPORT) -> None:
    """Compile into build_size/, weigh, print a table and write JSON.

    Exit code: 1 a budget is broken, 2 nothing could be measured.
    """
    try:
        weight.require_tools()
        build_command = weight.build()
        found = weight.measure()
        built_with = {
            "cc": tools.first_line([weight.COMPILER, "--version"]),
            "flags": weight.flags(),
            "command": build_command,
        }
    except tools.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_MEASURE) from error
    figures.write_json(report, TITLE, found, built_with)
    figures.show(TITLE, found)
    if not all(figure.held for figure in found):
        raise typer.Exit(EXIT_OVER_BUDGET)


if __name__ == "__main__":
    typer.run(main)
