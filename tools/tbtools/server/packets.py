"""The MQTT packets a client sends, as plain values."""

from dataclasses import dataclass

MQTT_3_1, MQTT_3_1_1, MQTT_5 = 3, 4, 5  # protocol levels


@dataclass(frozen=True, slots=True)
class Connect:
    """CONNECT; a field that is absent on the wire is an empty string, as ThingsBoard treats both alike.

    *clean_session* is what MQTT 5 calls clean start; *level* is the protocol level.
    """

    client_id: str
    username: str
    password: str
    clean_session: bool
    level: int


@dataclass(frozen=True, slots=True)
class Publish:
    """PUBLISH; *packet_id* is None exactly when *qos* is 0."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int | None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """SUBSCRIBE: (filter, requested QoS) pairs."""

    packet_id: int
    filters: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unsubscribe:
    """UNSUBSCRIBE."""

    packet_id: int
    filters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Puback:
    """PUBACK of a message we pushed."""

    packet_id: int


@dataclass(frozen=True, slots=True)
class Pingreq:
    """PINGREQ."""


@dataclass(frozen=True, slots=True)
class Disconnect:
    """DISCONNECT."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A well-formed packet that ThingsBoard does nothing with (PUBREC, PUBREL, PUBCOMP, and a server's own kinds)."""


Packet = Connect | Publish | Subscribe | Unsubscribe | Puback | Pingreq | Disconnect | Ignored
