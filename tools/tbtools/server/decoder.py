"""MQTT 3.1.1 on the wire: amqtt's packet classes, framed, and held to the rules of ThingsBoard's decoder (netty)."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from amqtt import errors, mqtt
from amqtt.mqtt.connect import ConnectVariableHeader

from tbtools.server.packets import (
    Connect,
    Disconnect,
    Ignored,
    Packet,
    Pingreq,
    Puback,
    Publish,
    Subscribe,
    Unsubscribe,
)

T = TypeVar("T")

_DECODE_ERRORS = (errors.AMQTTError, errors.MQTTError, errors.CodecError, errors.NoDataError, ValueError)
_PROTOCOLS = {("MQTT", 4), ("MQIsdp", 3)}
_MQTT_3_1 = 3
_MQTT_3_1_CLIENT_ID_MAX = 23
_FLAGS_ONE = (mqtt.SUBSCRIBE, mqtt.UNSUBSCRIBE, mqtt.PUBREL)


class MalformedPacket(Exception):
    """The bytes are no packet this server accepts; ThingsBoard closes the connection (contract 1.1)."""


class _Reader:
    """Hands out bytes that are already here, in the shape of amqtt's ReaderAdapter."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = data
        self.position = 0
        self.short = False

    async def read(self, n: int = -1) -> bytes:
        end = len(self._data) if n < 0 else self.position + n
        self.short |= end > len(self._data)
        taken = bytes(self._data[self.position : end])
        self.position += len(taken)
        return taken

    def feed_eof(self) -> None:
        """Nothing to do: all there is has been given to the constructor."""


class PacketDecoder:
    """Turns a byte stream into packets, however it is cut into segments.

    *max_packet_bytes* is asked for each packet and bounds the remaining length, and with it what is buffered.
    """

    def __init__(self, max_packet_bytes: Callable[[], int]) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._buffer = bytearray()
        self._header: Any = None

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield the packets that *data* completes; raise MalformedPacket at the first that is none."""
        self._buffer += data
        while (packet := self._next()) is not None:
            yield packet

    def _next(self) -> Packet | None:
        if self._header is None and not self._read_header():
            return None
        length = self._header.remaining_length
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        header, self._header = self._header, None
        return _decode(header, body)

    def _read_header(self) -> bool:
        reader = _Reader(self._buffer)
        try:
            header = _run(mqtt.MQTTFixedHeader.from_stream(reader))
        except errors.MQTTError as error:
            raise MalformedPacket("remaining length has more than four bytes") from error
        if header is None:
            return False
        _check_header(header)
        if header.remaining_length > self._max_packet_bytes():
            raise MalformedPacket(f"remaining length {header.remaining_length} is over the limit")
        del self._buffer[: reader.position]
        self._header = header
        return True


def connack(session_present: bool, code: int) -> bytes:
    """Encode CONNACK."""
    return _encode(mqtt.ConnackPacket.build(int(session_present), code))


def puback(packet_id: int) -> bytes:
    """Encode PUBACK."""
    return _encode(mqtt.PubackPacket.build(packet_id))


def suback(packet_id: int, codes: list[int]) -> bytes:
    """Encode SUBACK."""
    return _encode(mqtt.SubackPacket.build(packet_id, codes))


def unsuback(packet_id: int) -> bytes:
    """Encode UNSUBACK."""
    return _encode(mqtt.UnsubackPacket.build(packet_id))


def pingresp() -> bytes:
    """Encode PINGRESP."""
    return _encode(mqtt.PingRespPacket.build())


def publish(topic: str, payload: bytes, qos: int, packet_id: int | None) -> bytes:
    """Encode PUBLISH with DUP and RETAIN clear, as ThingsBoard always sends it (contract 8.2)."""
    return _encode(mqtt.PublishPacket.build(topic, payload, packet_id, False, qos, False))


def _encode(packet: Any) -> bytes:
    return bytes(packet.to_bytes())


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine of amqtt that reads from a _Reader, and so never suspends, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("a reader of bytes in memory does not wait")


def _check_header(header: Any) -> None:
    if header.packet_type not in mqtt.packet_dict:
        raise MalformedPacket(f"packet type {header.packet_type}")
    if header.packet_type == mqtt.PUBLISH:
        if header.flags & 0x06 == 0x06:
            raise MalformedPacket("PUBLISH with QoS 3")
    elif header.flags != (0x02 if header.packet_type in _FLAGS_ONE else 0x00):
        raise MalformedPacket(f"flags {header.flags:#x} in packet type {header.packet_type}")


def _decode(header: Any, body: bytes) -> Packet:
    reader = _Reader(body)
    try:
        variable = _connect_header(reader, header) if header.packet_type == mqtt.CONNECT else None
        packet = _run(mqtt.packet_class(header).from_stream(reader, header, variable))
    except _DECODE_ERRORS as error:
        raise MalformedPacket(f"packet type {header.packet_type}: {type(error).__name__}") from error
    if reader.short or reader.position != len(body):
        raise MalformedPacket(f"packet type {header.packet_type}: fields and remaining length disagree")
    translate = _TRANSLATE.get(header.packet_type)
    return Ignored() if translate is None else translate(packet)


def _connect_header(reader: _Reader, header: Any) -> Any:
    """Read the start of CONNECT first: what follows is laid out otherwise in a version we do not speak."""
    variable = _run(ConnectVariableHeader.from_stream(reader, header))
    if (variable.proto_name, variable.proto_level) not in _PROTOCOLS:
        raise MalformedPacket(f"protocol level {variable.proto_level} is not supported")
    if variable.reserved_flag:
        raise MalformedPacket("reserved flag of CONNECT is set")
    return variable


def _connect(packet: Any) -> Connect:
    client_id = "" if packet.client_id_is_random else packet.client_id
    if packet.proto_level == _MQTT_3_1 and not 1 <= len(client_id) <= _MQTT_3_1_CLIENT_ID_MAX:
        raise MalformedPacket("client id of MQTT 3.1 is not 1 to 23 characters")
    return Connect(client_id, packet.username or "", packet.password or "", packet.clean_session_flag)


def _publish(packet: Any) -> Publish:
    packet_id = _checked_id(packet.packet_id) if packet.qos else None
    return Publish(packet.topic_name, packet.data, packet.qos, packet_id)


def _subscribe(packet: Any) -> Subscribe:
    filters = tuple(packet.payload.topics)
    if any(qos > 2 for _, qos in filters):
        raise MalformedPacket("SUBSCRIBE with QoS over 2")
    return Subscribe(_checked_id(packet.variable_header.packet_id), filters)


def _unsubscribe(packet: Any) -> Unsubscribe:
    return Unsubscribe(_checked_id(packet.variable_header.packet_id), tuple(packet.payload.topics))


def _checked_id(packet_id: int) -> int:
    if packet_id == 0:
        raise MalformedPacket("packet id 0")
    return packet_id


_TRANSLATE: dict[int, Callable[[Any], Packet]] = {
    mqtt.CONNECT: _connect,
    mqtt.PUBLISH: _publish,
    mqtt.SUBSCRIBE: _subscribe,
    mqtt.UNSUBSCRIBE: _unsubscribe,
    mqtt.PUBACK: lambda packet: Puback(packet.packet_id),
    mqtt.PINGREQ: lambda _: Pingreq(),
    mqtt.DISCONNECT: lambda _: Disconnect(),
}
