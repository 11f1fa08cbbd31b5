"""Every property of MQTT 5 is cut out whole; paho, which encodes it, is the outside witness."""

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tbtools.server.decoder import MalformedPacket, PacketDecoder
from tbtools.server.packets import Connect, Packet, Publish

from tests.server.mqtt5_client import connect5_packet, publish5_packet, sized
from tests.server.mqtt_client import packet, text

VALUES = {
    "Byte": 1,
    "Two Byte Integer": 300,
    "Four Byte Integer": 70_000,
    "Variable Byte Integer": 20_000,
    "Binary Data": b"\x00\xff",
    "UTF-8 Encoded String": "tëxt",
    "UTF-8 String Pair": ("key", "välue"),
}
KNOWN = Properties(PacketTypes.PUBLISH)


def encoded(names: list[str]) -> bytes:
    """The properties of these names, without the length of all."""
    body = b""
    for name in names:
        kind, packet_types = KNOWN.properties[KNOWN.names[name]]
        properties = Properties(packet_types[0])
        setattr(properties, name.replace(" ", ""), VALUES[KNOWN.types[kind]])
        body += properties.pack()[1:]
    return body


def decode(*packets: bytes) -> list[Packet]:
    return list(PacketDecoder(lambda: 65_536).feed(b"".join(packets)))


@pytest.mark.parametrize("names", [*([name] for name in KNOWN.names), list(KNOWN.names)], ids=lambda names: names[0])
def test_property_is_cut_out_of_connect_and_publish(names: list[str]) -> None:
    properties = encoded(names)
    connect = connect5_packet("c", "u", "p", properties=properties)
    publish = publish5_packet("t", b"payload", 1, 9, properties)
    assert decode(connect, publish) == [Connect("c", "u", "p", True, 5), Publish("t", b"payload", 1, 9)]


def test_will_s_properties_are_cut_out_too() -> None:
    properties = sized(encoded(list(KNOWN.names)))
    will = properties + text("topic") + text("message")
    body = text("MQTT") + b"\x05\xc6\x00\x3c" + properties + text("c") + will + text("u") + text("p")
    assert decode(packet(0x10, body)) == [Connect("c", "u", "p", True, 5)]


def test_list_that_ends_anywhere_but_between_properties_is_malformed() -> None:
    whole = encoded(list(KNOWN.names))
    between = {len(encoded(list(KNOWN.names)[:count])) for count in range(len(KNOWN.names) + 1)}
    for length in range(len(whole) + 1):
        publish = publish5_packet("t", b"", 1, 9, whole[:length])
        if length in between:
            assert decode(connect5_packet(), publish)[1:] == [Publish("t", b"", 1, 9)]
        else:
            with pytest.raises(MalformedPacket):
                decode(connect5_packet(), publish)
