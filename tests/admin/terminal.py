"""A command on a terminal of its own, where somebody answers its questions."""

import fcntl
import os
import pty
import select
import subprocess
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

TB = Path(__file__).resolve().parents[2] / "tools" / "tb.py"
PATIENCE_S = 30.0
_LOCAL_MODES = 3


class Terminal:
    """``with Terminal(arguments, environment) as terminal``: ``tb.py`` whose input and output are a terminal."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._master, slave = pty.openpty()
        self.output = ""
        self._process = subprocess.Popen(
            [sys.executable, str(TB), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **environment},
            start_new_session=True,
            preexec_fn=_take_terminal,
        )
        os.close(slave)

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def expect(self, text: str) -> None:
        """Wait until *text* is on the screen."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.output:
            assert time.monotonic() < deadline, self.output
            assert self._read(), self.output

    def expect_question(self, text: str) -> None:
        """Wait until *text* asks for something that will not be echoed."""
        self.expect(text)
        deadline = time.monotonic() + PATIENCE_S
        while termios.tcgetattr(self._master)[_LOCAL_MODES] & termios.ECHO:
            assert time.monotonic() < deadline, self.output
            time.sleep(0.01)

    def type(self, text: str) -> None:
        """Type a line, or a control character."""
        os.write(self._master, text.encode())

    def end(self) -> int:
        """Wait for the command's end; return its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < deadline, self.output
        return self._process.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Take over what is there; False once nobody has the terminal open any more."""
        if not select.select([self._master], [], [], 1.0)[0]:
            return True
        try:
            data = os.read(self._master, 65_536)
        except OSError:
            return False
        self.output += data.decode("utf-8", "replace")
        return bool(data)


def _take_terminal() -> None:
    """Make standard input the terminal that asks for passwords."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
