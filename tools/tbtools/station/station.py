"""The station's loop: events of a port in, verdicts out."""

import time
from dataclasses import dataclass
from datetime import datetime

from tbtools.ports import mac_of
from tbtools.station.boot import reset_of, starts_app
from tbtools.station.judge import Attempt
from tbtools.station.records import Records
from tbtools.station.screen import Screen
from tbtools.station.serial_port import Happening, SerialPort
from tbtools.station.verdict import FAIL, PASS, Verdict
from tbtools.station.witness import Witness


@dataclass(frozen=True)
class Rules:
    """How boards are judged; *device* is the name that each has, if the log need not tell it."""

    time_limit_s: float
    device: str = ""
    once: bool = False


class Station:
    """A place for one board at a time. Each boot of it has one verdict."""

    def __init__(
        self, port: SerialPort, rules: Rules, witness: Witness | None, screen: Screen, records: Records | None
    ) -> None:
        self._port = port
        self._rules = rules
        self._witness = witness
        self._screen = screen
        self._records = records
        self._attempt: Attempt | None = None
        self._is_plugged = self._was_absent = False
        self._is_judged = False
        self._restarts_by_itself = False
        self._usb_mac = ""
        self._quiet_at = time.monotonic()
        self.verdicts: list[Verdict] = []

    def run(self) -> None:
        """Judge one board after another; with *once* only one."""
        if self._rules.once:
            self._begin()
        for event in self._port.events():
            if isinstance(event, str):
                self._screen.log(event)
                self._read(event)
            elif event is Happening.PLUGGED:
                self._plugged()
            elif event is Happening.UNPLUGGED:
                self._unplugged()
            else:
                self._advance()
            if self._rules.once and self.verdicts:
                return

    def _plugged(self) -> None:
        self._is_plugged, self._is_judged = True, False
        self._usb_mac = mac_of(self._port.where)
        if self._was_absent and self._attempt is None:
            self._begin()  # one that says nothing fails, too
        self._was_absent = False

    def _unplugged(self) -> None:
        self._is_plugged, self._was_absent = False, True
        if self._attempt is not None and self._attempt.is_seen:
            self._attempt.unplugged()
            self._conclude(self._attempt)
        elif not self._rules.once:
            self._attempt = None

    def _read(self, line: str) -> None:
        reset = reset_of(line)
        if self._attempt is not None and self._attempt.starts_again(line):
            self._attempt.restarted(reset)
            self._conclude(self._attempt)
        if self._attempt is None:
            if self._is_judged and not self._is_next(line):
                return
            self._begin()
        assert self._attempt is not None
        self._attempt.read(line, self._quiet_at)

    def _is_next(self, line: str) -> bool:
        """Whether *line*, after a verdict, is the first of another board, or of the same one that somebody has reset.

        A board that restarts by itself keeps its verdict.
        """
        reset = reset_of(line)
        if reset is not None:
            self._restarts_by_itself = not reset.is_from_outside
            return reset.is_from_outside
        return starts_app(line) and not self._restarts_by_itself

    def _begin(self) -> None:
        if self._witness is not None:
            self._witness.forget()
        self._restarts_by_itself = False
        self._attempt = Attempt(self._quiet_at, self._rules.time_limit_s, self._rules.device)

    def _advance(self) -> None:
        """Ask, look at the clock, show how far it is. All that has come is read."""
        now = time.monotonic()
        attempt = self._attempt
        if attempt is None:
            self._was_absent = self._was_absent or not self._is_plugged
            self._screen.waiting(self._is_plugged)
        else:
            attempt.ask(self._witness)
            attempt.check_time(now, self._is_plugged)
            if self._is_plugged:
                self._screen.progress(attempt, now)
            else:
                self._screen.waiting(is_plugged=False)
            if attempt.is_over:
                self._conclude(attempt)
        self._quiet_at = now

    def _conclude(self, attempt: Attempt) -> None:
        verdict = self._verdict(attempt)
        self.verdicts.append(verdict)
        self._attempt, self._is_judged = None, True
        if self._records is not None:
            self._records.add(verdict.row())
        self._screen.verdict(verdict)

    def _verdict(self, attempt: Attempt) -> Verdict:
        failure, outcome = attempt.failure, attempt.boot.outcome
        return Verdict(
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            port=self._port.where,
            device=attempt.name,
            mac=attempt.boot.mac or self._usb_mac,
            verdict=FAIL if failure else PASS,
            outcome="" if outcome.name == "NONE" else outcome.name,
            cause=failure.cause if failure else "",
            advice=failure.advice if failure else "",
            seconds=round(time.monotonic() - attempt.began_at, 1),
            telemetry=attempt.telemetry or {},
        )
