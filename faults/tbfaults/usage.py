"""What a process uses, from /proc, and whether it grows."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """Anonymous memory in KiB (heap and stacks, no code), open descriptors, threads."""

    memory_kib: int
    descriptors: int
    threads: int


@dataclass(frozen=True)
class Growth:
    """The last quarter of a run against its first: medians of memory, maxima of what is counted."""

    memory_kib: int
    descriptors: int
    threads: int


def usage_of(pid: int) -> Usage:
    """What the process uses now."""
    process = Path("/proc") / str(pid)
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    return Usage(int(status["RssAnon"].split()[0]), sum(1 for _ in (process / "fd").iterdir()), int(status["Threads"]))


def growth(samples: Sequence[Usage]) -> Growth:
    """Compare the ends of *samples*, of which there are at least four."""
    quarter = len(samples) // 4
    first, last = samples[:quarter], samples[-quarter:]
    return Growth(
        int(_memory(last) - _memory(first)),
        max(each.descriptors for each in last) - max(each.descriptors for each in first),
        max(each.threads for each in last) - max(each.threads for each in first),
    )


def _memory(samples: Sequence[Usage]) -> float:
    return statistics.median(each.memory_kib for each in samples)
