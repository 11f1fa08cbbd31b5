"""Packets from a client: amqtt's packet classes, framed, and held to the rules of ThingsBoard's decoder (netty).

They know MQTT 3.1.1; of MQTT 5 they get what is left when its properties are cut out.
"""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from amqtt import errors, mqtt
from amqtt.mqtt.connect import ConnectVariableHeader

from tbtools.server.packets import (
    MQTT_3_1,
    MQTT_3_1_1,
    MQTT_5,
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
from tbtools.server.properties import AUTH, cut_properties

T = TypeVar("T")

_DECODE_ERRORS = (errors.AMQTTError, errors.MQTTError, errors.CodecError, errors.NoDataError, ValueError, IndexError)
_PROTOCOLS = {("MQTT", MQTT_5), ("MQTT", MQTT_3_1_1), ("MQIsdp", MQTT_3_1)}
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
        self._level = MQTT_3_1_1

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
        packet = _decode(header, body, self._level)
        if isinstance(packet, Connect):
            self._level = packet.level
        return packet

    def _read_header(self) -> bool:
        reader = _Reader(self._buffer)
        try:
            header = _run(mqtt.MQTTFixedHeader.from_stream(reader))
        except errors.MQTTError as error:
            raise MalformedPacket("remaining length has more than four bytes") from error
        if header is None:
            return False
        _check_header(header, self._level)
        if header.remaining_length > self._max_packet_bytes():
            raise MalformedPacket(f"remaining length {header.remaining_length} is over the limit")
        del self._buffer[: reader.position]
        self._header = header
        return True


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Drive a coroutine of amqtt that reads from a _Reader, and so never suspends, without an event loop."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("a reader of bytes in memory does not wait")


def _check_header(header: Any, level: int) -> None:
    if header.packet_type not in mqtt.packet_dict and (header.packet_type, level) != (AUTH, MQTT_5):
        raise MalformedPacket(f"packet type {header.packet_type}")
    if header.packet_type == mqtt.PUBLISH:
        if header.flags & 0x06 == 0x06:
            raise MalformedPacket("PUBLISH with QoS 3")
    elif header.flags != (0x02 if header.packet_type in _FLAGS_ONE else 0x00):
        raise MalformedPacket(f"flags {header.flags:#x} in packet type {header.packet_type}")


def _decode(header: Any, body: bytes, level: int) -> Packet:
    try:
        if header.packet_type == mqtt.CONNECT:
            level = _level(header, body)
        if level == MQTT_5:
            body = cut_properties(header.packet_type, header.flags, body)
            header.remaining_length = len(body)
        if header.packet_type == AUTH:
            return Ignored()
        reader = _Reader(body)
        packet = _run(mqtt.packet_class(header).from_stream(reader, header))
    except _DECODE_ERRORS as error:
        raise MalformedPacket(f"packet type {header.packet_type}: {type(error).__name__}") from error
    if reader.short or reader.position != len(body):
        raise MalformedPacket(f"packet type {header.packet_type}: fields and remaining length disagree")
    translate = _TRANSLATE.get(header.packet_type)
    return Ignored() if translate is None else translate(packet)


def _level(header: Any, body: bytes) -> int:
    """Read the start of CONNECT first: what follows is laid out otherwise in a version we do not speak."""
    variable = _run(ConnectVariableHeader.from_stream(_Reader(body), header))
    if (variable.proto_name, variable.proto_level) not in _PROTOCOLS:
        raise MalformedPacket(f"protocol level {variable.proto_level} is not supported")
    if variable.reserved_flag:
        raise MalformedPacket("reserved flag of CONNECT is set")
    return int(variable.proto_level)


def _connect(packet: Any) -> Connect:
    client_id = "" if packet.client_id_is_random else packet.client_id
    if packet.proto_level == MQTT_3_1 and not 1 <= len(client_id) <= _MQTT_3_1_CLIENT_ID_MAX:
        raise MalformedPacket("client id of MQTT 3.1 is not 1 to 23 characters")
    user_name, password = packet.username or "", packet.password or ""
    return Connect(client_id, user_name, password, packet.clean_session_flag, packet.proto_level)


def _publish(packet: Any) -> Publish:
    packet_id = _checked_id(packet.packet_id) if packet.qos else None
    return Publish(packet.topic_name, packet.data, packet.qos, packet_id)


def _subscribe(packet: Any) -> Subscribe:
    filters = tuple((name, _requested_qos(options)) for name, options in packet.payload.topics)
    return Subscribe(_checked_id(packet.variable_header.packet_id), filters)


def _requested_qos(options: int) -> int:
    """QoS is in bits 0 and 1, retain handling in 4 and 5; netty reads them so in every version."""
    if options & 0x03 == 0x03 or options & 0x30 == 0x30:
        raise MalformedPacket(f"subscription options {options:#x}")
    return options & 0x03


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
