"""What `fuzz.py` reads out of libFuzzer, and what it leaves to be replayed."""

import re
from pathlib import Path

import pytest

from tests.fuzz import fuzzing, json_python
from tests.fuzz.targets import HERE, TARGETS, Target
from tests.model import ROOT

CORPUS_MAX = 200_000

SAID = """\
INFO: Loaded 1 modules   (692 inline 8-bit counters): 692 [0x55, 0x57),
#9\tINITED cov: 223 ft: 453 corp: 8/736b exec/s: 0 rss: 31Mb
#192341\tDONE   cov: 349 ft: 1451 corp: 439/26Kb lim: 1024 exec/s: 48085 rss: 479Mb
stat::number_of_executed_units: 192341
stat::average_exec_per_sec:     48085
"""


def test_figures_of_a_run_are_read() -> None:
    run = fuzzing.read_run(TARGETS[0], 3, SAID)
    assert (run.executions, run.per_second, run.edges, run.all_edges, run.features) == (192341, 48085, 349, 692, 1451)
    assert run.crash is None
    assert all(figure.held for figure in fuzzing.figures(run, (99.5, 91.7)))


def test_crash_breaks_its_figure_and_names_the_command_that_repeats_it() -> None:
    target = TARGETS[0]
    said = f"{SAID}artifact_prefix='x/'; Test unit written to {target.crashes}/crash-075d3ec2\nBase64: AA==\n"
    run = fuzzing.read_run(target, 3, said)
    repeat = f"build_fuzz/fuzzers/fuzz/{target.name} tests/fuzz/crashes/{target.name}/crash-075d3ec2"
    assert run.repeat == repeat
    assert [figure.note for figure in fuzzing.figures(run, None) if not figure.held] == [repeat]


def test_input_that_python_reads_otherwise_breaks_its_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    run = fuzzing.read_run(next(target for target in TARGETS if target.is_json), 3, SAID)
    assert fuzzing.compared(run).held
    monkeypatch.setattr(json_python, "agrees", lambda _, text: b"status" not in text)
    assert not fuzzing.compared(run).held


def test_every_target_is_built_and_run() -> None:
    built = re.findall(r"^tb_add_fuzz_target\((\w+)", (HERE / "CMakeLists.txt").read_text(), re.MULTILINE)
    assert built == [target.name for target in TARGETS]


def test_every_target_is_described() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(fuzz_\w+)` \| ([^|]+) \|", page, re.MULTILINE)
    assert rows == [(target.name, target.reads) for target in TARGETS]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_target_covers_files_that_are_there(target: Target) -> None:
    assert all((ROOT / file).is_file() for file in target.covers)


def test_corpus_stays_small() -> None:
    inputs = [path for folder in ("corpus", "crashes") for path in Path(HERE, folder).rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in inputs) < CORPUS_MAX
