"""Many boards at once: a writer for each port, one ledger for all.

The ledger knows which image a board has before the first byte is written, and each step after it is done. So whatever
is interrupted, and whenever, goes on with the same image on the same board.
"""

import contextlib
import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from tbtools.console import ToolError
from tbtools.factory.batch import Manifest, read_checked
from tbtools.factory.build import FlashPlan
from tbtools.factory.ledger import Ledger, State
from tbtools.factory.messages import Failed, Found, Job, Message, Port, Progress, Verified, Written
from tbtools.factory.writer import run

_END_S = 5.0


@dataclass
class Board:
    """What is known of the board on a port. *outcome* is empty as long as it is being worked on."""

    port: str
    mac: str = ""
    device: str = ""
    outcome: str = ""
    reason: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether it did not work."""
        return self.outcome == FAILED


FLASHED, DONE_BEFORE, FAILED = "flashed", "done before", "failed"
Show = Callable[[Board, Progress | None], None]


@dataclass(frozen=True)
class Shop:
    """What all writers work with: the *manifest* of the batch in *folder*, and the *plan* for the firmware."""

    folder: Path
    manifest: Manifest
    plan: FlashPlan
    ledger: Ledger
    reflash: bool


class _Worker:
    """The writer of one port, seen from here."""

    def __init__(self, port: Port, shop: Shop, others: Sequence["_Worker"], show: Show) -> None:
        self.board = Board(port.name)
        self._shop = shop
        self._others = others
        self._show = show
        context = multiprocessing.get_context("spawn")
        self.connection: Connection[Job | None, Message]
        self.connection, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=run, args=(theirs, port), daemon=True)
        self.process.start()
        theirs.close()  # so that its end is seen here

    def take(self) -> bool:
        """Take a message from it. Returns False when nothing follows."""
        try:
            message = self.connection.recv()
        except (EOFError, OSError):
            self._end()
            return False
        try:
            self._handle(message)
        except ToolError as error:
            self._fail(" ".join([str(error), error.advice]).strip())
            self._send(None)
        return True

    def stop(self) -> None:
        """Leave no process behind."""
        self.process.join(_END_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.connection.close()

    def _handle(self, message: Message) -> None:
        board, ledger = self.board, self._shop.ledger
        if isinstance(message, Found):
            self._send(self._answer(message))
        elif isinstance(message, Written):
            ledger.advance(board.device, board.mac, board.port, State.WRITTEN)
        elif isinstance(message, Verified):
            ledger.advance(board.device, board.mac, board.port, State.VERIFIED)
            board.outcome = FLASHED
        elif isinstance(message, Failed):
            self._fail(message.reason)
        self._show(board, message if isinstance(message, Progress) else None)

    def _answer(self, found: Found) -> Job | None:
        board, shop = self.board, self._shop
        board.mac = found.board
        if found.chip != shop.plan.chip:
            raise ToolError(f"its chip is {found.chip}, and the firmware is for {shop.plan.chip}")
        for other in self._others:
            if other.board.mac == board.mac and other is not self:
                raise ToolError(f"{other.board.port} has a board of the same MAC")
        assignment = shop.ledger.assign(shop.manifest.batch, board.mac, board.port, shop.reflash)
        board.device = assignment.device
        if assignment.done:
            board.outcome = DONE_BEFORE
            return None
        device = next(each for each in shop.manifest.devices if each.name == assignment.device)
        image = read_checked(shop.folder, device.image, device.image_sha256)
        key = read_checked(shop.folder, device.key, device.key_sha256) if device.key_sha256 else None
        return Job(shop.plan.parts(image, key), shop.plan.settings)

    def _send(self, answer: Job | None) -> None:
        with contextlib.suppress(OSError):  # of a writer that is gone, take() tells
            self.connection.send(answer)

    def _fail(self, reason: str) -> None:
        if self.board.outcome:
            return  # what comes after its end does not matter
        self.board.outcome, self.board.reason = FAILED, reason
        self._show(self.board, None)

    def _end(self) -> None:
        if not self.board.outcome:
            self.process.join(_END_S)
            self._fail(f"its writer ended without a word, exit code {self.process.exitcode}")


def flash(ports: Sequence[Port], shop: Shop, show: Show) -> list[Board]:
    """Write the boards on all *ports* at once; one that fails does not stop another. *show* is told of each event."""
    workers: list[_Worker] = []
    try:
        for port in ports:
            workers.append(_Worker(port, shop, workers, show))
        running = {worker.connection: worker for worker in workers}
        while running:
            for connection in wait(list(running)):
                if not running[connection].take():  # type: ignore[index]
                    del running[connection]  # type: ignore[arg-type]
    except BaseException:
        for worker in workers:
            worker.process.terminate()
        raise
    finally:
        for worker in workers:
            worker.stop()
    return [worker.board for worker in workers]
