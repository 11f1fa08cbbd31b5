"""One case: trouble, then the power returns and the network heals, and the device works again or is lost."""

import asyncio
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tbfaults.device import Crashed, Device
from tbfaults.flows import Flow
from tbfaults.kills import Effect, Kill, read_trace
from tbfaults.programs import Programs
from tbfaults.troubles import Trouble
from tbfaults.world import World, until

BOOTS_MAX = 4  # how often a person plugs the device in again
BOOT_LIMIT_S = 5.0  # and how long that person waits each time
OUTAGE_S = 0.7  # how long a trouble lasts that does not pass by itself; over every wait of the firmware
SPENT_LIMIT_S = 5.0


class Lost(Exception):
    """Why the device is lost."""


@dataclass(frozen=True)
class Case:
    """What happens to a device of *flow*: *troubles*, and *kills* of the first boots, one each.

    *settings* are the server's for the whole case.
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


@dataclass(frozen=True)
class Verdict:
    """How a case ended: *why* it is lost, None when the device has recovered; *log* is the device's."""

    case_id: str
    family: str
    why: str | None
    boots: int
    seconds: float
    log: str


def run(case: Case, programs: Programs, directory: Path, seed: int) -> Verdict:
    """Run *case* in the empty *directory*. Its random numbers follow from its id and *seed*."""
    started = time.monotonic()
    device = Device(programs.firmware[case.flow.project], programs, directory, zlib.crc32(f"{case.id} {seed}".encode()))
    try:
        why = asyncio.run(_run(case, device))
    except Crashed as crash:
        why = str(crash)
    return Verdict(case.id, case.family, why, device.boots, time.monotonic() - started, device.log)


def dry_run(case: Case, programs: Programs, directory: Path) -> tuple[list[Effect], int]:
    """Run *case*, which has no kills, and return the effects of its first boot, and how long the answer is."""
    device = Device(programs.firmware[case.flow.project], programs, directory, 0)
    answer_len = asyncio.run(_dry_run(case, device))
    return read_trace(device.trace_file.with_suffix(".1")), answer_len


async def _dry_run(case: Case, device: Device) -> int:
    async with World(case.flow, case.settings) as world:
        device.configure(case.flow.configuration(world.server.mqtt_port))
        await _suffer(case, world, device)
        await until(lambda: not device.running or world.happened("telemetry"), BOOT_LIMIT_S)
        await asyncio.sleep(0.1)  # for its PUBACK
        device.power_cut()
        return world.answer_len()


async def _run(case: Case, device: Device) -> str | None:
    async with World(case.flow, case.settings) as world:
        device.configure(case.flow.configuration(world.server.mqtt_port))
        try:
            if not await _suffer(case, world, device):
                await _recover(case, world, device)
            await _verify(world, device)
        except Lost as lost:
            return str(lost)
        finally:
            device.power_cut()
    return None


async def _suffer(case: Case, world: World, device: Device) -> bool:
    """The first boot, in trouble, until it has ended, or the trouble has. Returns whether the device works again."""
    for trouble in case.troubles:
        await trouble.begin(world)
    device.boot(_kill_of(case, device))
    ends = bool(case.kills) or all(trouble.passes for trouble in case.troubles)
    limit_s = SPENT_LIMIT_S if ends else OUTAGE_S
    works = await until(lambda: not device.running or _is_over(case, world, device), limit_s)
    for trouble in case.troubles:
        await trouble.end(world)
    _check_happened(case, world, device)
    return works and device.running


def _check_happened(case: Case, world: World, device: Device) -> None:
    """A case in which nothing goes wrong shows nothing."""
    missing = [what for trouble in case.troubles for what in trouble.missing(world)]
    if case.kills and case.kills[0].cuts:
        missing = [] if device.was_killed else ["the power did not go"]
    if missing:
        raise Lost(f"not what this case is about: {', '.join(missing)}")


def _kill_of(case: Case, device: Device) -> Mapping[str, str] | None:
    """What the next boot is told."""
    return case.kills[device.boots].environment() if device.boots < len(case.kills) else None


def _is_over(case: Case, world: World, device: Device) -> bool:
    """Whether nothing more is going to happen to this boot, and the device works."""
    for kill in case.kills[:1]:
        if kill.cuts or (kill.kind, kill.number) not in {(e.kind, e.number) for e in read_trace(device.trace_file)}:
            return False
    return all(trouble.is_spent(world) for trouble in case.troubles) and world.happened("telemetry")


async def _recover(case: Case, world: World, device: Device) -> None:
    """All is well again: the device goes on, or is plugged in again, until it works."""
    mark = world.mark()
    for _ in range(BOOTS_MAX + len(case.kills[1:])):
        if not device.running:
            await world.settle()
            device.boot(_kill_of(case, device))
        await until(lambda: not device.running or world.happened("telemetry", mark), BOOT_LIMIT_S)
        if world.happened("telemetry", mark):
            return
        device.power_cut()
    raise Lost(f"no telemetry in {device.boots} boots")


async def _verify(world: World, device: Device) -> None:
    """One more power cut: the device comes back as the same one, and asks for nothing."""
    device.power_cut()
    await world.settle()
    mark = world.mark()
    device.boot()
    await until(lambda: not device.running or world.happened("telemetry", mark), BOOT_LIMIT_S)
    if not world.happened("telemetry", mark):
        raise Lost("it worked, and does not after one more power cut")
    if world.happened("provision", mark):
        raise Lost("it worked, and asks for credentials again after one more power cut")
    name = world.flow.device_name or device.own_name
    if world.names() != [name]:
        raise Lost(f"instead of {name} alone there are on the server: {', '.join(world.names())}")
    if world.happened("provision", status="SUCCESS") and not world.is_provisioned(name):
        raise Lost("the server does not call it provisioned")
