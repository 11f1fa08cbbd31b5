"""One TCP connection: bytes in, bytes out, faults on the way."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Protocol

from cryptography import x509

from tbtools.server.core import Core
from tbtools.server.decoder import MalformedPacket, PacketDecoder
from tbtools.server.encoder import Encoder
from tbtools.server.faults import Action, Fault, Point
from tbtools.server.packets import Packet
from tbtools.server.reasons import Reason
from tbtools.server.segments import SegmentedWriter
from tbtools.server.tls import CLIENT_CERTIFICATE

_LOG = logging.getLogger(__name__)
_WRITE_BUFFER_BYTES = 1 << 20


class CloseConnection(Exception):
    """Raised by a handler to close its connection; *cause* goes to the journal, *reason* to an MQTT 5 client."""

    def __init__(self, cause: str, reason: Reason) -> None:
        super().__init__(cause)
        self.reason = reason


class PacketHandler(Protocol):
    """Whoever the connection gives its packets to."""

    @property
    def mode(self) -> str | None:
        """What kind of session is open: "provision", "device", or None before CONNECT has been accepted."""

    def on_packet(self, packet: Packet) -> None:
        """Handle a packet; CloseConnection, and any error, closes the connection."""

    def on_close(self) -> None:
        """The connection is gone; nothing can be sent any more."""


class Connection(asyncio.Protocol):
    """Reads packets for a handler and writes what it sends.

    *numbers* gives each connection of a server its number; *live* is the set of open ones. *encoder* is the handler's
    to replace, once it knows which version of MQTT the client speaks.
    """

    def __init__(
        self,
        core: Core,
        live: "set[Connection]",
        numbers: "itertools.count[int]",
        handler: "Callable[[Connection], PacketHandler]",
    ) -> None:
        self.core = core
        self.number = next(numbers)
        self.encoder = Encoder()
        self.loop = asyncio.get_running_loop()
        self._live = live
        self._decoder = PacketDecoder(lambda: core.settings.max_packet_bytes)
        self._handler = handler(self)
        self._timers: set[asyncio.TimerHandle] = set()
        self._close_cause: str | None = None
        self._closed_by = "client"
        self._transport: asyncio.Transport
        self._write: Callable[[bytes], None]
        self._finish: Callable[[], None]

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection, and turn it away when there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._write, self._finish = transport.write, transport.close
        transport.set_write_buffer_limits(high=_WRITE_BUFFER_BYTES)
        self.journal("accept")
        limit = self.core.settings.max_connections
        if 0 < limit <= len(self._live):
            self.close("connection limit")
            return
        self._live.add(self)
        fault = self.fault_at(Point.ACCEPT)
        if fault is not None and fault.action is Action.SPLIT:
            segmented = SegmentedWriter(transport, fault.segment_bytes, fault.delay_s)
            self._write, self._finish = segmented.write, segmented.finish

    def data_received(self, data: bytes) -> None:
        """Handle the packets that *data* completes."""
        self._guard(lambda: self._receive(data))

    def connection_lost(self, exc: Exception | None) -> None:
        """Say why in the journal, and free everything."""
        for timer in self._timers:
            timer.cancel()
        if self._close_cause is None:
            self._close_cause = "reset" if exc else "end of stream"
        self.journal("close", by=self._closed_by, cause=self._close_cause)
        self._live.discard(self)
        self._handler.on_close()

    def pause_writing(self) -> None:
        """The client does not read what it is sent: take nothing more from it until it does."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if not self.closing:
            self._transport.resume_reading()

    # -- for handlers

    @property
    def closing(self) -> bool:
        """Whether nothing more is read or sent."""
        return self._close_cause is not None

    @property
    def client_certificate(self) -> x509.Certificate | None:
        """The certificate that the client has shown in its TLS handshake."""
        certificate: x509.Certificate | None = self._transport.get_extra_info(CLIENT_CERTIFICATE)
        return certificate

    def send(self, data: bytes) -> None:
        """Write *data* unless the connection is closing."""
        if not self.closing:
            self._write(data)

    def close(self, cause: str, reason: Reason | None = None, by: str = "server") -> None:
        """Close after what has been written; *cause*, and who wanted it, go to the journal.

        With a *reason*, a DISCONNECT comes before, if the client's version of MQTT has it.
        """
        if not self.closing:
            if reason is not None:
                self._write(self.encoder.disconnect(reason))
            self._close_cause, self._closed_by = cause, by
            self._finish()

    def abort(self, cause: str) -> None:
        """Close at once, whether the client reads or not."""
        self.close(cause)
        self._transport.abort()

    def later(self, delay_s: float, action: Callable[[], None]) -> None:
        """Do *action* after *delay_s*, unless the connection is gone by then."""

        def run() -> None:
            self._timers.discard(timer)
            if not self.closing:
                self._guard(action)

        timer = self.loop.call_later(delay_s, run)
        self._timers.add(timer)

    def journal(self, event: str, **fields: object) -> None:
        """Record an event of this connection."""
        self.core.journal.record(event, **{"connection": self.number, "mode": self._handler.mode, **fields})

    def fault_at(self, point: Point, mode: str | None = None) -> Fault | None:
        """The fault that happens at *point*, recorded; a close has been carried out when this returns."""
        fault = self.core.faults.take(point, mode or self._handler.mode)
        if fault is not None:
            self.journal("fault", point=point.value, action=fault.action.value)
            if fault.action is Action.CLOSE:
                self.close(f"fault at {point.value}")
        return fault

    def deliver(
        self,
        fault: Fault | None,
        payload: bytes,
        encode: Callable[[bytes], bytes] = bytes,
        then: Callable[[], None] = lambda: None,
    ) -> None:
        """Write the packet *encode(payload)*, or what *fault* makes of it; *then* follows the writing."""

        def write(*payloads: bytes) -> None:
            for each in payloads:
                self.send(encode(each))
            then()

        if fault is None:
            write(payload)
        elif fault.action is Action.DELAY:
            self.later(fault.delay_s, lambda: write(payload))
        elif fault.action is Action.DUPLICATE:
            write(payload, payload)
        elif fault.action is Action.MALFORM:
            write(fault.payload)
        elif fault.action is Action.CUT:
            write(payload[: fault.kept_bytes])
        elif fault.action is Action.BREAK:
            self.send(encode(payload)[: fault.kept_bytes])
            self.close(f"fault at {fault.point.value}")
        elif fault.action is Action.DROP:
            write()

    # -- inside

    def _receive(self, data: bytes) -> None:
        for packet in self._decoder.feed(data):
            if self.closing:
                return
            self._handler.on_packet(packet)

    def _guard(self, action: Callable[[], None]) -> None:
        """What a handler throws closes this connection and nothing else, as in the real server."""
        if self.closing:
            return
        try:
            action()
        except MalformedPacket as error:
            self.close(f"malformed packet: {error}", Reason.MALFORMED_PACKET)
        except CloseConnection as error:
            self.close(str(error), error.reason)
        except Exception:
            _LOG.exception("connection %d: unhandled error", self.number)
            self.close("internal error", Reason.SERVER_SHUTTING_DOWN)
