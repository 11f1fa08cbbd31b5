"""Packets to a client, in the version of MQTT it speaks."""

import struct
from collections.abc import Sequence
from typing import Any

from amqtt import mqtt

from tbtools.server.packets import MQTT_5
from tbtools.server.reasons import RETURN_CODES, Reason
from tbtools.server.settings import Settings

_NO_PROPERTIES = b"\x00"
_SUBACK_FAILURE = 0x80


class Encoder:
    """MQTT 3.1 and 3.1.1: most reasons have no place on the wire, and are left out."""

    @property
    def tells_reasons(self) -> bool:
        """Whether the client hears of an invalid message in its PUBACK, and so can stay connected."""
        return False

    def connack_code(self, reason: Reason) -> int:
        """The code that tells *reason* in CONNACK."""
        return RETURN_CODES[reason]

    def suback_code(self, _reason: Reason) -> int:
        """The code that tells *reason* in SUBACK."""
        return _SUBACK_FAILURE

    def connack(self, session_present: bool, code: int) -> bytes:
        """Encode CONNACK; *code* may be any byte."""
        return _encode(mqtt.ConnackPacket.build(int(session_present), code))

    def puback(self, packet_id: int, _reason: Reason) -> bytes:
        """Encode PUBACK."""
        return _encode(mqtt.PubackPacket.build(packet_id))

    def suback(self, packet_id: int, codes: Sequence[int]) -> bytes:
        """Encode SUBACK; a code is a granted QoS or that of a reason."""
        return _encode(mqtt.SubackPacket.build(packet_id, codes))

    def unsuback(self, packet_id: int, _reasons: Sequence[Reason]) -> bytes:
        """Encode UNSUBACK."""
        return _encode(mqtt.UnsubackPacket.build(packet_id))

    def pingresp(self) -> bytes:
        """Encode PINGRESP."""
        return _encode(mqtt.PingRespPacket.build())

    def publish(self, topic: str, payload: bytes, qos: int, packet_id: int | None) -> bytes:
        """Encode PUBLISH with DUP and RETAIN clear, as ThingsBoard always sends it (contract 8.2)."""
        return _encode(mqtt.PublishPacket.build(topic, payload, packet_id, False, qos, False))

    def disconnect(self, _reason: Reason) -> bytes:
        """Encode DISCONNECT, or nothing where a server sends none."""
        return b""


class Encoder5(Encoder):
    """MQTT 5, never with a property; a reason of 0 is left out where the packet can do without, as netty does it.

    Releases before 3.5 answer as in 3.1.1, in frames of MQTT 5; those before 3.7 send no DISCONNECT (contract 1.5).
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def tells_reasons(self) -> bool:
        """See Encoder."""
        return self._settings.version.tells_reasons

    def connack_code(self, reason: Reason) -> int:
        """See Encoder."""
        return int(reason) if self.tells_reasons else super().connack_code(reason)

    def suback_code(self, reason: Reason) -> int:
        """See Encoder."""
        return int(reason) if self.tells_reasons else super().suback_code(reason)

    def connack(self, session_present: bool, code: int) -> bytes:
        """See Encoder."""
        return _frame(mqtt.CONNACK, bytes([session_present, code]) + _NO_PROPERTIES)

    def puback(self, packet_id: int, reason: Reason) -> bytes:
        """See Encoder."""
        if reason is Reason.SUCCESS or not self.tells_reasons:
            return super().puback(packet_id, reason)
        return _frame(mqtt.PUBACK, struct.pack("!HB", packet_id, reason) + _NO_PROPERTIES)

    def suback(self, packet_id: int, codes: Sequence[int]) -> bytes:
        """See Encoder."""
        return _frame(mqtt.SUBACK, struct.pack("!H", packet_id) + _NO_PROPERTIES + bytes(codes))

    def unsuback(self, packet_id: int, reasons: Sequence[Reason]) -> bytes:
        """See Encoder."""
        if not self.tells_reasons:
            return super().unsuback(packet_id, reasons)
        return _frame(mqtt.UNSUBACK, struct.pack("!H", packet_id) + _NO_PROPERTIES + bytes(reasons))

    def publish(self, topic: str, payload: bytes, qos: int, packet_id: int | None) -> bytes:
        """See Encoder. The properties come last before the payload."""
        return super().publish(topic, _NO_PROPERTIES + payload, qos, packet_id)

    def disconnect(self, reason: Reason) -> bytes:
        """See Encoder."""
        if not self._settings.version.sends_disconnect:
            return b""
        return _frame(mqtt.DISCONNECT, b"" if reason is Reason.SUCCESS else bytes([reason]) + _NO_PROPERTIES)


def encoder_for(level: int, settings: Settings) -> Encoder:
    """Return the encoder for a client that said *level* in CONNECT."""
    return Encoder5(settings) if level == MQTT_5 else Encoder()


def _encode(packet: Any) -> bytes:
    return bytes(packet.to_bytes())


def _frame(packet_type: int, body: bytes) -> bytes:
    return bytes(mqtt.MQTTFixedHeader(packet_type, 0, len(body)).to_bytes()) + body
