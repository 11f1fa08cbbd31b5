"""Where the power goes, as kill_at.c is told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Effect:
    """The *number*-th effect of its *kind* (store, connect, send, recv) in a boot; *length* of what it writes."""

    kind: str
    number: int
    call: str
    object: str
    length: int


@dataclass(frozen=True)
class Kill:
    """The end of a boot at the *number*-th effect of its *kind*.

    *when*: "before" or "after" it, "torn:K" (K bytes of it are written), or "fail": the effect fails and no power goes.
    *cache*: "kept", or "lost" when the power cut takes whatever was not synced.
    """

    kind: str
    number: int
    when: str = "after"
    cache: str = "kept"

    @property
    def cuts(self) -> bool:
        """Whether the power goes."""
        return self.when != "fail"

    def environment(self) -> dict[str, str]:
        """The variables of kill_at.c."""
        return {
            "TB_KILL_AT": f"{self.kind}:{self.number}",
            "TB_KILL_WHEN": self.when,
            "TB_KILL_CACHE": self.cache,
        }


def read_trace(path: Path) -> list[Effect]:
    """The effects of a boot so far, in the order in which they happened."""
    effects: list[Effect] = []
    if not path.exists():
        return effects
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, number, call, name, length = line.split(" ")
        effects.append(Effect(kind, int(number), call, name, int(length)))
    return effects
