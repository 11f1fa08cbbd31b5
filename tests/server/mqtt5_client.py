"""RawClient's sister that speaks MQTT 5; *properties* is an encoded property list without its length."""

import struct

from tests.server.mqtt_client import (
    CONNACK,
    DISCONNECT,
    PUBACK,
    PUBLISH,
    SUBACK,
    UNSUBACK,
    RawClient,
    Received,
    connect_packet,
    packet,
    text,
    variable_integer,
)

USER_PROPERTY = b"\x26" + text("key") + text("value")
TOPIC_ALIAS = b"\x23\x00\x01"


class Mqtt5Client(RawClient):
    """Asserts of whatever comes that it has no properties, as ThingsBoard never sends any."""

    def connect(
        self, client_id: str = "c", username: str = "", password: str = "", clean: bool = True, properties: bytes = b""
    ) -> None:
        self.send(connect5_packet(client_id, username, password, clean, properties))

    def publish(self, topic: str, payload: bytes, qos: int = 1, properties: bytes = b"") -> int:
        self._packet_id += 1
        self.send(publish5_packet(topic, payload, qos, self._packet_id, properties))
        return self._packet_id

    def subscribe(self, *filters: str, qos: int = 1, properties: bytes = b"") -> int:
        body = b"".join(text(name) + bytes([qos]) for name in filters)
        return self._request(0x82, sized(properties) + body)

    def unsubscribe(self, *filters: str, properties: bytes = b"") -> int:
        return self._request(0xA2, sized(properties) + b"".join(text(name) for name in filters))

    def disconnect(self, body: bytes = b"") -> None:
        self.send(packet(0xE0, body))

    def connack(self) -> int:
        body = self._expect(CONNACK).body
        assert (len(body), body[2]) == (3, 0)
        return body[1]

    def reason(self) -> int:
        """The reason of the PUBACK that must come next."""
        return reason_of(self._expect(PUBACK).body[2:])

    def suback(self) -> list[int]:
        return self._codes(SUBACK)

    def unsuback(self) -> list[int]:
        """The codes of the UNSUBACK that must come next."""
        return self._codes(UNSUBACK)

    def message(self) -> Received:
        got = self._expect(PUBLISH)
        end = len(got.body) - len(got.payload)
        assert got.payload[0] == 0
        return Received(got.kind, got.flags, got.body[:end] + got.payload[1:])

    def expect_disconnect(self, reason: int) -> None:
        """DISCONNECT with *reason*, then the end of the stream."""
        assert reason_of(self._expect(DISCONNECT).body) == reason
        self.expect_closed()

    def _codes(self, kind: int) -> list[int]:
        body = self._expect(kind).body
        assert body[2] == 0
        return list(body[3:])

    def _request(self, first: int, body: bytes) -> int:
        self._packet_id += 1
        self.send(packet(first, struct.pack("!H", self._packet_id) + body))
        return self._packet_id


def reason_of(tail: bytes) -> int:
    """The reason in the tail of PUBACK or DISCONNECT, which is empty for 0."""
    assert tail[1:] in (b"", b"\x00")
    return tail[0] if tail else 0


def sized(properties: bytes) -> bytes:
    return variable_integer(len(properties)) + properties


def connect5_packet(
    client_id: str = "c", username: str = "", password: str = "", clean: bool = True, properties: bytes = b""
) -> bytes:
    return connect_packet(client_id, username, password, clean, level=5, properties=sized(properties))


def publish5_packet(topic: str, payload: bytes, qos: int = 1, packet_id: int = 1, properties: bytes = b"") -> bytes:
    middle = struct.pack("!H", packet_id) if qos else b""
    return packet(0x30 | qos << 1, text(topic) + middle + sized(properties) + payload)
