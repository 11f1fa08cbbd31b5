"""The firmware as a process."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TELEMETRY = re.compile(r"\[Telemetry\]\[Tx\] (\{.*\})$")
_OUTCOME = re.compile(r"tb_session: (TB_OUTCOME_\w+: .*)$")
_GRACE_S = 30


@dataclass(frozen=True)
class Run:
    """How a run of the firmware ended: exit *status* (-1: it had to be stopped), and its *log*."""

    status: int
    log: list[str]

    @property
    def telemetry(self) -> list[str]:
        """What the device sent, as JSON texts."""
        return [found[1] for line in self.log if (found := _TELEMETRY.search(line))]

    @property
    def outcome(self) -> str:
        """The session's last word."""
        found = [match[1] for line in self.log if (match := _OUTCOME.search(line))]
        return found[-1] if found else "the firmware did not say how it went"


@dataclass(frozen=True)
class Firmware:
    """The program at *elf*; each device it plays has a store directory of its own."""

    elf: Path

    def configure(self, store: Path, settings: Mapping[str, str]) -> None:
        """Put *settings* on the device, as NVS namespace `tb_cfg`. Readable by this user alone: some are secret."""
        folder = store / "tb_cfg"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for key, value in settings.items():
            with os.fdopen(os.open(folder / key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                file.write(value)

    def run(self, store: Path, run_time_s: int) -> Run:
        """Run the device with its log shown live, until it ends by itself or is long overdue; with us it ends, too."""
        environment = {**os.environ, "TB_STORE_DIR": str(store)}
        log: list[str] = []
        with subprocess.Popen(
            ["timeout", str(run_time_s + _GRACE_S), self.elf.resolve()],
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
            env=environment,
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    sys.stdout.write(line)
                    sys.stdout.flush()
                    log.append(line.rstrip("\n"))
            except BaseException:
                process.terminate()  # Ctrl-C does not reach it: `timeout` has a process group of its own
                process.wait()
                raise
        status = process.returncode
        return Run(-1 if status == 124 else status, log)
