"""What every command has in common: a result for people or as JSON, and errors that say what to do.

Exit codes: 0 done, 1 it could not be done, 2 wrong usage, 3 the server cannot be reached.
"""

import functools
import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn, ParamSpec

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3

_PATIENCE_S = 1.0

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
"""The option that every command takes, as its parameter `as_json`."""

P = ParamSpec("P")


class ToolError(Exception):
    """Why a command could not do its work, in a sentence without secrets, and *advice*: what a person can do now."""

    def __init__(self, message: str, advice: str = "", code: int = EXIT_FAILED) -> None:
        super().__init__(message)
        self.advice = advice
        self.code = code


def command(function: Callable[P, Any]) -> Callable[P, None]:
    """Make a command of *function*, which takes `as_json` and returns its result, or None when it has printed it all.

    A result is a Result. A ToolError becomes a message and an exit code, in JSON `{"error": ..., "advice": ...}`.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        as_json = bool(kwargs.get("as_json"))
        try:
            result = function(*args, **kwargs)
        except ToolError as error:
            _fail(error, as_json)
        if isinstance(result, Result):
            result.show(as_json)

    return run


class Result:
    """What a command has found or done: *data* for programs, *lines* for people.

    A line is a text, or a table that table() has made.
    """

    def __init__(self, data: Mapping[str, Any] | Sequence[Any], lines: Iterable[str | Text | Table] = ()) -> None:
        self.data = data
        self.lines = list(lines)

    def show(self, as_json: bool) -> None:
        """Print it to standard output."""
        if as_json:
            print(json.dumps(self.data, indent=2, ensure_ascii=False, default=str))
            return
        console = Console(highlight=False, soft_wrap=True)
        for line in self.lines:
            console.print(line, markup=False) if isinstance(line, str) else console.print(line)


def table(*columns: str, rows: Iterable[Sequence[object]], title: str | None = None) -> Table:
    """A table of *rows*, whose cells are shown as they are."""
    made = Table(title=title, title_justify="left")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    return made


def progress_console() -> Console:
    """Where progress and questions go: standard error, so that a result stays alone on standard output."""
    return Console(stderr=True, highlight=False)


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Show *what* on a terminal while the block lasts, if it lasts longer than a second."""
    status = progress_console().status(Text(what))
    timer = threading.Timer(_PATIENCE_S, status.start)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        status.stop()


def confirm(question: str, is_yes: bool) -> None:
    """Ask *question*, unless the answer *is_yes* from the start; ToolError when nobody agrees, or nobody is there."""
    if is_yes:
        return
    if not sys.stdin.isatty():
        raise ToolError("nobody is there to confirm it", "Give --yes if it is meant.", EXIT_USAGE)
    if not typer.confirm(question, err=True):
        raise ToolError("nothing was done, as you did not confirm it")


def _fail(error: ToolError, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"error": str(error), "advice": error.advice}, ensure_ascii=False))
    else:
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(Text.assemble(("error: ", "bold red"), str(error)))
        if error.advice:
            console.print(Text(error.advice))
    sys.exit(error.code)
