"""What is tried of a flow, by its depth.

A byte at which a file is torn, or a message cut, goes through the same code whatever the credentials are. So each of
them is tried in two flows, and in the others a sample is, which follows from the seed and is the same in each run.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from tbfaults.flows import Depth, Flow

T = TypeVar("T")
_THIN = 3


@dataclass(frozen=True)
class Choice:
    """Chooses for *flow*; the same of the same, as *seed* says."""

    flow: Flow
    seed: int

    def some(self, what: str, items: Iterable[T], count: int, all_from: Depth = Depth.EVERYTHING) -> list[T]:
        """All *items* of a flow as deep as *all_from*, *count* of others, in their order.

        *what* tells this choice from others.
        """
        return list(items) if self.flow.depth >= all_from else self.sample(what, items, count)

    def sample(self, what: str, items: Iterable[T], count: int) -> list[T]:
        """*count* of *items* of any flow, or fewer."""
        found = list(items)
        if self.flow.story is not None:  # its cases take seconds
            count = max(1, count // _THIN)
        chance = random.Random(f"{self.seed} {self.flow.name} {what}")
        return [found[at] for at in sorted(chance.sample(range(len(found)), min(count, len(found))))]

    def parts(self, what: str, length: int, count: int) -> list[tuple[str, int]]:
        """Names of *count* places within *length* bytes, and how many bytes are before each.

        The names do not depend on the length, which TLS makes another one in each run.
        """
        return [(f"{percent}%", max(1, length * percent // 100)) for percent in self.sample(what, range(1, 100), count)]
