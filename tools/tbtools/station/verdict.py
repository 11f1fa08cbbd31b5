"""PASS or FAIL of one board, for people, for programs and for a table."""

import json
from dataclasses import dataclass, field
from typing import Any

PASS, FAIL = "PASS", "FAIL"
COLUMNS = ("time", "port", "device", "mac", "verdict", "outcome", "cause", "seconds", "telemetry")
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True)
class Verdict:
    """*time* is when it fell, in ISO 8601; *seconds* since the board was plugged in or booted."""

    time: str
    port: str
    device: str
    mac: str
    verdict: str
    outcome: str
    cause: str
    advice: str
    seconds: float
    telemetry: dict[str, Any] = field(default_factory=dict)

    @property
    def is_pass(self) -> bool:
        """Whether the board may leave."""
        return self.verdict == PASS

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {**{column: getattr(self, column) for column in COLUMNS}, "advice": self.advice}

    def row(self) -> list[str]:
        """The cells under COLUMNS. A name that a spreadsheet would take for a formula gets a quote before it."""
        cells = {**self.data(), "seconds": f"{self.seconds:.1f}", "telemetry": compact(self.telemetry)}
        texts = (str(cells[column]) for column in COLUMNS)
        return [f"'{text}" if text.startswith(_FORMULA) else text for text in texts]

    def text(self) -> str:
        """For people, without the verdict itself."""
        who = " ".join(word for word in (self.port, self.device, self.mac) if word)
        why = compact(self.telemetry) if self.is_pass else self._why()
        return f"{who}: {why} ({self.seconds:.1f} s)"

    def _why(self) -> str:
        named = f"{self.outcome}: {self.cause}" if self.outcome else self.cause
        return f"{named}. {self.advice}".strip()


def compact(telemetry: dict[str, Any]) -> str:
    """Telemetry in as few characters as JSON needs; nothing for none."""
    return json.dumps(telemetry, ensure_ascii=False, separators=(",", ":")) if telemetry else ""
