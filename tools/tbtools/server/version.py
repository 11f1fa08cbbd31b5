"""Which release of ThingsBoard introduced what (contract 11, version matrix)."""

import re
from dataclasses import dataclass
from functools import lru_cache

_VERSION = re.compile(r"v?(\d+(?:\.\d+){1,3})(?:-SNAPSHOT)?")


@dataclass(frozen=True)
class ServerVersion:
    """A release number, asked for behaviour and not compared by callers."""

    numbers: tuple[int, ...]

    @staticmethod
    @lru_cache(maxsize=64)
    def parse(text: str) -> "ServerVersion":
        """Read "3.8.1", "v4.3" or "4.4.0-SNAPSHOT"; ValueError otherwise, and before 3.2, which cannot provision."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not a ThingsBoard version; write it like 3.8.1")
        numbers = tuple(int(part) for part in match[1].split("."))
        if numbers < (3, 2):
            raise ValueError(f"ThingsBoard {text} has no provisioning; the oldest version known here is 3.2")
        return ServerVersion(numbers)

    @property
    def session_present_always(self) -> bool:
        """3.2.0 set sessionPresent in every CONNACK; later it is the negation of clean session."""
        return self.numbers < (3, 2, 1)

    @property
    def has_short_topics(self) -> bool:
        """The v2/... topics."""
        return self.numbers >= (3, 3, 2)

    @property
    def queues_before_connack(self) -> bool:
        """Packets pipelined behind CONNECT are kept and replayed; before that they are lost."""
        return self.numbers >= (3, 3)

    @property
    def may_ack_invalid_data(self) -> bool:
        """The profile's sendAckOnValidationException is known."""
        return self.numbers >= (3, 4)

    @property
    def tells_unknown_client_id(self) -> bool:
        """CONNACK 2 for an unknown client id without user name; before that every refusal is 5."""
        return self.numbers >= (3, 5)

    @property
    def tells_reasons(self) -> bool:
        """Reason codes of MQTT 5; before that its clients are answered with the codes of 3.1.1."""
        return self.numbers >= (3, 5)

    @property
    def provisions_by_chain(self) -> bool:
        """The strategy X509_CERTIFICATE_CHAIN."""
        return self.numbers >= (3, 5)

    @property
    def sends_disconnect(self) -> bool:
        """A client that speaks MQTT 5 gets a DISCONNECT with the reason before the close."""
        return self.numbers >= (3, 7)

    @property
    def inactivity_s(self) -> float:
        """Seconds without uplink after which a session is closed."""
        return 600.0 if self.numbers >= (3, 6, 3) else 300.0

    @property
    def acks_before_provision_close(self) -> bool:
        """A wrong topic or malformed request in a provisioning session is acknowledged before the close."""
        return self.numbers >= (3, 7)

    @property
    def knows_gateway_flag(self) -> bool:
        """The key "gateway" of a provisioning request."""
        return self.numbers >= (3, 8)

    @property
    def tells_session_limits(self) -> bool:
        """The built-in RPC method getSessionLimits."""
        return self.numbers >= (3, 8)

    @property
    def subscribes_in_provisioning(self) -> bool:
        """SUBSCRIBE and UNSUBSCRIBE are answered in a provisioning session; before that they are ignored."""
        return self.numbers >= (3, 9)

    @property
    def unsubscribe_crashes_provisioning(self) -> bool:
        """3.9.0 only: UNSUBSCRIBE from a topic that is not subscribed kills the provisioning session."""
        return (3, 9) <= self.numbers < (3, 9, 1)
