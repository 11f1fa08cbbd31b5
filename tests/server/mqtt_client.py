"""An MQTT 3.1.1 client that does exactly what a test says, byte for byte. It never retries and never answers alone."""

import socket
import struct
from dataclasses import dataclass
from typing import Any

TIMEOUT_S = 5.0
SILENCE_S = 0.15

TELEMETRY = "v1/devices/me/telemetry"
ATTRIBUTES = "v1/devices/me/attributes"

CONNACK, PUBLISH, PUBACK, SUBACK, UNSUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 11, 13, 14


@dataclass(frozen=True)
class Received:
    """A packet from the server: its type, flags and body, and what a test wants of them."""

    kind: int
    flags: int
    body: bytes

    @property
    def qos(self) -> int:
        return (self.flags >> 1) & 3

    @property
    def packet_id(self) -> int:
        at = 2 + len(self.topic.encode()) if self.kind == PUBLISH else 0
        return int(struct.unpack_from("!H", self.body, at)[0])

    @property
    def topic(self) -> str:
        (length,) = struct.unpack_from("!H", self.body)
        return self.body[2 : 2 + length].decode()

    @property
    def payload(self) -> bytes:
        return self.body[2 + len(self.topic.encode()) + (2 if self.qos else 0) :]


class RawClient:
    """A blocking socket to a server on this machine."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self._packet_id = 0

    def close(self) -> None:
        self.socket.close()

    # -- sending

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def connect(self, client_id: str = "c", username: str = "", password: str = "", clean: bool = True) -> None:
        self.send(connect_packet(client_id, username, password, clean))

    def login(self, **fields: Any) -> None:
        """CONNECT and expect CONNACK 0."""
        self.connect(**fields)
        assert self.connack() == 0

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> int:
        self._packet_id += 1
        self.send(publish_packet(topic, payload, qos, self._packet_id))
        return self._packet_id

    def subscribe(self, *filters: str, qos: int = 1) -> int:
        self._packet_id += 1
        body = struct.pack("!H", self._packet_id) + b"".join(text(name) + bytes([qos]) for name in filters)
        self.send(packet(0x82, body))
        return self._packet_id

    def unsubscribe(self, *filters: str) -> int:
        self._packet_id += 1
        self.send(packet(0xA2, struct.pack("!H", self._packet_id) + b"".join(text(name) for name in filters)))
        return self._packet_id

    # -- receiving

    def receive(self, timeout_s: float = TIMEOUT_S) -> Received:
        """The next packet; AssertionError at the end of the stream, TimeoutError when none comes."""
        self.socket.settimeout(timeout_s)
        first = self._exactly(1)[0]
        self.socket.settimeout(TIMEOUT_S)
        length = shift = 0
        while True:
            byte = self._exactly(1)[0]
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return Received(first >> 4, first & 0x0F, self._exactly(length))

    def connack(self) -> int:
        """The return code of the CONNACK that must come next."""
        return self._expect(CONNACK).body[1]

    def puback(self) -> int:
        """The packet id of the PUBACK that must come next."""
        return self._expect(PUBACK).packet_id

    def suback(self) -> list[int]:
        """The codes of the SUBACK that must come next."""
        return list(self._expect(SUBACK).body[2:])

    def message(self) -> Received:
        """The PUBLISH that must come next."""
        return self._expect(PUBLISH)

    def ping(self) -> None:
        """PINGREQ and PINGRESP: whatever was to come before has come, and the connection is open."""
        self.send(b"\xc0\x00")
        self._expect(PINGRESP)

    def expect_closed(self, timeout_s: float = TIMEOUT_S) -> None:
        """The server closes and sends nothing before."""
        self.socket.settimeout(timeout_s)
        try:
            rest = self.socket.recv(4096)
        except ConnectionResetError:
            return
        assert rest == b"", f"the server sent {rest!r} instead of closing"

    def expect_silence(self, seconds: float = SILENCE_S) -> None:
        """The server neither sends nor closes."""
        self.socket.settimeout(seconds)
        try:
            got = self.socket.recv(4096)
        except TimeoutError:
            return
        raise AssertionError(f"the server sent {got!r}" if got else "the server closed")

    def _expect(self, kind: int) -> Received:
        got = self.receive()
        assert got.kind == kind, f"packet type {got.kind} instead of {kind}: {got}"
        return got

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the server closed"
            data += part
        return data


def text(value: str) -> bytes:
    encoded = value.encode()
    return struct.pack("!H", len(encoded)) + encoded


def variable_integer(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, byte = divmod(value, 128)
        encoded.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(encoded)


def packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + variable_integer(len(body)) + body


def connect_packet(
    client_id: str = "c",
    username: str = "",
    password: str = "",
    clean: bool = True,
    name: str = "MQTT",
    level: int = 4,
    properties: bytes = b"",
) -> bytes:
    """CONNECT; MQTT 5 has *properties*, with their length, before the client id."""
    flags = (0x02 if clean else 0) | (0x80 if username else 0) | (0x40 if password else 0)
    body = text(name) + bytes([level, flags, 0, 60]) + properties + text(client_id)
    return packet(0x10, body + b"".join(text(field) for field in (username, password) if field))


def publish_packet(topic: str, payload: bytes, qos: int = 1, packet_id: int = 1) -> bytes:
    middle = struct.pack("!H", packet_id) if qos else b""
    return packet(0x30 | qos << 1, text(topic) + middle + payload)
