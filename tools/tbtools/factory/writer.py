"""One board on one port, written by esptool. Runs in a process of its own, and speaks with flash.py over a pipe.

esptool's own second attempt after a lost connection is switched off: who knows whether the board that comes back is the
same one. For the same reason the MAC is read once more before a board counts as done.
"""

import io
import signal
from contextlib import redirect_stderr, redirect_stdout
from multiprocessing.connection import Connection
from typing import Any

from esptool import FatalError
from esptool.cmds import attach_flash, detect_chip, run_stub, verify_flash, write_flash
from esptool.logger import TemplateLogger, log

from tbtools.factory.messages import Failed, Found, Job, Message, Port, Progress, Verified, Written

ROM_BAUD = 115200
WRITING, VERIFYING = "writing", "verifying"


class _BoardError(Exception):
    """Why this board is not written."""


def run(connection: "Connection[Message, Job | None]", port: Port) -> None:
    """Write the board on *port*: the process's main function. With an answer None the board stays as it is."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is the parent's business; here it is the end
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # for what goes past esptool's logger
            _write_board(connection, port)
    except (EOFError, BrokenPipeError):
        return  # the parent is gone
    except (FatalError, _BoardError) as error:
        connection.send(Failed(_in_one_line(error)))
    except OSError as error:
        connection.send(Failed(f"the connection is lost: {_in_one_line(error)}"))


def _write_board(connection: "Connection[Message, Job | None]", port: Port) -> None:
    reporter = _Reporter(connection)
    log.set_logger(reporter)
    with detect_chip(port.name, ROM_BAUD, connect_attempts=port.attempts) as esp:
        _check_security(esp)
        board = _mac(esp)
        connection.send(Found(board, esp.CHIP_NAME.lower().replace("-", "")))
        job = connection.recv()
        if job is not None:
            loader = run_stub(esp) if port.with_stub else esp
            loader.WRITE_FLASH_ATTEMPTS = 1
            if port.baud > ROM_BAUD:
                loader.change_baud(port.baud)
            attach_flash(loader)
            _write(loader, job, reporter)
            connection.send(Written())
            _verify(loader, job, reporter)
            if _mac(loader) != board:
                raise _BoardError("another board has taken its place meanwhile")
            connection.send(Verified())
        esp.hard_reset()


def _check_security(esp: Any) -> None:
    if esp.secure_download_mode:
        raise _BoardError("it is in secure download mode: nothing can be written and verified any more")
    if esp.get_flash_encryption_enabled():
        raise _BoardError("its flash is encrypted: what is written from outside, it cannot read")


def _write(esp: Any, job: Job, reporter: "_Reporter") -> None:
    reporter.begin(WRITING, job)
    for part in job.parts:
        reporter.begin_part(len(part.data))
        write_flash(esp, [(part.offset, part.data)], **job.settings)
        reporter.end_part()


def _verify(esp: Any, job: Job, reporter: "_Reporter") -> None:
    reporter.begin(VERIFYING, job)
    for part in job.parts:
        reporter.begin_part(len(part.data))
        try:
            verify_flash(esp, [(part.offset, part.data)], **job.settings)
        except FatalError as error:
            raise _BoardError(f"{part.name}: {_in_one_line(error)}") from error
        reporter.end_part()


def _mac(esp: Any) -> str:
    return ":".join(f"{byte:02x}" for byte in esp.read_mac())


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())


class _Reporter(TemplateLogger):  # type: ignore[misc]
    """esptool's logger: of all that it says, only how far it is goes on."""

    def __init__(self, connection: "Connection[Message, Job | None]") -> None:
        self._connection = connection
        self._step = ""
        self._part = self._done = self._total = 0

    def begin(self, step: str, job: Job) -> None:
        """A step for all parts of *job*."""
        self._step, self._done, self._total = step, 0, sum(len(part.data) for part in job.parts)
        self._send(0)

    def begin_part(self, size: int) -> None:
        """One of them, of *size* bytes."""
        self._part = size

    def end_part(self) -> None:
        """It is done."""
        self._done += self._part
        self._send(0)

    def progress_bar(self, cur_iter: int, total_iters: int, **_: object) -> None:
        """Within a part; it may be compressed, so that only the ratio counts."""
        self._send(self._part * cur_iter // max(total_iters, 1))

    def _send(self, within: int) -> None:
        self._connection.send(Progress(self._step, self._done + within, self._total))

    def print(self, *args: object, **kwargs: object) -> None:
        """Nothing."""

    def note(self, message: str) -> None:
        """Nothing."""

    def warning(self, message: str) -> None:
        """Nothing."""

    def error(self, message: str) -> None:
        """Nothing: it is raised, too."""

    def stage(self, finish: bool = False) -> None:
        """Nothing."""

    def set_verbosity(self, verbosity: str) -> None:
        """Nothing."""
