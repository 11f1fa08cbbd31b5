"""What a station shows: one live line on standard error, verdicts on standard output."""

import json

from rich.console import Console
from rich.live import Live
from rich.text import Text

from tbtools.console import progress_console
from tbtools.station.judge import Attempt
from tbtools.station.masking import masked
from tbtools.station.verdict import Verdict

_STYLES = {True: "bold green", False: "bold red"}


class Screen:
    """Where standard error is no terminal, each change of the live line is a line of its own."""

    def __init__(self, port: str, as_json: bool, show_log: bool) -> None:
        self._port = port
        self._as_json = as_json
        self._show_log = show_log
        self._err = progress_console()
        self._out = Console(highlight=False, soft_wrap=True)
        self._live = Live(console=self._err, transient=True, auto_refresh=False)
        self._last = ""

    def __enter__(self) -> "Screen":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def log(self, line: str) -> None:
        """A line of the board's log, without its secrets."""
        if self._show_log:
            self._err.print(Text(masked(line)), soft_wrap=True)

    def waiting(self, is_plugged: bool) -> None:
        """No board is being judged."""
        text = "waiting for the next board" if is_plugged else "not there: plug in a board"
        self._show(f"{self._port}: {text}", "")

    def progress(self, attempt: Attempt, now: float) -> None:
        """How far the board is."""
        outcome = attempt.boot.outcome
        parts = [attempt.name, attempt.boot.state.value]
        if outcome.name != "NONE":
            parts.append(outcome.name + (f": {outcome.cause}" if outcome.is_failure else ""))
        self._show(f"{self._port}: {', '.join(filter(None, parts))}", f" ({now - attempt.began_at:.0f} s)")

    def verdict(self, verdict: Verdict) -> None:
        """The end of it."""
        self._live.stop()
        if self._as_json:
            print(json.dumps(verdict.data(), ensure_ascii=False), flush=True)
        else:
            self._out.print(Text.assemble((verdict.verdict, _STYLES[verdict.is_pass]), f" {verdict.text()}"))
        self._last = ""
        self._live.update("")
        self._live.start()

    def _show(self, text: str, age: str) -> None:
        if self._err.is_terminal:
            if text + age != self._last:
                self._live.update(Text(text + age, no_wrap=True, overflow="ellipsis"), refresh=True)
            self._last = text + age
        elif text != self._last:
            self._err.print(Text(text), soft_wrap=True)
            self._last = text
