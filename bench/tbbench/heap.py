"""Heap allocations by who asked for them, as bench/host/heap_count.c counts them."""

import asyncio
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tbtools.figures import Figure
from tbtools.server.standin import StandIn

from tbbench import firmware, tools
from tbbench.programs import Programs
from tbbench.tools import BenchError

_PROGRAM = ""  # the name that the dynamic linker gives it
_COMMAND = "python bench/bench.py --only heap"


@dataclass(frozen=True)
class Count:
    """The allocations of one module: its own calls, and those within C library functions that it called."""

    module: str
    direct: int
    via_libc: int
    bytes: int
    sites: tuple[str, ...]


@dataclass(frozen=True)
class Counts:
    """The allocations of a whole program."""

    ours: Count
    others: tuple[Count, ...]

    @property
    def others_calls(self) -> int:
        """Allocations of the libraries, for themselves or through the C library."""
        return sum(count.direct + count.via_libc for count in self.others)


def preload(programs: Programs, out: Path) -> dict[str, str]:
    """The environment in which a program leaves its counts in *out*."""
    return {"LD_PRELOAD": str(programs.heap_count), "HEAP_COUNT_FILE": str(out)}


def read_counts(out: Path) -> Counts:
    """Read what a program left in *out*; BenchError when it left nothing."""
    if not out.exists():
        raise BenchError("the allocation counter was not loaded")
    counts = []
    for line in out.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        counts.append(Count(**{**fields, "sites": tuple(fields["sites"])}))
    ours = next((count for count in counts if count.module == _PROGRAM), Count(_PROGRAM, 0, 0, 0, ()))
    return Counts(ours, tuple(count for count in counts if count.module != _PROGRAM))


def count_program(programs: Programs, *command: Path | str) -> Counts:
    """Run *command*, which must succeed, and count."""
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "counts"
        tools.run(command, env={**os.environ, **preload(programs, out)})
        return read_counts(out)


async def count_boots(programs: Programs, boots: int) -> list[Counts]:
    """Boot one device *boots* times against a stand-in, the first time with nothing stored, and count each."""
    counts = []
    with tempfile.TemporaryDirectory() as directory:
        store = Path(directory) / "store"
        async with StandIn() as server:
            server.create_profile("bench", firmware.PROVISION_KEY, firmware.PROVISION_SECRET)
            firmware.configure(store, server.mqtt_port, "bench")
            for number in range(boots):
                out = Path(directory) / str(number)
                await firmware.boot(programs.firmware, store, preload(programs, out))
                counts.append(read_counts(out))
            device = server.store.device_by_name("bench")
        if device is None:
            raise BenchError("the firmware did not provision itself")
    return counts


def measure(programs: Programs) -> list[Figure]:
    """Allocations in the portable core, which may cause none at all, and in the firmware, by who asked."""
    figures = []
    for path in ("provisioning", "publish"):
        counts = count_program(programs, programs.core_paths, path)
        total = counts.ours.direct + counts.ours.via_libc + counts.others_calls
        command = f"HEAP_COUNT_FILE=/dev/stdout LD_PRELOAD={tools.local(programs.heap_count)} " + tools.typed(
            [programs.core_paths, path]
        )
        figures.append(Figure(f"portable core, {path}: by anyone", total, "allocations", command, 0))
    first, second = asyncio.run(count_boots(programs, 2))
    figures += _boot_figures(programs, "first boot", first, connections=2)
    figures += _boot_figures(programs, "second boot", second, connections=1)
    return figures


def _boot_figures(programs: Programs, boot: str, counts: Counts, connections: int) -> list[Figure]:
    """A first boot provisions and publishes, a second publishes. The C library is allowed a buffer for the log and a
    thread for each connection; whatever else it allocates at our request would be ours to avoid.
    """
    if counts.others_calls == 0:
        raise BenchError("the firmware's MQTT library allocated nothing: the counter does not work")
    sources = ", ".join(_source_lines(programs.firmware, counts.ours.sites))
    return [
        Figure(f"{boot}: our layers", counts.ours.direct, "allocations", _COMMAND, 0),
        Figure(f"{boot}: C library for us", counts.ours.via_libc, "allocations", _COMMAND, 1 + connections, sources),
        Figure(f"{boot}: libmosquitto, its libraries", counts.others_calls, "allocations", _COMMAND),
    ]


def _source_lines(program: Path, sites: tuple[str, ...]) -> list[str]:
    """`file:line` of code addresses in *program*."""
    if not sites:
        return []
    lines = tools.run(["addr2line", "-e", program, *sites]).splitlines()
    return sorted({line.rpartition("/")[2].partition(" ")[0] for line in lines})
