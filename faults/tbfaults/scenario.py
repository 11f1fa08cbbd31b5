"""One case: trouble, then the power returns and the network heals, and the device works again or is lost."""

import asyncio
import os
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from tbbench.tools import BenchError

from tbfaults import administrator
from tbfaults.device import Crashed, Device
from tbfaults.flows import Flow
from tbfaults.kills import Effect, Kill, read_trace
from tbfaults.programs import Programs
from tbfaults.stories import Story
from tbfaults.troubles import Trouble
from tbfaults.world import World, until

BOOTS_MAX = 4  # how often a person plugs the device in again
BOOT_LIMIT_S = 8.0  # and how long that person waits each time
OUTAGE_S = 0.7  # how long a trouble lasts that does not pass by itself: over every wait of a device that is not refused
SPENT_LIMIT_S = 10.0
_NOTHING = "not what this case is about"
_TRIES = 3
# What a power cut takes is up to cache.c, so that a file system in memory shows the same, and is faster.
_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_DRY_RUNS = 6


class Lost(Exception):
    """Why the device is lost."""


@dataclass(frozen=True)
class Case:
    """What happens to a device of *flow*: *troubles*, and *kills* of the first boots, one each.

    Of a flow with a story, the boot before it is not counted. *settings* are the server's for the whole case.
    """

    family: str
    flow: Flow
    name: str
    troubles: tuple[Trouble, ...] = ()
    kills: tuple[Kill, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What `--case` takes."""
        return f"{self.family}/{self.flow.name}/{self.name}"


class Ending(Enum):
    """What has become of the device."""

    RECOVERED = "recovered"
    HELPED = "recovered by an administrator"  # who let it provision again: credentials that the server has made
    LOST = "lost"


@dataclass(frozen=True)
class Verdict:
    """How a case ended: *why* the device is lost, "" when it is not; *log* is the device's."""

    case_id: str
    family: str
    ending: Ending
    why: str
    boots: int
    seconds: float
    log: str


def run(case: Case, programs: Programs, seed: int) -> Verdict:
    """Run *case*. Its random numbers follow from its id and *seed*.

    On a busy computer it may be that nothing happens; then it is run again.
    """
    for _ in range(_TRIES - 1):
        verdict = _run_once(case, programs, seed)
        if not verdict.why.startswith(_NOTHING):
            return verdict
    return _run_once(case, programs, seed)


def _run_once(case: Case, programs: Programs, seed: int) -> Verdict:
    started = time.monotonic()
    with _new_device(case, programs, zlib.crc32(f"{case.id} {seed}".encode())) as device:
        try:
            ending, why = asyncio.run(_run(case, device)), ""
        except (Crashed, Lost) as end:
            ending, why = Ending.LOST, str(end)
        return Verdict(case.id, case.family, ending, why, device.boots, time.monotonic() - started, device.log)


@contextmanager
def _new_device(case: Case, programs: Programs, seed: int) -> Iterator[Device]:
    with tempfile.TemporaryDirectory(prefix="tb_faults_", dir=_MEMORY) as directory:
        yield Device(programs.firmware[case.flow.project], programs, Path(directory), seed)


def dry_run(case: Case, programs: Programs) -> tuple[list[Effect], int]:
    """Run *case*, which has no kills, until two runs were the same: on a busy computer one may be longer.

    Return the effects of its boot, from where its story begins if it has one, and how long the answer is.
    """
    seen: list[list[tuple[str, int, str]]] = []
    for _ in range(_DRY_RUNS):
        with _new_device(case, programs, 0) as device:
            answer_len = asyncio.run(_dry_run(case, device))
            effects = read_trace(device.trace_file)
        seen.append(sorted((effect.kind, effect.number, effect.call) for effect in effects))
        if seen[-1] in seen[:-1]:
            return _from_beginning(case.flow.story, effects), answer_len
    raise BenchError(f"no two of {_DRY_RUNS} runs have the same effects: {case.id}")


def _from_beginning(story: Story | None, effects: list[Effect]) -> list[Effect]:
    """The device's own part of *story*."""
    if story is None:
        return effects
    return effects[[(effect.kind, effect.number) for effect in effects].index(story.begins) :]


async def _dry_run(case: Case, device: Device) -> int:
    async with World(case.flow, case.settings) as world:
        try:
            if not await _suffer(case, world, device):
                await until(lambda: not device.running or world.works(), BOOT_LIMIT_S)
            if not case.troubles and not world.works():
                raise Lost("it does not even work when nothing goes wrong")
            await asyncio.sleep(0.1)  # for its PUBACK
            return world.answer_len()
        finally:
            device.power_cut()


async def _run(case: Case, device: Device) -> Ending:
    """Raises Lost."""
    async with World(case.flow, case.settings) as world:
        try:
            works = await _suffer(case, world, device)
            ending = Ending.RECOVERED if works else await _recover(case, world, device)
            await _verify(world, device)
        finally:
            device.power_cut()
    return ending


async def _suffer(case: Case, world: World, device: Device) -> bool:
    """The first boot, in trouble, until it has ended, or the trouble has. Returns whether the device works again."""
    story = case.flow.story
    if story is not None:
        await _begin(story, world, device)
    for trouble in case.troubles:
        await trouble.begin(world)
    device.configure(case.flow.configuration(world.port))
    device.boot(_kill_of(case, device))
    cuts = any(kill.cuts for kill in case.kills[:1])
    ends = bool(case.kills) or all(trouble.passes for trouble in case.troubles)
    outage_s = story.outage_s if story is not None else OUTAGE_S
    await until(
        lambda: not device.running or _is_through(case, world, device) or (not cuts and _needs_help(world, device)),
        SPENT_LIMIT_S if ends else outage_s,
    )
    works = device.running and _is_through(case, world, device)
    for trouble in case.troubles:
        await trouble.end(world)
    _check_happened(case, world, device)
    return works and device.running


async def _begin(story: Story, world: World, device: Device) -> None:
    """Let the device come to work in a boot of its own, and *story* begin."""
    device.configure(world.flow.configuration(world.port))
    device.boot()
    if not await until(world.works, BOOT_LIMIT_S):
        raise Lost("it does not even work before anything goes wrong")
    device.power_cut()
    await world.settle()
    world.begin(story.play(world, device))


def _check_happened(case: Case, world: World, device: Device) -> None:
    """A case in which nothing goes wrong shows nothing."""
    missing = [f"no {what}" for trouble in case.troubles for what in trouble.missing(world, device)]
    for kill in case.kills[:1]:
        if kill.cuts:
            missing = [] if device.was_killed else ["the power did not go"]
        elif not _is_reached(kill, device):
            missing.append("nothing failed")
    if missing:
        raise Lost(f"{_NOTHING}: {', '.join(missing)}")


def _kill_of(case: Case, device: Device) -> Mapping[str, str] | None:
    """What the next boot is told."""
    number = device.boots - (case.flow.story is not None)
    return case.kills[number].environment() if number < len(case.kills) else None


def _is_through(case: Case, world: World, device: Device) -> bool:
    """Whether nothing more is going to happen to this boot, and the device works."""
    for kill in case.kills[:1]:
        if kill.cuts or not _is_reached(kill, device):
            return False
    return all(trouble.is_spent(world) for trouble in case.troubles) and world.works()


def _is_reached(kill: Kill, device: Device) -> bool:
    """Whether the boot has come to the effect that *kill* names."""
    return any((kill.kind, kill.number) == (each.kind, each.number) for each in read_trace(device.trace_file))


async def _recover(case: Case, world: World, device: Device) -> Ending:
    """All is well again: the device goes on, or is plugged in again, until it works."""
    mark = world.mark()
    ending = Ending.RECOVERED
    for _ in range(BOOTS_MAX + len(case.kills[1:])):
        if not device.running:
            await world.settle()
            device.boot(_kill_of(case, device))
        await until(lambda: not device.running or world.works(mark) or _needs_help(world, device), BOOT_LIMIT_S)
        if _needs_help(world, device):
            administrator.let_provision_again(world.server, world.device())
            ending = Ending.HELPED
            await until(lambda: not device.running or world.works(mark), BOOT_LIMIT_S)
        if world.works(mark):
            return ending
        device.power_cut()
    raise Lost(f"no telemetry in {device.boots} boots")


def _needs_help(world: World, device: Device) -> bool:
    """Whether the device knows no way to what the server has chosen and will not give it again (contract 2.7)."""
    if not world.flow.server_chooses or not world.is_provisioned():
        return False
    answers = world.events("provision")
    return bool(answers) and answers[-1]["status"] == "FAILURE" and device.gave_up


async def _verify(world: World, device: Device) -> None:
    """One more power cut: the device comes back as the same one, is accepted at once, and asks for nothing."""
    device.power_cut()
    device.withdraw_offer()
    await world.settle()
    mark = world.mark()
    device.boot()
    await until(lambda: not device.running or world.works(mark), BOOT_LIMIT_S)
    if not world.works(mark):
        raise Lost("it worked, and does not after one more power cut")
    if world.happened("connect", mark, accepted=False):
        raise Lost("it worked, and comes back with credentials that the server refuses")
    story = world.flow.story
    if device.has_asked_again(in_last_boot=story is not None and story.provisions):
        raise Lost("it worked, and has asked for credentials again")
    name = world.flow.device_name or device.own_name
    if world.names() != [name]:
        raise Lost(f"instead of {name} alone there are on the server: {', '.join(world.names())}")
    if world.happened("provision", status="SUCCESS") and not world.is_provisioned():
        raise Lost("the server does not call it provisioned")
    if any(secret in device.log for secret in world.secrets()):
        raise Lost("a secret is in its log")
