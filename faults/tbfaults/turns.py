"""Cases in which a connection of a rotation goes wrong: one that tries the new credentials, or the old ones."""

from collections.abc import Iterator

from tbtools.server.faults import Action, Fault, Point

from tbfaults.choice import Choice
from tbfaults.scenario import Case
from tbfaults.troubles import Faulty

_HARMS: dict[str, dict[str, object]] = {
    "closed": {"action": Action.CLOSE},
    "dropped": {"action": Action.DROP},
    "late": {"action": Action.DELAY, "delay_s": 0.2},
    "too-late": {"action": Action.DELAY, "delay_s": 0.6},
    "twice": {"action": Action.DUPLICATE},
    "cut": {"action": Action.CUT, "kept_bytes": 2},
    "broken-off": {"action": Action.BREAK, "kept_bytes": 3},
    "garbage": {"action": Action.MALFORM, "payload": b"\x30\xff\xff\xff\x7f"},
    "code-3": {"action": Action.REFUSE, "code": 3},
    "code-5": {"action": Action.REFUSE, "code": 5},
}


def cases(choice: Choice) -> Iterator[Case]:
    """All of them: each of the connections in each way."""
    story = choice.flow.story
    if story is None:
        return
    for number in range(story.connections):
        for name, fields in _HARMS.items():
            yield _case(choice, Point.CONNACK, number, name, fields)
        yield _case(choice, Point.ACCEPT, number, "closed", _HARMS["closed"])
    for number in range(story.accepted):
        yield _case(choice, Point.CONNECTED, number, "closed", _HARMS["closed"])


def _case(choice: Choice, point: Point, number: int, name: str, fields: dict[str, object]) -> Case:
    fault = Fault.model_validate({"point": point, "skip": number, **fields})
    return Case("turn", choice.flow, f"{point.value}-{number + 1}-{name}", (Faulty((fault,)),))
