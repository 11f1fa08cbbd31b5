"""A serial port, what is plugged in there, and a station that watches it."""

import json
import os
import pty
import queue
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from tests import canary
from tests.provision.linux import StoreDirectory

TB = Path(__file__).resolve().parents[2] / "tools" / "tb.py"
PATIENCE_S = 30.0


class Port:
    """A serial port that is there only while something is plugged in, as that of a board with a USB of its own."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self._ours: int | None = None
        self._theirs = -1
        self._board: subprocess.Popen[bytes] | None = None

    def plug(self) -> None:
        """Plug in an adapter, or a board that says nothing yet."""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.name.symlink_to(os.ttyname(self._theirs))

    def unplug(self) -> None:
        """Take it off, in the middle of whatever it does."""
        self.switch_off()
        if self._ours is not None:
            self.name.unlink()
            os.close(self._theirs)
            os.close(self._ours)
            self._ours = None

    def say(self, text: str | bytes) -> None:
        """Send what a board prints."""
        assert self._ours is not None
        os.write(self._ours, text if isinstance(text, bytes) else text.encode())

    def switch_on(self, firmware: Path, store: StoreDirectory) -> None:
        """Boot a board: the firmware as a process that prints to the port."""
        assert self._ours is not None
        self.switch_off()
        self._board = subprocess.Popen([firmware], stdout=self._ours, env={**os.environ, **store.environment()})

    def switch_off(self) -> None:
        """Cut its power; the adapter stays."""
        if self._board is not None:
            self._board.kill()
            self._board.wait()
            self._board = None


class Station:
    """``tb.py station --json`` as a process."""

    def __init__(self, port: str, environment: Mapping[str, str], *options: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(TB), "station", "--port", port, "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )
        self._said = ""
        self._seen = 0
        self._verdicts: queue.Queue[str] = queue.Queue()
        self._changed = threading.Condition()
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._threads = [
            threading.Thread(target=self._read_verdicts, args=(self._process.stdout,)),
            threading.Thread(target=self._read_screen, args=(self._process.stderr,)),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def screen(self) -> str:
        """All that it has shown."""
        return self._said

    def wait_for(self, text: str) -> None:
        """Wait until it shows *text*, after what was waited for before."""
        with self._changed:
            assert self._changed.wait_for(lambda: text in self._said[self._seen :], PATIENCE_S), self._said
            self._seen = self._said.index(text, self._seen) + len(text)

    def verdict(self) -> dict[str, Any]:
        """Wait for the next one."""
        try:
            line = self._verdicts.get(timeout=PATIENCE_S)
        except queue.Empty:
            raise AssertionError(f"no verdict: {self._said}") from None
        verdict: dict[str, Any] = json.loads(line)
        return verdict

    def expect_no_verdict(self, seconds: float) -> None:
        """See that none falls for so long."""
        time.sleep(seconds)
        assert self._verdicts.empty(), self._verdicts.get()

    def wait_end(self) -> int:
        """Wait until it ends by itself; return its exit code."""
        return self._process.wait(PATIENCE_S)

    def stop(self) -> int:
        """Press Ctrl-C, if it still runs; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        code = self._process.wait(PATIENCE_S)
        for thread in self._threads:
            thread.join()
        return code

    def _read_verdicts(self, stdout: IO[str]) -> None:
        for line in stdout:
            canary.keep_log(line)
            self._verdicts.put(line)

    def _read_screen(self, stderr: IO[str]) -> None:
        for line in stderr:
            canary.keep_log(line)
            with self._changed:
                self._said += line
                self._changed.notify_all()
