#!/usr/bin/env python3
"""Measures the firmware: heap allocations, instructions of an encode, and the time to telemetry over a long way."""

import asyncio
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))

from tbbench import encode, heap, latency, programs, tools  # noqa: E402
from tbtools import figures  # noqa: E402

TITLE = "Firmware on this machine"
REPORT = ROOT / "report" / "bench.json"
EXIT_OVER_BUDGET = 1
EXIT_CANNOT_MEASURE = 2


class Part(str, Enum):
    """What can be measured by itself."""

    HEAP = "heap"
    ENCODE = "encode"
    LATENCY = "latency"


def main(
    only: Annotated[Part | None, typer.Option(help="Measure this alone.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Boots whose median time counts; each takes two seconds.")] = 5,
    report: Annotated[Path, typer.Option(help="Where the JSON goes.")] = REPORT,
) -> None:
    """Build into build_bench/, measure, print a table and write JSON.

    Exit code: 1 a budget is broken, 2 nothing could be measured.
    """
    parts = [only] if only else list(Part)
    try:
        programs.require_tools(valgrind=Part.ENCODE in parts)
        built = programs.build()
        found = measure(built, parts, runs)
        built_with = {**versions(parts), "command": built.command}
    except tools.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_MEASURE) from error
    figures.write_json(report, TITLE, found, built_with)
    figures.show(TITLE, found)
    if not all(figure.held for figure in found):
        raise typer.Exit(EXIT_OVER_BUDGET)


def measure(built: programs.Programs, parts: list[Part], runs: int) -> list[figures.Figure]:
    """The figures of *parts*, in order."""
    found = []
    if Part.HEAP in parts:
        found += heap.measure(built)
    if Part.ENCODE in parts:
        found += encode.measure(built)
    if Part.LATENCY in parts:
        found += asyncio.run(latency.measure(built, runs))
    return found


def versions(parts: list[Part]) -> dict[str, str]:
    """The tools on which the figures depend."""
    found = {"cc": tools.first_line(["cc", "--version"])}
    if Part.ENCODE in parts:
        found["valgrind"] = tools.first_line(["valgrind", "--version"])
        found["cJSON"] = tools.first_line(["pkg-config", "--modversion", "libcjson"])
    return found


if __name__ == "__main__":
    typer.run(main)
