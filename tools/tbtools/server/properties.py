"""The properties of MQTT 5. ThingsBoard heeds none of them (contract 8.2), so they are checked and cut out.

What is left of a packet is laid out as in MQTT 3.1.1. Which packet may carry which property is not checked, as netty
does not check it either.
"""

from collections.abc import Callable

from amqtt import mqtt

AUTH = 15
_REPLIES = (mqtt.PUBACK, mqtt.PUBREC, mqtt.PUBREL, mqtt.PUBCOMP)
_WILL_FLAG = 0x04
_VARIABLE_INTEGER_BYTES_MAX = 4

_End = Callable[[bytes, int], int]


def cut_properties(packet_type: int, flags: int, body: bytes) -> bytes:
    """Return the body of an MQTT 5 packet as 3.1.1 has it; ValueError (IndexError at its end) if it is malformed."""
    if packet_type == mqtt.CONNECT:
        return _cut_connect(body)
    if packet_type == mqtt.PUBLISH:
        return _cut(body, _end_of_data(body, 0) + (2 if flags & 0x06 else 0))
    if packet_type in (mqtt.SUBSCRIBE, mqtt.UNSUBSCRIBE):
        return _cut(body, 2)
    if packet_type in _REPLIES:
        return _cut_reason(body, 2)
    if packet_type in (mqtt.DISCONNECT, AUTH):
        return _cut_reason(body, 0)
    return body


def _cut_connect(body: bytes) -> bytes:
    """Protocol name, level, flags, keep-alive, PROPERTIES, client id, WILL PROPERTIES, will, user name, password."""
    flags_at = _end_of_data(body, 0) + 1
    body = _cut(body, flags_at + 3)
    return _cut(body, _end_of_data(body, flags_at + 3)) if body[flags_at] & _WILL_FLAG else body


def _cut_reason(body: bytes, at: int) -> bytes:
    """Cut off a reason code, and properties behind it; both, or the latter, may be absent."""
    if len(body) > at + 1 and _end_of_properties(body, at + 1) != len(body):
        raise ValueError("bytes behind the properties")
    return body[:at]


def _cut(body: bytes, at: int) -> bytes:
    return body[:at] + body[_end_of_properties(body, at) :]


def _end_of_properties(data: bytes, at: int) -> int:
    length, at = _variable_integer(data, at)
    end = at + length
    if end > len(data):
        raise ValueError("properties are longer than the packet")
    while at < end:
        identifier, at = _variable_integer(data, at)
        if identifier not in _END_OF_VALUE:
            raise ValueError(f"unknown property {identifier:#x}")
        at = _END_OF_VALUE[identifier](data, at)
    if at != end:
        raise ValueError("properties and their length disagree")
    return end


def _variable_integer(data: bytes, at: int) -> tuple[int, int]:
    """Return the integer at *at*, and where it ends."""
    value = 0
    for index in range(_VARIABLE_INTEGER_BYTES_MAX):
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("variable byte integer of more than four bytes")


def _end_of_data(data: bytes, at: int) -> int:
    """Where the string or binary data at *at* ends: two bytes of length before it."""
    return at + 2 + int.from_bytes(data[at : at + 2], "big")


def _fixed(size: int) -> _End:
    return lambda _, at: at + size


_END_OF_VALUE: dict[int, _End] = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), _fixed(1)),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), _fixed(2)),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), _fixed(4)),
    **dict.fromkeys((0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F), _end_of_data),
    0x0B: lambda data, at: _variable_integer(data, at)[1],  # subscription identifier
    0x26: lambda data, at: _end_of_data(data, _end_of_data(data, at)),  # user property: a pair of strings
}
