"""From the options of `factory flash` to its result, with live progress for each port."""

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from tbtools.console import EXIT_USAGE, Result, ToolError, progress_console, table
from tbtools.factory import messages
from tbtools.factory.batch import read_manifest
from tbtools.factory.build import read_plan
from tbtools.factory.flash import Board, Shop, flash
from tbtools.factory.ledger import Ledger


@dataclass(frozen=True)
class Options:
    """The options of the command, by their names there."""

    batch: Path
    ports: list[str]
    build: Path
    ledger: Path
    reflash: bool
    baud: int
    no_stub: bool
    connect_attempts: int


def flash_all(options: Options) -> tuple[Result, bool]:
    """Flash the boards on all ports. Returns the result, and whether all of them are done."""
    _check_ports(options.ports)
    manifest = read_manifest(options.batch)
    plan = read_plan(options.build, manifest)
    with_stub = plan.with_stub and not options.no_stub
    ports = [messages.Port(port, options.baud, with_stub, options.connect_attempts) for port in options.ports]
    with Ledger(options.ledger) as ledger:
        if ledger.digest(manifest.batch) != manifest.digest():
            raise ToolError(
                f"{options.batch} is not the batch {manifest.batch} of the ledger", "Make it again, or see --ledger."
            )
        with _Bars(options.ports) as bars:
            boards = flash(ports, Shop(options.batch, manifest, plan, ledger, options.reflash), bars.show)
        free = next(each["free"] for each in ledger.batches() if each["batch"] == manifest.batch)
    return _result(boards, manifest.batch, free), not any(board.has_failed for board in boards)


def _check_ports(ports: list[str]) -> None:
    real = [str(Path(port).resolve()) if Path(port).exists() else port for port in ports]
    for port, times in Counter(real).items():
        if times > 1:
            raise ToolError(f"{port} is given twice", "A port for each board.", EXIT_USAGE)


def _result(boards: list[Board], batch: str, free: int) -> Result:
    rows = [[board.port, board.mac, board.device, board.outcome, board.reason] for board in boards]
    counts = Counter(board.outcome for board in boards)
    summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
    data = {"boards": [asdict(board) for board in boards], "free": free}
    lines = [table("port", "board", "device", "outcome", "reason", rows=rows)]
    return Result(data, [*lines, f"{summary}; images of {batch} without a board: {free}"])


class _Bars:
    """A bar for each port."""

    def __init__(self, ports: list[str]) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=progress_console())
        self._bars = {port: self._progress.add_task(f"{port} connecting", total=None) for port in ports}

    def __enter__(self) -> "_Bars":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, board: Board, progress: messages.Progress | None) -> None:
        """Show what has happened on the board's port."""
        bar = self._bars[board.port]
        if progress is not None:
            text = f"{board.port} {board.device} {progress.step}"
            self._progress.update(bar, description=text, completed=progress.done, total=progress.total)
        elif board.outcome:
            text = " ".join(word for word in (board.port, board.device, board.outcome) if word)
            self._progress.update(bar, description=text, total=1, completed=int(not board.has_failed))
            self._progress.stop_task(bar)
