"""A board from its plugging in or its boot to its verdict."""

from dataclasses import dataclass, field

from tbtools.station.boot import Boot, Reset, Sample, State, reset_of, starts_app
from tbtools.station.symptoms import Failure
from tbtools.station.witness import Witness

_NOTHING = Failure("nothing is plugged in there", "Plug in the board; `python -m serial.tools.list_ports` names ports.")
_SILENT = Failure("the board says nothing", "Check cable, --baud, and whether it has this firmware.")
_NOISE = Failure("what the board says is no log of this firmware", "Check --baud, and flash it.")
_UNPLUGGED = Failure("it was unplugged in the middle", "Plug it in again, and leave it until its verdict.")
_NO_NAME = Failure("the log has not told the device's name", "Reset the board (--reset), or name its device: --device.")
_NO_NETWORK = Failure(
    "it does not get as far as the server: no network?", "Check access point and password, or the Ethernet cable."
)
_NOT_SENT = Failure("it sends no telemetry", "Look at its sensors, and at the log: --show-log.")
_NOT_THERE = Failure("ThingsBoard does not have its telemetry", "Look at the device's rule chain and its limits.")
_NOT_ACKNOWLEDGED = Failure("the server does not acknowledge its telemetry", "Look at the tenant's limits.")


@dataclass
class Attempt:
    """One boot, since *began_at* (time.monotonic()). *device* is its name if the log need not tell it."""

    began_at: float
    time_limit_s: float
    device: str = ""
    boot: Boot = field(default_factory=Boot)
    failure: Failure | None = None
    telemetry: Sample | None = None
    _has_reset: bool = False
    _has_started: bool = False
    _lines: int = 0
    _is_asked: bool = False
    _why_not: str = ""

    @property
    def name(self) -> str:
        """The device's name, as far as it is known."""
        return self.device or self.boot.device

    @property
    def is_seen(self) -> bool:
        """Whether the board has said anything."""
        return self._lines > 0

    @property
    def is_over(self) -> bool:
        """Whether the verdict is certain."""
        return self.failure is not None or self.telemetry is not None

    def starts_again(self, line: str) -> bool:
        """Whether *line* is of a boot after this one."""
        if reset_of(line) is not None:
            return self._has_reset or self._has_started
        return self._has_started and starts_app(line)

    def read(self, line: str, now: float) -> None:
        """Take a line of its log. One that follows a reset begins it, whatever was said before."""
        if not self._has_started and not self._has_reset and (reset_of(line) or starts_app(line)):
            self.boot = Boot(mac=self.boot.mac)
            self.began_at = now
        self._has_reset = self._has_reset or reset_of(line) is not None
        self._has_started = self._has_started or starts_app(line)
        self._lines += 1
        self.boot.read(line)
        self.failure = self.failure or self.boot.failure or (self._outcome() if self.boot.is_over else None)

    def ask(self, witness: Witness | None) -> None:
        """See whether ThingsBoard has its telemetry; without a *witness*, whether that is acknowledged."""
        if self.is_over or not self.boot.samples:
            return
        if witness is None:
            self.telemetry = self.boot.samples[-1] if self.boot.state is State.ACKNOWLEDGED else None
        elif self.name:
            self._is_asked = True
            finding = witness.finding(self.name, self.began_at, self.boot.samples)
            if finding is not None:
                self.telemetry, self._why_not = finding.telemetry or None, finding.reason

    def restarted(self, reset: Reset | None) -> None:
        """It boots again before its verdict is known."""
        if self.is_over:
            return
        why = f" ({reset.reason})" if reset else ""
        if reset is not None and not reset.is_from_outside:
            self.failure = Failure(f"it has restarted by itself{why}", "Look at its power supply and at --show-log.")
        else:
            self.failure = Failure(f"it was switched off or reset in the middle{why}", _UNPLUGGED.advice)

    def unplugged(self) -> None:
        """It is gone before its verdict is known."""
        if not self.is_over:
            self.failure = _UNPLUGGED

    def check_time(self, now: float, is_plugged: bool) -> None:
        """See whether its time is over."""
        if not self.is_over and now - self.began_at >= self.time_limit_s:
            late = self._late() if is_plugged or self.is_seen else _NOTHING
            self.failure = Failure(f"{late.cause}, after {self.time_limit_s:g} s", late.advice)

    def _outcome(self) -> Failure:
        return Failure(self.boot.outcome.cause, self.boot.outcome.advice)

    def _late(self) -> Failure:
        if not self.is_seen:
            return _SILENT
        if not self.boot.has_records:
            return _NOISE
        if self.boot.outcome.is_failure:
            return self._outcome()
        if self.boot.state in (State.BOOT, State.NETWORK):
            return _NO_NETWORK
        if not self.boot.samples:
            return _NOT_SENT
        if not self._is_asked:
            return _NOT_ACKNOWLEDGED if self.name else _NO_NAME
        return Failure(self._why_not or _NOT_THERE.cause, _NOT_THERE.advice)
