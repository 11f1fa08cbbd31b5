"""All cases, in their order."""

import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from tbfaults import power, server
from tbfaults.flows import Flow
from tbfaults.kills import Effect
from tbfaults.programs import Programs
from tbfaults.scenario import Case, dry_run
from tbfaults.troubles import Trouble


@dataclass(frozen=True)
class _DryRun:
    """What a boot of *case* does when nobody cuts its power."""

    case: Case
    effects: list[Effect]
    answer_len: int


def catalogue(
    flows: Iterable[Flow], programs: Programs, executor: Executor, seed: int, ids: Sequence[str] = ()
) -> list[Case]:
    """Every case of *flows*; with *ids*, at least those. What the firmware does is found out by running it."""
    dry_cases = [case for flow in flows for case in _dry_cases(flow)]
    asked = [(case, programs) for case in dry_cases if not ids or _leads_to(case, ids)]
    if not asked:
        return []
    cases: list[Case] = []
    for found in executor.map(_run_dry, *zip(*asked, strict=True)):
        flow, troubles = found.case.flow, found.case.troubles
        if troubles:
            cases += power.kills_in_trouble(flow, found.case.name, troubles, found.effects)
            continue
        effects = power.in_order(found.effects)
        cases += power.kills(flow, effects)
        cases += power.torn_writes(flow, effects, seed)
        cases += power.failures(flow, effects)
        cases += power.second_kills(flow, effects, seed)
        cases += server.cases(flow, found.answer_len)
    return cases


def _dry_cases(flow: Flow) -> list[Case]:
    troubles: dict[str, tuple[Trouble, ...]] = {"": (), **server.troubles_to_be_killed_in(flow)}
    return [Case("dry", flow, name, trouble) for name, trouble in troubles.items()]


def _leads_to(dry: Case, ids: Sequence[str]) -> bool:
    """Whether *dry* has to be run for the cases with *ids* to be known."""
    if dry.troubles:
        return any(each.startswith(f"kill-in-trouble/{dry.flow.name}/{dry.name}-") for each in ids)
    return any(f"/{dry.flow.name}/" in each for each in ids)


def _run_dry(case: Case, programs: Programs) -> _DryRun:
    with tempfile.TemporaryDirectory() as directory:
        effects, answer_len = dry_run(case, programs, Path(directory))
    return _DryRun(case, effects, answer_len)
