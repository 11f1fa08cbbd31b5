"""Which boards the suite runs on. With several, each worker of pytest-xdist has one for itself, from begin to end.

What is kept of a board, its logs and its JUnit file, goes to a folder of its own.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.junitxml import LogXML
from tbtools import ports

_REPORTS = "report/hil"
_WORKER = "gw"
_T = TypeVar("_T")


def add_options(parser: pytest.Parser) -> None:
    """Add how boards are named, and where their logs go."""
    group = parser.getgroup("provision")
    group.addoption(
        "--board",
        action="append",
        metavar="PORT_OR_SERIAL",
        help="A board, by its port or by the USB serial number of what is plugged in; may be given several times: "
        "the tests are shared between the boards",
    )
    group.addoption(
        "--board-reports",
        default=_REPORTS,
        metavar="FOLDER",
        help=f"Where logs and JUnit files of boards and of QEMU go, a folder for each (default: {_REPORTS}). Write it "
        "with =: pytest looks for tests in a folder that stands alone",
    )


def boards_of(option: Any) -> list[str]:
    """The boards that the command line names, by --board or by pytest-embedded's --port."""
    return list(option.board or ([option.port] if option.port else []))


def share(option: Any) -> None:
    """Start a worker for each board when there are several. UsageError when they and the workers do not match."""
    boards = boards_of(option)
    for board in boards:
        if os.sep not in board and not ports.is_plugged(board):
            raise pytest.UsageError(f"--board {board}: nothing with this USB serial number is plugged in")
    if len({each.name for each in folders(option)}) < len(boards):
        raise pytest.UsageError(f"--board: two boards of the same name in {', '.join(boards)}")
    if len(boards) > 1 and option.numprocesses is None:
        option.numprocesses = len(boards)
    workers = option.numprocesses
    if workers is not None and (workers or 1) != max(len(boards), 1):
        raise pytest.UsageError(f"-n {workers}: each worker needs a board of its own, named with --board")
    if workers and option.maxworkerrestart is None:
        option.maxworkerrestart = "0"  # one that takes the place of another would not know which board is free


def claim(option: Any, worker: str | None) -> None:
    """Take the board of this process, which is that *worker* of pytest-xdist, or the only process."""
    boards = boards_of(option)
    if worker is None and len(boards) > 1:
        return  # workers have them
    if boards:
        os.environ.pop("ESPPORT", None)  # pytest-embedded would take it for each of them
        option.port = ports.find(_of(worker, boards))
    if option.root_logdir is None:
        option.root_logdir = str(_of(worker, folders(option)))


def folders(option: Any) -> list[Path]:
    """Where what is kept of each board goes; a place for all workers when no board is named, as with QEMU."""
    names = boards_of(option) or [option.target]
    return [Path(option.board_reports) / re.sub(r"[^\w.-]+", "-", Path(name).name) for name in names]


class BoardReports:
    """Pytest plugin, in the one process that hears of all tests: a JUnit file for each board, in each of *folders*."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._files = [
            LogXML(str(each / "junit.xml"), None, each.name, "all", log_passing_tests=False) for each in folders
        ]

    def pytest_sessionstart(self) -> None:
        """Begin."""
        for file in self._files:
            file.pytest_sessionstart()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note it for the board that it was on."""
        _of(getattr(report, "worker_id", None), self._files).pytest_runtest_logreport(report)

    def pytest_sessionfinish(self) -> None:
        """Write the files."""
        for file in self._files:
            file.pytest_sessionfinish()


def _of(worker: str | None, each: Sequence[_T]) -> _T:
    """Which one is for *worker*: its own, or the only one."""
    return each[int(worker.removeprefix(_WORKER))] if worker and len(each) > 1 else each[0]
