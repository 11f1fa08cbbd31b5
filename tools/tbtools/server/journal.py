"""What happened, for tests and for the page. No key, secret, token, password or payload value is ever recorded."""

import itertools
import threading
from collections import deque
from typing import Any

from tbtools.server.model import now_ms

EVENTS_MAX = 100_000
TEXT_MAX = 256
LIST_TEXT_MAX = 2_048

Event = dict[str, Any]


class Journal:
    """Events, oldest first; the newest 100,000 are kept, and of a long text its beginning, as clients choose how long
    theirs are. Any thread may call any method.

    Each event has "seq" (from 1, rising), "ts" (ms since the epoch), "event", and what its kind adds; those of a
    connection have "connection" (its number) and "mode" (None, "provision" or "device"; "http" for the HTTP twins).

    =============  ===================================================================================
    accept         a TCP connection, with TLS one whose handshake has succeeded
    tls_failure    cause (no connection)
    connect        accepted, code, cause, device, client_id ("***" where it may be a secret), session_present,
                   level (of the protocol: 3, 4 or 5)
    subscribe      filters, codes (None: not answered)
    provision      device, status (None: not answered), cause, credentials_type
    refused        device (None: unknown), cause: a message that is not stored, and ends no connection
    telemetry      device, points, keys, qos
    attributes     device, keys
    claim          device
    unknown_topic  device, topic
    fault          point, action
    disconnect     DISCONNECT has arrived
    close          by ("client" or "server"), cause ("DISCONNECT" for a clean end)
    session_end    device, telemetry_messages, telemetry_points of the whole session
    =============  ===================================================================================
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._seq = itertools.count(1)
        self._events: deque[Event] = deque(maxlen=EVENTS_MAX)

    def record(self, event: str, **fields: Any) -> None:
        """Append an event."""
        bounded = {key: _bounded(value) for key, value in fields.items()}
        with self._changed:
            self._events.append({"seq": next(self._seq), "ts": now_ms(), "event": event, **bounded})
            self._changed.notify_all()

    def events(self, event: str | None = None, since: int = 0, **fields: Any) -> list[Event]:
        """The events after number *since* that have this kind and these fields."""
        with self._changed:
            return self._select(event, since, fields)

    def wait(self, event: str, timeout_s: float = 5.0, since: int = 0, **fields: Any) -> Event:
        """Block until such an event is there and return the first; TimeoutError otherwise. Not for the event loop."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._select(event, since, fields), timeout_s):
                seen = [entry["event"] for entry in self._events][-20:]
                raise TimeoutError(f"no {event!r} with {fields} within {timeout_s} s; the last events were {seen}")
            return self._select(event, since, fields)[0]

    def last_seq(self) -> int:
        """The number of the newest event, 0 when there is none: a mark for *since*."""
        with self._changed:
            return self._events[-1]["seq"] if self._events else 0

    def clear(self) -> None:
        """Forget all events; numbers go on rising."""
        with self._changed:
            self._events.clear()

    def _select(self, event: str | None, since: int, fields: dict[str, Any]) -> list[Event]:
        newer = itertools.takewhile(lambda entry: entry["seq"] > since, reversed(self._events))
        found = [
            entry
            for entry in newer
            if event in (None, entry["event"]) and all(entry.get(key) == value for key, value in fields.items())
        ]
        return found[::-1]


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= TEXT_MAX else value[:TEXT_MAX] + "…"
    if isinstance(value, list):
        return _bounded_list(value)
    return value


def _bounded_list(items: list[Any]) -> list[Any]:
    """The first of *items*, as many as LIST_TEXT_MAX characters hold."""
    cut = [_bounded(item) for item in items[:LIST_TEXT_MAX]]
    ends = itertools.accumulate(len(str(item)) + 1 for item in cut)
    return [item for item, end in zip(cut, ends, strict=True) if end <= LIST_TEXT_MAX]
