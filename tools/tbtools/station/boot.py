"""What the log of one boot tells."""

import json
import re
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tbtools.station.outcomes import OUTCOMES, Outcome
from tbtools.station.symptoms import Failure, failure

Sample = dict[str, Any]

RECORD = re.compile(r"([EWIDV]) \([\d:. -]+\) ([^:]+): ?(.*)")
_RESET = re.compile(r"rst:0x([0-9a-f]+) \((\w+)\)")
_FROM_OUTSIDE = (0x01, 0x0E, 0x15, 0x16)  # power-on or reset button; the other core; the two of native USB
_STARTUP = "[APP] Startup.."
_DEVICE_NAME = "device name: "
_OUTCOME = re.compile(r"TB_OUTCOME_(\w+): ")
_NEXT_ATTEMPT = "; next attempt in "
_STATION_MAC = re.compile(r"mode : sta \(((?:[0-9a-f]{2}:){5}[0-9a-f]{2})\)")
_NAME_WITH_MAC = re.compile(r"esp32\w*-([0-9a-f]{12})")
_SAMPLES_MAX = 16


class State(str, Enum):
    """How far a board has come, in this order."""

    BOOT = "booting"
    NETWORK = "joining the network"
    PROVISIONING = "provisioning"
    STORED = "credentials stored"
    ONLINE = "online"
    SENT = "telemetry sent"
    ACKNOWLEDGED = "telemetry acknowledged"


@dataclass(frozen=True)
class Reset:
    """A reset as the chip's ROM tells of it."""

    reason: str
    is_from_outside: bool


def reset_of(line: str) -> Reset | None:
    """The reset that *line* tells of."""
    match = _RESET.search(line)
    return Reset(match[2], int(match[1], 16) in _FROM_OUTSIDE) if match else None


def starts_app(line: str) -> bool:
    """Whether *line* is the first one of our firmware."""
    match = RECORD.search(line)
    return match is not None and match[3] == _STARTUP


@dataclass
class Boot:
    """The log so far, in what counts.

    *failure* is set by a crash; *is_over* when the device stops or waits for long, and *outcome* says why.
    """

    state: State = State.BOOT
    device: str = ""
    mac: str = ""
    outcome: Outcome = OUTCOMES["NONE"]
    samples: deque[Sample] = field(default_factory=lambda: deque(maxlen=_SAMPLES_MAX))
    failure: Failure | None = None
    has_records: bool = False
    is_over: bool = False

    def read(self, line: str) -> None:
        """Take a line."""
        record = RECORD.search(line)
        level, tag, message = record.groups() if record else ("", "", "")
        self.has_records = self.has_records or record is not None
        if tag == "tb_mqtt_wapper":
            self._read_message(message)
            return
        self.failure = self.failure or failure(line)
        if message == _STARTUP:
            self.state = State.NETWORK
        elif tag == "tb_session":
            self._read_session(level, message)
        elif tag == "FRONT-CONN" and self.state in (State.BOOT, State.NETWORK):
            self.state = State.PROVISIONING
        elif message.startswith("TBCM_EVENT_PUBLISHED") and self.state is State.SENT:
            self.state = State.ACKNOWLEDGED
        elif tag == "wifi" and (match := _STATION_MAC.search(message)):
            self.mac = match[1]

    def _read_session(self, level: str, message: str) -> None:
        if message.startswith(_DEVICE_NAME):
            self._name(message.removeprefix(_DEVICE_NAME))
            return
        match = _OUTCOME.match(message)
        outcome = OUTCOMES.get(match[1]) if match else None
        if outcome is None:
            return
        self.outcome = outcome
        self.is_over = outcome.is_failure and (level == "E" or (outcome.policy == "WAIT" and _NEXT_ATTEMPT in message))
        if outcome.name == "PROVISIONED":
            self.state = State.STORED
        elif outcome.name == "ONLINE" and self.state not in (State.SENT, State.ACKNOWLEDGED):
            self.state = State.ONLINE

    def _read_message(self, message: str) -> None:
        kind, _, rest = message.partition(" ")
        content = _json_object(rest)
        if kind == "[Provision][Tx]":
            self._name(str(content.get("deviceName", self.device)))
        elif kind == "[Telemetry][Tx]" and content:
            self.samples.append(content)
            if self.state is not State.ACKNOWLEDGED:
                self.state = State.SENT

    def _name(self, name: str) -> None:
        self.device = name
        match = _NAME_WITH_MAC.fullmatch(name)
        if match is not None and not self.mac:
            self.mac = ":".join(re.findall("..", match[1]))


def _json_object(text: str) -> Sample:
    try:
        value = json.loads(text[text.index("{") :])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
