"""Runs a fuzz target under libFuzzer, and measures what its inputs reach."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tbbench import tools
from tbbench.tools import ROOT, BenchError
from tbtools.figures import Figure

from tests.fuzz import json_python
from tests.fuzz.json_reader import JsonReader
from tests.fuzz.targets import BUILD, COVERAGE, HERE, Target

_INPUT_TIMEOUT_S = 5
_SPARE_S = 120  # to load the corpus, and to tell of a crash


@dataclass(frozen=True)
class Run:
    """What a target did. *crash* is the input on which it ended before its time, if it did."""

    target: Target
    seconds: int
    executions: int
    per_second: int
    edges: int
    all_edges: int
    features: int
    crash: Path | None

    @property
    def command(self) -> str:
        """The command that does the same again."""
        return f".venv/bin/python tests/fuzz/fuzz.py --target {self.target.name} --seconds {self.seconds}"

    @property
    def repeat(self) -> str:
        """The command that repeats the crash."""
        return tools.typed([self.target.program, self.crash]) if self.crash else ""


def fuzz(target: Target, seconds: int) -> Run:
    """Run *target* for *seconds*, or until an input crashes it; BenchError when it does neither."""
    for directory in (target.found, target.crashes):
        directory.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest_input}",
        f"-timeout={_INPUT_TIMEOUT_S}",
        f"-artifact_prefix={target.crashes}/",
        "-print_final_stats=1",
    ]
    if target.uses_words:
        options.append(f"-dict={HERE / 'json.dict'}")
    command: list[str | Path] = [target.program, *options, target.found, target.corpus, target.crashes]
    status, said = _run(command, seconds + _SPARE_S)
    (BUILD / f"{target.name}.log").write_text(said, encoding="utf-8")
    run = read_run(target, seconds, said)
    if status != 0 and run.crash is None:
        raise BenchError(f"exit status {status} from: {tools.typed(command)}\n{said}")
    return run


def read_run(target: Target, seconds: int, said: str) -> Run:
    """What libFuzzer printed, as figures."""

    def last(pattern: str) -> int:
        found = re.findall(pattern, said)
        return int(found[-1]) if found else 0

    crash = re.search(r"Test unit written to (\S+)", said)
    return Run(
        target=target,
        seconds=seconds,
        executions=last(r"stat::number_of_executed_units:\s*(\d+)"),
        per_second=last(r"stat::average_exec_per_sec:\s*(\d+)"),
        edges=last(r" cov: (\d+)"),
        all_edges=last(r"Loaded \d+ modules? +\((\d+) inline"),
        features=last(r" ft: (\d+)"),
        crash=Path(crash.group(1)) if crash else None,
    )


def figures(run: Run, coverage: tuple[float, float] | None) -> list[Figure]:
    """The figures of *run*; *coverage* as coverage_of() gives it."""
    name, command = run.target.name, run.command
    covered = ", ".join(Path(file).name for file in run.target.covers)
    found = [
        Figure(f"{name}: crashes", 1 if run.crash else 0, "inputs", command, 0, run.repeat),
        Figure(f"{name}: executions", run.executions, "inputs", command, note=f"{run.per_second:,} a second"),
        Figure(f"{name}: edges", run.edges, "edges", command, note=f"of {run.all_edges}; features {run.features}"),
    ]
    if coverage is not None:
        lines, branches = coverage
        found.append(Figure(f"{name}: lines", lines, "%", command, note=covered))
        found.append(Figure(f"{name}: branches", branches, "%", command, note=covered))
    return found


def coverage_of(target: Target) -> tuple[float, float]:
    """Percent of the lines, and of the branches, of the target's files that all its inputs together go through."""
    program, raw, profile = (COVERAGE / path for path in (f"fuzz/{target.name}", "raw", "profile"))
    tools.run([program, *target.inputs], env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
    tools.run(["llvm-profdata", "merge", "-sparse", "-o", profile, raw])
    exported = tools.run(["llvm-cov", "export", "-summary-only", f"-instr-profile={profile}", program, *target.covers])
    totals = json.loads(exported)["data"][0]["totals"]
    return totals["lines"]["percent"], totals["branches"]["percent"]


def compared(run: Run) -> Figure:
    """Hold all inputs of a target that reads JSON against Python's `json`."""
    paths = [path for directory in run.target.inputs for path in directory.iterdir()]
    with tempfile.TemporaryDirectory() as temporary:
        reader = JsonReader(Path(temporary, "tb_json.so"))
        unlike = [path for path in paths if not json_python.agrees(reader, path.read_bytes())]
    note = tools.local(unlike[0]) if unlike else f"of {len(paths):,}"
    return Figure(f"{run.target.name}: unlike Python", len(unlike), "inputs", run.command, 0, note)


def keep(target: Target) -> int:
    """Add to the committed corpus the fewest of the found inputs that reach what it does not; returns how many."""
    before = len(list(target.corpus.iterdir()))
    tools.run([target.program, "-set_cover_merge=1", "-use_counters=0", target.corpus, target.found])
    return len(list(target.corpus.iterdir())) - before


def _run(command: Sequence[str | Path], timeout_s: int) -> tuple[int, str]:
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout_s)
    return done.returncode, done.stdout.decode(errors="replace")
