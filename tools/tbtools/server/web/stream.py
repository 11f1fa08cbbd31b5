"""What an open page is told: everything at first, then what changes."""

import json
from collections import deque
from collections.abc import Iterator
from typing import Any

from tbtools.server.core import Core
from tbtools.server.faults import Fault
from tbtools.server.web import view
from tbtools.server.web.attempts import Attempts, Row

ATTEMPTS_MAX = 500


class Stream:
    """The messages for one page. What comes faster than it is asked for goes together, and the oldest is left out."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._attempts = Attempts()
        self._seq = 0
        self._sent: dict[str, Any] = {}

    def messages(self) -> Iterator[bytes]:
        """What has changed since the last call, as server-sent events."""
        for name, value in self._states():
            if self._sent.get(name) != value:
                self._sent[name] = value
                yield server_sent_event(name, value)
        attempts = self._new_attempts()
        if attempts:
            yield server_sent_event("attempts", attempts)

    def _states(self) -> Iterator[tuple[str, Any]]:
        yield "server", {"release": self._core.settings.server_version, "faults": Fault.possible()}
        yield "devices", view.devices(self._core)
        yield "faults", view.faults(self._core)

    def _new_attempts(self) -> list[Row]:
        """Oldest first."""
        events = self._core.journal.events(since=self._seq)
        if not events:
            return []
        self._seq = events[-1]["seq"]
        return list(deque(self._attempts.read(events), maxlen=ATTEMPTS_MAX))


def server_sent_event(name: str, value: object) -> bytes:
    r"""Encode an event; JSON in ASCII has no line break that would end it.

    >>> server_sent_event("faults", ["a\n\u2028b"])
    b'event: faults\ndata: ["a\\n\\u2028b"]\n\n'
    """
    return f"event: {name}\ndata: {json.dumps(value, separators=(',', ':'))}\n\n".encode()
