"""What came out: a table by family, JSON, and for each lost device the command that repeats its case."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tbbench.tools import ROOT, typed

from tbfaults.scenario import Ending, Verdict

_LOG_LINES = 60


def closing_line(verdicts: Sequence[Verdict]) -> str:
    """How many were tried, how many recovered, how many are lost."""
    count = _count(verdicts)
    recovered = count[Ending.RECOVERED] + count[Ending.HELPED]
    return f"faults: {len(verdicts)} tried, {recovered} recovered, {count[Ending.LOST]} devices lost"


def helped_line(verdicts: Sequence[Verdict]) -> str:
    """How many of the recovered needed an administrator, "" when none did."""
    helped = _count(verdicts)[Ending.HELPED]
    return f"{helped} of the recovered by an administrator: the server had made their credentials" if helped else ""


def _count(verdicts: Sequence[Verdict]) -> Counter[Ending]:
    return Counter(verdict.ending for verdict in verdicts)


def show_verdict(verdict: Verdict, seed: int, preloaded: Sequence[Path]) -> None:
    """Print how a case went, its log, and what repeats it."""
    options = [part for library in preloaded for part in ("--preload", library)]
    seeded = ["--seed", str(seed)] if seed != 1 else []
    command = typed(["python", ROOT / "faults" / "faults.py", "--case", verdict.case_id, *seeded, *options])
    lines = verdict.log.splitlines()
    left_out = [f"... {len(lines) - _LOG_LINES} lines"] if len(lines) > _LOG_LINES else []
    print("\n".join([*left_out, *lines[-_LOG_LINES:]]))
    print(f"{verdict.case_id}: {f'LOST: {verdict.why}' if verdict.why else verdict.ending.value}")
    print(f"$ {command}\n")


def show_table(verdicts: Sequence[Verdict], seconds: float) -> None:
    """Print the table."""
    table = Table(title=f"Devices among faults, {seconds:.0f} s", title_justify="left")
    for heading in ("family", "tried", "recovered", "helped", "lost", "boots", "longest"):
        table.add_column(heading, justify="left" if heading == "family" else "right")
    for family in dict.fromkeys(verdict.family for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.family == family]
        count = _count(mine)
        boots = sum(verdict.boots for verdict in mine)
        longest = max(verdict.seconds for verdict in mine)
        endings = (count[ending] for ending in Ending)
        cells = (family, len(mine), *endings, boots, f"{longest:.1f} s")
        table.add_row(*map(str, cells), style="bold red" if count[Ending.LOST] else None)
    Console().print(table)


def write_json(path: Path, verdicts: Sequence[Verdict], seed: int, seconds: float) -> None:
    """Write all verdicts to *path*."""
    count = _count(verdicts)
    document = {
        "title": "Devices among faults",
        "command": "python faults/faults.py" + (f" --seed {seed}" if seed != 1 else ""),
        "tried": len(verdicts),
        "recovered": count[Ending.RECOVERED] + count[Ending.HELPED],
        "by an administrator": count[Ending.HELPED],
        "lost": count[Ending.LOST],
        "seconds": round(seconds, 1),
        "cases": [
            {
                "id": verdict.case_id,
                "family": verdict.family,
                "ending": verdict.ending.value,
                "why": verdict.why,
                "boots": verdict.boots,
                "seconds": round(verdict.seconds, 3),
            }
            for verdict in verdicts
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
