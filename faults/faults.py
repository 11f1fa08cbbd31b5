#!/usr/bin/env python3
"""Cuts the firmware's power, breaks its storage, its network and its server, and sees whether a device is lost."""

import re
import sys
import time
from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tools", "bench")]

from tbbench.tools import BenchError  # noqa: E402
from tbfaults import catalogue, programs, report, scenario  # noqa: E402
from tbfaults.flows import FLOWS  # noqa: E402
from tbfaults.scenario import Case, Ending, Verdict  # noqa: E402

REPORT = ROOT / "report" / "faults.json"
EXIT_LOST = 1
EXIT_CANNOT_TRY = 2


def main(
    case: Annotated[list[str] | None, typer.Option(help="Try this case alone, with its log; may be repeated.")] = None,
    only: Annotated[str, typer.Option(help="Try the cases whose id has a match of this regular expression.")] = "",
    list_cases: Annotated[bool, typer.Option("--list", help="Print the ids of all cases.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Cases at a time.")] = 16,
    seed: Annotated[int, typer.Option(help="What is left to chance follows from it.")] = 1,
    preload: Annotated[list[Path] | None, typer.Option(help="Load this library into the firmware as well.")] = None,
    report_file: Annotated[Path, typer.Option("--report", help="Where the JSON goes.")] = REPORT,
) -> None:
    """Build into build_faults/, try every case, print a table and write JSON.

    Two flows are tried byte by byte, the others at every effect and, where the code is the same, by a sample. A device
    that an administrator had to help, as the server had made its credentials, is counted apart.

    Exit code: 1 a device is lost, 2 nothing could be tried.
    """
    started = time.monotonic()
    flows = [flow for flow in FLOWS if not case or any(f"/{flow.name}/" in each for each in case)]
    preloaded = tuple(library.resolve() for library in preload or [])
    with ProcessPoolExecutor(jobs) as executor:
        try:
            built = programs.build((flow.project for flow in flows), preloaded)
            cases = chosen(catalogue.catalogue(flows, built, executor, seed, case or ()), case, only)
        except BenchError as error:
            print(f"error: {error}", file=sys.stderr)
            raise typer.Exit(EXIT_CANNOT_TRY) from error
        if list_cases:
            print("\n".join(each.id for each in cases))
            return
        verdicts = try_all(cases, built, executor, seed)
    for verdict in verdicts:
        if case or verdict.ending is Ending.LOST:
            report.show_verdict(verdict, seed, preloaded)
    if not case:
        report.write_json(report_file, verdicts, seed, time.monotonic() - started)
        report.show_table(verdicts, time.monotonic() - started)
    print(*filter(None, (report.helped_line(verdicts), report.closing_line(verdicts))), sep="\n")
    if any(verdict.ending is Ending.LOST for verdict in verdicts):
        raise typer.Exit(EXIT_LOST)


def chosen(cases: list[Case], ids: list[str] | None, only: str) -> list[Case]:
    """The cases with *ids*, or all; those of them whose id matches *only*."""
    found = [case for case in cases if re.search(only, case.id) and (not ids or case.id in ids)]
    unknown = set(ids or []) - {case.id for case in found}
    if unknown or not found:
        print(f"error: no such case: {', '.join(sorted(unknown)) or only}; --list names them", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_TRY)
    return found


def try_all(cases: list[Case], built: programs.Programs, executor: Executor, seed: int) -> list[Verdict]:
    """Run *cases*, several at a time."""
    count, order = len(cases), spread(cases)
    verdicts = executor.map(
        scenario.run, [cases[at] for at in order], [built] * count, [seed] * count, chunksize=min(4, 1 + count // 50)
    )
    found = dict(zip(order, verdicts, strict=True))
    return [found[at] for at in range(count)]


def spread(cases: list[Case]) -> list[int]:
    """The order in which the cases of all flows go side by side: those of some wait, where others calculate."""
    of_flow: dict[str, list[int]] = {}
    for at, case in enumerate(cases):
        of_flow.setdefault(case.flow.name, []).append(at)
    moment = {at: number / len(mine) for mine in of_flow.values() for number, at in enumerate(mine)}
    return sorted(moment, key=moment.__getitem__)


if __name__ == "__main__":
    typer.run(main)
