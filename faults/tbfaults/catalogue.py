"""All cases, in their order."""

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from tbfaults import power, server, tls, turns
from tbfaults.choice import Choice
from tbfaults.device import Crashed
from tbfaults.flows import Flow
from tbfaults.kills import Effect
from tbfaults.programs import Programs
from tbfaults.scenario import Case, Lost, dry_run
from tbfaults.troubles import Trouble


@dataclass(frozen=True)
class _DryRun:
    """What a boot of *case* does when nobody cuts its power; no *effects*: the device is lost all the same."""

    case: Case
    effects: list[Effect]
    answer_len: int


def catalogue(
    flows: Iterable[Flow], programs: Programs, executor: Executor, seed: int, ids: Sequence[str] = ()
) -> list[Case]:
    """Every case of *flows*; with *ids*, at least those. What the firmware does is found out by running it.

    When it does not even work where nobody cuts its power, there is no other case of that kind.
    """
    dry_cases = [case for flow in flows for case in _dry_cases(flow)]
    asked = [(case, programs) for case in dry_cases if not ids or _leads_to(case, ids)]
    if not asked:
        return []
    cases: list[Case] = []
    for found in executor.map(_run_dry, *zip(*asked, strict=True)):
        choice, troubles = Choice(found.case.flow, seed), found.case.troubles
        if not found.effects or not troubles:
            cases.append(found.case)
        if not found.effects:
            continue
        if troubles:
            cases += power.kills_in_trouble(choice, found.case.name, troubles, found.effects)
            continue
        cases += power.cases(choice, found.effects)
        cases += server.cases(choice, found.answer_len)
        cases += tls.cases(choice)
        cases += turns.cases(choice)
    return cases


def _dry_cases(flow: Flow) -> list[Case]:
    troubles: dict[str, tuple[Trouble, ...]] = {"undisturbed": (), **server.troubles_to_be_killed_in(flow)}
    return [Case("uncut", flow, name, trouble) for name, trouble in troubles.items()]


def _leads_to(dry: Case, ids: Sequence[str]) -> bool:
    """Whether *dry* has to be run for the cases with *ids* to be known."""
    if dry.id in ids:
        return True
    if dry.troubles:
        return any(each.startswith(f"kill-in-trouble/{dry.flow.name}/{dry.name}-") for each in ids)
    return any(f"/{dry.flow.name}/" in each for each in ids)


def _run_dry(case: Case, programs: Programs) -> _DryRun:
    try:
        return _DryRun(case, *dry_run(case, programs))
    except (Crashed, Lost):
        return _DryRun(case, [], 0)
