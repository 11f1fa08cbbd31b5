"""Faults a test asks for: what goes wrong, where, and how often."""

import base64
import itertools
import threading
from enum import Enum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator


class Point(str, Enum):
    """A moment in a connection's life. Those named after a packet are the moment before it is written."""

    ACCEPT = "accept"  # the TCP connection has been accepted
    CONNACK = "connack"  # CONNECT has been decided
    CONNECTED = "connected"  # CONNACK has been written
    SUBACK = "suback"  # SUBSCRIBE has been carried out
    REQUEST = "request"  # a provisioning request has arrived and nothing has been done with it
    ANSWER = "answer"  # the request has been carried out and acknowledged
    ANSWERED = "answered"  # the answer has been written
    TELEMETRY = "telemetry"  # telemetry has arrived and has not been stored
    PUBACK = "puback"  # a message has been carried out (a provisioning request included)
    ACKED = "acked"  # the PUBACK of telemetry has been written


class Action(str, Enum):
    """What goes wrong."""

    CLOSE = "close"  # close the TCP connection, without the packet
    DROP = "drop"  # go on as if the packet had been written, or the message had never come
    DELAY = "delay"  # write the packet delay_s late
    DUPLICATE = "duplicate"  # write the packet twice
    MALFORM = "malform"  # write payload instead: of the answer its payload, of other packets the whole packet
    CUT = "cut"  # write its first kept_bytes only: of the answer its payload's, of other packets the whole packet's
    BREAK = "break"  # write the first kept_bytes of the whole packet, then close
    REFUSE = "refuse"  # CONNACK with code (3, in MQTT 5 0x88, unless given), then close
    SPLIT = "split"  # cut all that is written into segments of segment_bytes, delay_s apart


_WRITES = {
    Action.CLOSE,
    Action.DROP,
    Action.DELAY,
    Action.DUPLICATE,
    Action.MALFORM,
    Action.CUT,
    Action.BREAK,
}
_ALLOWED = {
    Point.ACCEPT: {Action.CLOSE, Action.SPLIT},
    Point.CONNACK: _WRITES | {Action.REFUSE},
    Point.CONNECTED: {Action.CLOSE},
    Point.SUBACK: _WRITES,
    Point.REQUEST: {Action.CLOSE, Action.DROP},
    Point.ANSWER: _WRITES,
    Point.ANSWERED: {Action.CLOSE},
    Point.TELEMETRY: {Action.CLOSE, Action.DROP},
    Point.PUBACK: _WRITES,
    Point.ACKED: {Action.CLOSE},
}
_VALUE_OF = {
    Action.DELAY.value: "delay_s",
    Action.MALFORM.value: "payload",
    Action.CUT.value: "kept_bytes",
    Action.BREAK.value: "kept_bytes",
    Action.REFUSE.value: "code",
    Action.SPLIT.value: "segment_bytes",
}


def _from_text(value: object) -> object:
    """Bytes from text; "base64:..." carries what is no text."""
    if not isinstance(value, str):
        return value
    prefix, found, encoded = value.partition("base64:")
    return base64.b64decode(encoded, validate=True) if found and not prefix else value.encode()


def _to_text(value: bytes) -> str:
    return "base64:" + base64.b64encode(value).decode()


Payload = Annotated[bytes, BeforeValidator(_from_text), PlainSerializer(_to_text, return_type=str)]


class Fault(BaseModel):
    """One fault. It lets *skip* occasions pass, then happens *times* times (None: for ever).

    *mode* limits it to connections of that kind: "provision" or "device"; an unauthenticated connection has none.
    """

    model_config = ConfigDict(extra="forbid")

    point: Point
    action: Action
    times: int | None = Field(default=1, ge=1)
    skip: int = Field(default=0, ge=0)
    mode: str | None = Field(default=None, pattern="^(provision|device)$")
    delay_s: float = Field(default=0.0, ge=0)
    payload: Payload = b""
    kept_bytes: int = Field(default=0, ge=0)
    code: int | None = Field(default=None, ge=0, le=255)
    segment_bytes: int = Field(default=1, ge=1)
    id: int = 0

    @model_validator(mode="after")
    def _is_possible(self) -> "Fault":
        allowed = _ALLOWED[self.point]
        if self.action not in allowed:
            names = ", ".join(sorted(action.value for action in allowed))
            raise ValueError(f"at {self.point.value} there is no {self.action.value}; possible are: {names}")
        return self

    @staticmethod
    def possible() -> list[str]:
        """Each POINT:ACTION that there is."""
        pairs = ((point, action) for point, actions in _ALLOWED.items() for action in Action if action in actions)
        return [f"{point.value}:{action.value}" for point, action in pairs]

    @staticmethod
    def parse(text: str) -> "Fault":
        """Read POINT:ACTION[=VALUE][*TIMES], such as "connack:refuse=5*3" or "answer:drop*0" (0: for ever)."""
        body, star, times = text.rpartition("*")
        body = body if star else text
        point, _, rest = body.partition(":")
        action, _, value = rest.partition("=")
        fields: dict[str, object] = {"point": point, "action": action}
        if star:
            fields["times"] = int(times) or None
        if value:
            fields[_VALUE_OF.get(action, "no value is taken by " + action)] = value
        return Fault.model_validate(fields)

    def notation(self) -> str:
        """POINT:ACTION[=VALUE], as parse() reads it; when and how often it happens is not in it."""
        field = _VALUE_OF.get(self.action.value)
        value = f"={self.model_dump(mode='json')[field]}" if field in self.model_fields_set else ""
        return f"{self.point.value}:{self.action.value}{value}"


class Faults:
    """The faults still to happen. Any thread may call any method."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: list[Fault] = []

    def add(self, fault: Fault | str) -> Fault:
        """Add a fault, given whole or in the notation of Fault.parse; it gets an id."""
        fault = Fault.parse(fault) if isinstance(fault, str) else fault.model_copy()
        with self._lock:
            fault.id = next(self._ids)
            self._faults.append(fault)
        return fault

    def remove(self, fault_id: int) -> bool:
        """Forget the fault of that id; return whether it was still to happen."""
        with self._lock:
            kept = [fault for fault in self._faults if fault.id != fault_id]
            found = len(kept) < len(self._faults)
            self._faults = kept
        return found

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._faults.clear()

    def pending(self) -> list[Fault]:
        """The faults that have not happened as often as they shall."""
        with self._lock:
            return [fault.model_copy() for fault in self._faults]

    def take(self, point: Point, mode: str | None) -> Fault | None:
        """The fault that happens now, if any; counts it."""
        if not self._faults:
            return None
        with self._lock:
            for fault in self._faults:
                if fault.point is point and fault.mode in (None, mode):
                    return self._count(fault)
        return None

    def _count(self, fault: Fault) -> Fault | None:
        if fault.skip:
            fault.skip -= 1
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._faults.remove(fault)
        return fault
