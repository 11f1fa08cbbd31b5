"""Cases in which the power goes, or the storage fails: at every effect that a boot has, one after the other."""

import random
from collections.abc import Iterator, Sequence

from tbfaults.flows import Flow
from tbfaults.kills import Effect, Kill
from tbfaults.scenario import Case
from tbfaults.troubles import Trouble

_TORN_SENDS = 6  # of each packet
_SECOND_KILLS = 60
_RECOVERY_EFFECTS = {"store": 5, "connect": 1, "send": 3, "recv": 6}  # what the boot after a kill does, or nearly so


def kills(flow: Flow, effects: Sequence[Effect]) -> Iterator[Case]:
    """The power goes before and after each effect; what was not synced is kept or lost."""
    for effect in effects:
        for when in ("before", "after"):
            for cache in ("kept", "lost"):
                kill = Kill(effect.kind, effect.number, when, cache)
                yield Case("kill", flow, f"{_name(effect)}-{when}-{cache}", kills=(kill,))


def torn_writes(flow: Flow, effects: Sequence[Effect], seed: int) -> Iterator[Case]:
    """The power goes within a write: at each byte of a file, at some bytes of a packet."""
    for effect in effects:
        lengths: Sequence[int] = range(1, effect.length)
        if effect.kind == "send":
            lengths = _sample(lengths, _TORN_SENDS, f"{seed} torn {flow.name} {_name(effect)}")
        for length in lengths:
            kill = Kill(effect.kind, effect.number, f"torn:{length}")
            yield Case("torn", flow, f"{_name(effect)}-{length}", kills=(kill,))


def failures(flow: Flow, effects: Sequence[Effect]) -> Iterator[Case]:
    """Each effect fails once, and the power stays."""
    for effect in effects:
        yield Case("failing", flow, _name(effect), kills=(Kill(effect.kind, effect.number, "fail"),))


def second_kills(flow: Flow, effects: Sequence[Effect], seed: int) -> Iterator[Case]:
    """The power goes at some effect, and again while the device recovers."""
    chance = random.Random(f"{seed} second {flow.name}")
    for number in range(_SECOND_KILLS):
        first = chance.choice(effects)
        kind = chance.choice(sorted(_RECOVERY_EFFECTS))
        again = chance.randint(1, _RECOVERY_EFFECTS[kind])
        kills = (Kill(first.kind, first.number, "after", "lost"), Kill(kind, again, "after", "lost"))
        yield Case("second-kill", flow, f"{number:02}-{_name(first)}-then-{kind}-{again:02}", kills=kills)


def kills_in_trouble(flow: Flow, name: str, troubles: tuple[Trouble, ...], effects: Sequence[Effect]) -> Iterator[Case]:
    """The power goes after each effect of a boot in trouble, from when the device has stored what it asks for."""
    request = max(effects, key=lambda effect: effect.length if effect.kind == "send" else 0)
    stored = max(i for i, effect in enumerate(effects[: effects.index(request)]) if effect.kind == "store")
    for effect in in_order(effects[stored:]):
        kill = Kill(effect.kind, effect.number, "after", "lost")
        yield Case("kill-in-trouble", flow, f"{name}-{_name(effect)}", troubles, (kill,))


def in_order(effects: Sequence[Effect]) -> list[Effect]:
    """*effects* in an order that does not depend on how threads took turns."""
    return sorted(effects, key=lambda effect: (list(_RECOVERY_EFFECTS).index(effect.kind), effect.number))


def _name(effect: Effect) -> str:
    is_only_call = effect.call == effect.kind
    return f"{effect.kind}-{effect.number:02}" + ("" if is_only_call else f"-{effect.call}")


def _sample(lengths: Sequence[int], count: int, seed: str) -> list[int]:
    return sorted(random.Random(seed).sample(lengths, min(count, len(lengths))))
