#!/usr/bin/env python3
"""Fuzzes the C code with libFuzzer: what it reads from the network and from flash, and all that can happen to it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in (".", "bench", "tools")]

from tbbench import tools  # noqa: E402
from tbtools import figures  # noqa: E402

from tests.fuzz import fuzzing, targets  # noqa: E402

REPORT = ROOT / "report" / "fuzz.json"
NAMES = [target.name for target in targets.TARGETS]
EXIT_FOUND = 1
EXIT_CANNOT_FUZZ = 2


def _run(chosen: list[targets.Target], seconds: int, keep: bool) -> list[fuzzing.Run]:
    targets.require_tools()
    targets.build()
    runs = []
    for target in chosen:
        print(f"{target.name}, {seconds} s: {target.reads} ...", flush=True)
        runs.append(fuzzing.fuzz(target, seconds))
        if keep and runs[-1].crash is None:
            print(f"{target.name}: {fuzzing.keep(target)} inputs added to {tools.local(target.corpus)}")
    return runs


def _figures_of(run: fuzzing.Run) -> list[figures.Figure]:
    if run.crash:
        return fuzzing.figures(run, None)
    found = fuzzing.figures(run, fuzzing.coverage_of(run.target))
    return [*found, fuzzing.compared(run)] if run.target.is_json else found


def main(
    seconds: Annotated[int, typer.Option(min=1, help="How long each target runs.")] = 60,
    target: Annotated[list[str] | None, typer.Option(help=f"Only this one, of {', '.join(NAMES)}.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Add what was found to the committed corpus.")] = False,
    report: Annotated[Path, typer.Option(help="Where the JSON goes.")] = REPORT,
) -> None:
    """Build into build_fuzz/, run each target, print a table and write JSON.

    Exit code: 1 an input crashed a target, or is JSON to one of us and Python alone; 2 nothing could be fuzzed.
    """
    unknown = set(target or ()) - set(NAMES)
    if unknown:
        raise typer.BadParameter(f"no such target: {', '.join(sorted(unknown))}", param_hint="--target")
    try:
        runs = _run([each for each in targets.TARGETS if each.name in (target or NAMES)], seconds, keep)
        found = [figure for run in runs for figure in _figures_of(run)]
        built_with = {"cc": tools.first_line(["clang", "--version"]), "flags": targets.FUZZER_FLAGS}
    except tools.BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_FUZZ) from error
    title = f"Fuzzing, {seconds} s each"
    figures.write_json(report, title, found, built_with)
    figures.show(title, found)
    for run in runs:
        if run.crash:
            print(f"{run.target.name} crashed; this repeats it: {run.repeat}", file=sys.stderr)
    if not all(figure.held for figure in found):
        raise typer.Exit(EXIT_FOUND)


if __name__ == "__main__":
    typer.run(main)
