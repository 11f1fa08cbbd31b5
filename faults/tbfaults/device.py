"""The device: a process for each boot, a directory that stays."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tbfaults.programs import Programs

_GAVE_UP = re.compile(r"^E .*TB_OUTCOME_FAILURE|TB_OUTCOME_FAILURE.*; next attempt", re.MULTILINE)


class Crashed(Exception):
    """The firmware was ended by a signal that nobody sent."""


class Device:
    """The firmware *elf* with a store in *directory*, where the log goes as well.

    Random numbers follow from *seed* and the number of the boot.
    """

    def __init__(self, elf: Path, programs: Programs, directory: Path, seed: int) -> None:
        self._elf = elf
        self._programs = programs
        self._directory = directory
        self._seed = seed
        self._process: subprocess.Popen[bytes] | None = None
        self._was_cut = False
        self.boots = 0

    def configure(self, settings: Mapping[str, str]) -> None:
        """Put *settings* on the device."""
        folder = self._store / "tb_cfg"
        folder.mkdir(parents=True, exist_ok=True)
        for key, value in settings.items():
            (folder / key).write_text(value, encoding="utf-8")

    def offer(self, token: str) -> None:
        """Let its application know *token*, in this boot and in later ones."""
        draft = self._store / "draft"
        draft.write_text(token, encoding="utf-8")
        draft.rename(self._new_token)

    def withdraw_offer(self) -> None:
        """Let its application know of no token any more."""
        self._new_token.unlink(missing_ok=True)

    def boot(self, environment: Mapping[str, str] | None = None) -> None:
        """Switch it on."""
        self.power_cut()
        self.boots += 1
        self._was_cut = False
        with self.log_file.open("ab") as log:
            log.write(b"---- boot %d\n" % self.boots)
            log.flush()
            self._process = subprocess.Popen(
                [self._elf],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    **self._programs.environment(),
                    "TB_STORE_DIR": str(self._store),
                    "TB_KILL_TRACE": str(self.trace_file),
                    "TB_KILL_SEED": str(self._seed + self.boots),
                    **(environment or {}),
                },
            )

    def power_cut(self) -> None:
        """Switch it off; Crashed when it was not running any more for no good reason."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._was_cut = True
            self._process.kill()
            self._process.wait()
        self._check()

    @property
    def running(self) -> bool:
        """Whether it runs; Crashed when it should."""
        self._check()
        return self._process is not None and self._process.poll() is None

    @property
    def was_killed(self) -> bool:
        """Whether the last boot was ended by kill_at.c."""
        return not self._was_cut and self._process is not None and self._process.poll() == -signal.SIGKILL

    @property
    def pid(self) -> int:
        """The process of this boot."""
        assert self._process is not None
        return self._process.pid

    @property
    def log_file(self) -> Path:
        """What it printed in all its boots."""
        return self._directory / "log"

    @property
    def log(self) -> str:
        """The same as text."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def says(self, outcome: str) -> bool:
        """Whether *outcome* is in the log of its last boot."""
        return f"TB_OUTCOME_{outcome}:" in self._last_log

    @property
    def gave_up(self) -> bool:
        """Whether the server would not provision it in its last boot, and it has said that it waits or ends."""
        return _GAVE_UP.search(self._last_log) is not None

    def has_asked_again(self, in_last_boot: bool) -> bool:
        """Whether it has sent a provisioning request after it had been online; or in its last boot at all."""
        log = self._last_log if in_last_boot else self.log.partition("TB_OUTCOME_ONLINE")[2]
        return "[Provision][Tx]" in log

    @property
    def trace_file(self) -> Path:
        """The effects of this boot."""
        return self._directory / f"trace.{self.boots}"

    @property
    def own_name(self) -> str:
        """The name that the device has made for itself."""
        return (self._store / "tb" / "device_id").read_text(encoding="utf-8")

    @property
    def store_files(self) -> list[str]:
        """The files in which it keeps what it has to keep."""
        return sorted(path.name for path in (self._store / "tb").iterdir())

    @property
    def _store(self) -> Path:
        return self._directory / "store"

    @property
    def _last_log(self) -> str:
        return self.log.rpartition("---- boot ")[2]

    @property
    def _new_token(self) -> Path:
        return self._store / "new_token"

    def _check(self) -> None:
        status = self._process.poll() if self._process is not None else None
        if status is not None and status < 0 and status != -signal.SIGKILL:
            raise Crashed(f"the firmware was ended by {signal.Signals(-status).name}")
