"""Writing in small TCP segments."""

import asyncio
from collections import deque


class SegmentedWriter:
    """Writes to *transport* in pieces of *segment_bytes*, *delay_s* apart."""

    def __init__(self, transport: asyncio.Transport, segment_bytes: int, delay_s: float) -> None:
        self._transport = transport
        self._segment_bytes = segment_bytes
        self._delay_s = delay_s
        self._waiting: deque[bytes] = deque()
        self._running = False
        self._finishing = False

    def write(self, data: bytes) -> None:
        """Queue *data*; its first segment leaves at once if nothing is before it."""
        step = self._segment_bytes
        self._waiting.extend(data[at : at + step] for at in range(0, len(data), step))
        if not self._running:
            self._pump()

    def finish(self) -> None:
        """Close the transport when all has been written."""
        self._finishing = True
        if not self._running:
            self._transport.close()

    def _pump(self) -> None:
        self._running = bool(self._waiting) and not self._transport.is_closing()
        if self._running:
            self._transport.write(self._waiting.popleft())
            asyncio.get_running_loop().call_later(self._delay_s, self._pump)
        elif self._finishing:
            self._transport.close()
