"""Booting the firmware on this machine."""

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tbbench.tools import BenchError

PROVISION_KEY = "MY_PROVISION_KEY"
PROVISION_SECRET = "MY_PROVISION_SECRET"
_RUN_TIME_S = 1
_TIMEOUT_S = 30.0
_LINE = re.compile(r"[EWI] \((\d+)\) ([^:]+): (.*)")


@dataclass(frozen=True)
class LogLine:
    """One line of the firmware's log, *at_ms* after its first."""

    at_ms: int
    tag: str
    text: str


def configure(store: Path, port: int, device_name: str) -> None:
    """Make *store* the directory of a new device that will provision itself through *port* of this machine."""
    settings = {
        "host": "127.0.0.1",
        "port": str(port),
        "device_name": device_name,
        "prov_key": PROVISION_KEY,
        "prov_secret": PROVISION_SECRET,
        "run_time_s": str(_RUN_TIME_S),
        "telemetry_s": "0",  # one sample, when it comes online
    }
    directory = store / "tb_cfg"
    directory.mkdir(parents=True)
    for key, value in settings.items():
        (directory / key).write_text(value)


async def boot(firmware: Path, store: Path, env: Mapping[str, str] | None = None) -> list[LogLine]:
    """Run *firmware* until its run time is over and return its log; BenchError when it does not do its work."""
    process = await asyncio.create_subprocess_exec(
        firmware,
        env={**os.environ, "TB_STORE_DIR": str(store), **(env or {})},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _TIMEOUT_S)
    except asyncio.TimeoutError as error:
        process.kill()
        await process.wait()
        raise BenchError(f"the firmware did not end within {_TIMEOUT_S:.0f} s") from error
    text = output.decode(errors="replace")
    if process.returncode != 0:
        raise BenchError(f"the firmware ended with exit status {process.returncode}:\n{text.rstrip()}")
    return [LogLine(int(line[1]), line[2], line[3]) for line in map(_LINE.fullmatch, text.splitlines()) if line]
