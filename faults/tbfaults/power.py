"""Cases in which the power goes, or the storage fails: at every effect that a boot has, one after the other."""

from collections.abc import Iterator, Sequence

from tbfaults.choice import Choice
from tbfaults.flows import Depth
from tbfaults.kills import Effect, Kill
from tbfaults.scenario import Case
from tbfaults.troubles import Trouble

_EACH_KIND = [(when, cache) for when in ("before", "after") for cache in ("kept", "lost")]
_WORST = ("after", "lost")
_TORN_SENDS = 6  # of each packet
_SECOND_KILLS = 60
# Of flows in which not everything is tried:
_SOME_EFFECTS = 24
_SOME_OTHER_KINDS = 12  # of power cuts that are not the worst
_SOME_TORN = 2  # of each write
_SOME_SECOND_KILLS = 15
_SOME_IN_TROUBLE = 6
_RECOVERY_EFFECTS = {"store": 5, "connect": 1, "send": 3, "recv": 6}  # what the boot after a kill does, or nearly so


def cases(choice: Choice, effects: Sequence[Effect]) -> Iterator[Case]:
    """All of them; *effects* are those of the boot when nobody cuts its power."""
    effects = _in_order(effects)
    yield from _kills(choice, effects)
    yield from _torn_writes(choice, effects)
    yield from _failures(choice, effects)
    yield from _second_kills(choice, effects)


def kills_in_trouble(
    choice: Choice, name: str, troubles: tuple[Trouble, ...], effects: Sequence[Effect]
) -> Iterator[Case]:
    """The power goes after each effect of a boot in trouble, from when the device has stored what it asks for."""
    stored = [at for at, effect in enumerate(effects) if (effect.call, effect.object) == ("rename", "pending")]
    after = effects[stored[0] :] if stored else effects
    for effect in choice.some(f"in {name}", _in_order(after), _SOME_IN_TROUBLE):
        kill = Kill(effect.kind, effect.number, *_WORST)
        yield Case("kill-in-trouble", choice.flow, f"{name}-{_name(effect)}", troubles, (kill,))


def _kills(choice: Choice, effects: Sequence[Effect]) -> Iterator[Case]:
    """The power goes after each effect, and before it; what was not synced is kept or lost."""
    others = [(effect, *kind) for effect in effects for kind in _EACH_KIND if kind != _WORST]
    worst = choice.some("worst kills", effects, _SOME_EFFECTS, Depth.EFFECTS)
    chosen = choice.some("other kills", others, _SOME_OTHER_KINDS)
    for effect, when, cache in [*((effect, *_WORST) for effect in worst), *chosen]:
        kill = Kill(effect.kind, effect.number, when, cache)
        yield Case("kill", choice.flow, f"{_name(effect)}-{when}-{cache}", kills=(kill,))


def _torn_writes(choice: Choice, effects: Sequence[Effect]) -> Iterator[Case]:
    """The power goes within a write: at each byte of a file, at some bytes of a packet."""
    is_deep = choice.flow.depth is Depth.EVERYTHING
    writes = [effect for effect in effects if effect.length > 0]
    for effect in choice.some("torn", writes, _SOME_EFFECTS, Depth.EFFECTS):
        what = f"torn {_name(effect)}"
        if effect.kind == "send":
            places = choice.parts(what, effect.length, _TORN_SENDS if is_deep else _SOME_TORN)
        else:
            places = [(str(at), at) for at in choice.some(what, range(1, effect.length), _SOME_TORN)]
        for name, length in places:
            kill = Kill(effect.kind, effect.number, f"torn:{length}")
            yield Case("torn", choice.flow, f"{_name(effect)}-{name}", kills=(kill,))


def _failures(choice: Choice, effects: Sequence[Effect]) -> Iterator[Case]:
    """Each effect fails once, and the power stays."""
    for effect in choice.some("failing", effects, _SOME_EFFECTS, Depth.EFFECTS):
        yield Case("failing", choice.flow, _name(effect), kills=(Kill(effect.kind, effect.number, "fail"),))


def _second_kills(choice: Choice, effects: Sequence[Effect]) -> Iterator[Case]:
    """The power goes at some effect, and again while the device recovers."""
    again = [(kind, number) for kind, count in sorted(_RECOVERY_EFFECTS.items()) for number in range(1, count + 1)]
    pairs = [(first, kind, number) for first in effects for kind, number in again]
    count = _SECOND_KILLS if choice.flow.depth is Depth.EVERYTHING else _SOME_SECOND_KILLS
    for first, kind, number in choice.sample("second", pairs, count):
        kills = (Kill(first.kind, first.number, *_WORST), Kill(kind, number, *_WORST))
        yield Case("second-kill", choice.flow, f"{_name(first)}-then-{kind}-{number:02}", kills=kills)


def _in_order(effects: Sequence[Effect]) -> list[Effect]:
    """*effects* in an order that does not depend on how threads took turns."""
    return sorted(effects, key=lambda effect: (list(_RECOVERY_EFFECTS).index(effect.kind), effect.number))


def _name(effect: Effect) -> str:
    is_only_call = effect.call == effect.kind
    return f"{effect.kind}-{effect.number:02}" + ("" if is_only_call else f"-{effect.call}")
