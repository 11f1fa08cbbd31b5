#!/usr/bin/env python3
"""Lets one process of the firmware connect and disconnect for a long time, accelerated, and watches what it uses."""

import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / folder) for folder in ("tools", "bench")]

from tbbench.tools import BenchError  # noqa: E402
from tbfaults import programs  # noqa: E402
from tbfaults.device import Crashed, Device  # noqa: E402
from tbfaults.flows import FLOWS, Flow, Tls  # noqa: E402
from tbfaults.soak import Soak, Stuck  # noqa: E402
from tbfaults.usage import Growth, growth  # noqa: E402
from tbfaults.world import World  # noqa: E402
from tbtools import figures  # noqa: E402
from tbtools.figures import Figure  # noqa: E402

TITLE = "The firmware in a soak"
REPORT = ROOT / "report" / "soak.json"
SOAKED = {flow.name: flow for flow in FLOWS if flow.asks and flow.story is None and not flow.server_chooses}
FLOW = "create-own"
# What an allocator may keep more at the end than at the beginning. OpenSSL takes some hundred connections until the
# heap has a place for certificates and contexts of all sizes; from then on nothing is added, in thousands of them.
MEMORY_LIMIT_KIB = {Tls.NONE: 32, Tls.SERVER: 128, Tls.BOTH: 128}
DESCRIPTORS_LIMIT = 3  # those of one connection, which is open or not when a sample is taken
THREADS_LIMIT = 1
STORE_FILES_LIMIT = 4  # device id, credentials, their copy, and a draft that a power cut left
EXIT_FAILED = 1
EXIT_CANNOT_SOAK = 2


@dataclass(frozen=True)
class Outcome:
    """What a soak has shown: *growths* by mode of the session, provisioning requests of a device that had its
    credentials, *devices* on the server; *stuck* says why it ended early.
    """

    cycles: int
    boots: int
    growths: dict[str, Growth]
    asked_again: int
    devices: int
    store_files: int
    stuck: str | None


def main(
    cycles: Annotated[int, typer.Option(min=40, help="Connections; a quarter of them asks for credentials.")] = 2000,
    boots: Annotated[int, typer.Option(min=0, help="Power cuts after that.")] = 200,
    name: Annotated[str, typer.Option("--flow", help=f"One of {', '.join(SOAKED)}.")] = FLOW,
    seed: Annotated[int, typer.Option(help="What is left to chance follows from it.")] = 1,
    preload: Annotated[list[Path] | None, typer.Option(help="Load this library into the firmware as well.")] = None,
    report: Annotated[Path, typer.Option(help="Where the JSON goes.")] = REPORT,
) -> None:
    """Build into build_faults/, soak, print a table and write JSON.

    Exit code: 1 something grows or is lost, 2 nothing could be done.
    """
    started = time.monotonic()
    if name not in SOAKED:
        print(f"error: no such flow: {name}", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_SOAK)
    flow = SOAKED[name]
    try:
        built = programs.build([flow.project], tuple(library.resolve() for library in preload or []))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_CANNOT_SOAK) from error
    outcome = asyncio.run(soak(flow, built, cycles, boots, seed))
    command = f"python faults/soak.py --flow {name} --cycles {cycles} --boots {boots} --seed {seed}"
    found = measured(outcome, time.monotonic() - started, command, MEMORY_LIMIT_KIB[flow.tls])
    figures.write_json(report, TITLE, found, {})
    figures.show(TITLE, found)
    print(closing_line(outcome))
    if outcome.stuck or not all(figure.held for figure in found):
        raise typer.Exit(EXIT_FAILED)


async def soak(flow: Flow, built: programs.Programs, cycles: int, boots: int, seed: int) -> Outcome:
    """Provision, work, and boot, each under faults."""
    stuck = None
    with tempfile.TemporaryDirectory(prefix="tb_soak_") as directory:
        async with World(flow) as world:
            device = Device(built.firmware[flow.project], built, Path(directory), seed)
            device.configure(flow.configuration(world.port))
            run = Soak(world, device, random.Random(seed))
            try:
                await run.provision(cycles // 4)
                await run.work(cycles - cycles // 4)
                await run.boots(boots)
            except (Stuck, Crashed) as why:
                stuck = str(why)
                print("\n".join(device.log.splitlines()[-40:]))
            device.power_cut()
            return Outcome(
                sum(len(samples) for samples in run.samples.values()),
                device.boots,
                {mode: growth(samples) for mode, samples in run.samples.items() if len(samples) >= 4},
                run.asked_again,
                len(world.names()),
                len(device.store_files),
                stuck,
            )


def measured(outcome: Outcome, seconds: float, command: str, memory_limit_kib: int) -> list[Figure]:
    """The figures, with their bounds."""
    found = [Figure("connections of one process", outcome.cycles, "connections", command)]
    for mode, grown in outcome.growths.items():
        found += [
            Figure(f"{mode}: memory, last quarter - first", grown.memory_kib, "KiB", command, memory_limit_kib),
            Figure(
                f"{mode}: descriptors, last quarter - first",
                grown.descriptors,
                "descriptors",
                command,
                DESCRIPTORS_LIMIT,
            ),
            Figure(f"{mode}: threads, last quarter - first", grown.threads, "threads", command, THREADS_LIMIT),
        ]
    return [
        *found,
        Figure("boots", outcome.boots, "boots", command),
        Figure("files in the store", outcome.store_files, "files", command, STORE_FILES_LIMIT),
        Figure("asked for credentials again", outcome.asked_again, "requests", command, 0),
        Figure("devices on the server", outcome.devices, "devices", command, 1),
        Figure("time", seconds, "s", command),
    ]


def closing_line(outcome: Outcome) -> str:
    """All in one line."""
    memory = max((grown.memory_kib for grown in outcome.growths.values()), default=0)
    descriptors = max((grown.descriptors for grown in outcome.growths.values()), default=0)
    lost = 1 if outcome.stuck or outcome.asked_again or outcome.devices != 1 else 0
    end = f" ({outcome.stuck})" if outcome.stuck else ""
    return (
        f"soak: {outcome.cycles} connections, {outcome.boots} boots, {memory:+} KiB, {descriptors:+} descriptors, "
        f"{lost} credentials lost{end}"
    )


if __name__ == "__main__":
    typer.run(main)
