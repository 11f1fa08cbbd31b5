"""Asking ThingsBoard whether it has what a board has sent, beside the reading of the board's log."""

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tbtools.rest import RestClient, RestError
from tbtools.station.boot import Sample

_PAUSE_S = 0.5


@dataclass(frozen=True)
class Finding:
    """*telemetry* is a sample of this boot that ThingsBoard holds; when it is empty, *reason* says why."""

    telemetry: Sample = field(default_factory=dict)
    reason: str = ""


class Witness:
    """Looks in a thread of its own, so that nobody who reads a log waits for a server. Methods are for one thread."""

    def __init__(self, client: RestClient) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(1, "witness")
        self._looking: Future[Finding] | None = None
        self._looked_at = 0.0

    def __enter__(self) -> "Witness":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def finding(self, device: str, booted_at: float, samples: Iterable[Sample]) -> Finding | None:
        """What the last look found, if one is over since; starts the next one. *booted_at* is time.monotonic()."""
        found = None
        if self._looking is not None:
            if not self._looking.done():
                return None
            found = self._looking.result()
            self._looking = None
        if time.monotonic() - self._looked_at >= _PAUSE_S:
            self._looked_at = time.monotonic()
            self._looking = self._pool.submit(self._look, device, booted_at, list(samples))
        return found

    def forget(self) -> None:
        """Let go of what was looked for: another board is there."""
        self._looking = None
        self._looked_at = 0.0

    def _look(self, device: str, booted_at: float, samples: list[Sample]) -> Finding:
        try:
            found = self._client.find_device(device)
            if found is None:
                return Finding(reason=f"ThingsBoard has no device {device}")
            held = self._client.latest_samples(found["id"]["id"], sorted({key for each in samples for key in each}))
        except RestError as error:
            return Finding(reason=f"ThingsBoard cannot be asked: {error}")
        except (LookupError, TypeError):
            return Finding(reason="the server answers as no ThingsBoard does")
        booted_ms = 1000 * (self._server_now() - (time.monotonic() - booted_at))
        for sample in reversed(samples):
            if all(_holds(held.get(key), value, booted_ms) for key, value in sample.items()):
                return Finding(telemetry=sample)
        return Finding(reason=f"ThingsBoard has no telemetry of this boot from {device}")

    def _server_now(self) -> float:
        """The server's time, or a little less: telemetry bears it, and it need not be ours."""
        answered = self._client.server_time
        return time.time() if answered is None else answered.timestamp()


def _holds(rows: list[dict[str, Any]] | None, value: Any, since_ms: float) -> bool:
    if not rows or rows[0]["ts"] < since_ms:
        return False
    held = rows[0]["value"]
    return bool(held == value) and isinstance(held, bool) == isinstance(value, bool)
