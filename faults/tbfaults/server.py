"""Cases in which the server or the network misbehaves: each message in each way, each point, each kind of refusal."""

from collections.abc import Iterator
from typing import Any

from tbtools.server.faults import Action, Fault, Point
from tbtools.server.model import ProvisionType

from tbfaults.flows import Flow
from tbfaults.scenario import Case
from tbfaults.troubles import Changed, Crowded, Down, Faulty, Misconfigured, Trouble

# The points that a device of ours passes, and on which kind of connection.
_WRITTEN = (
    ("provision", Point.CONNACK),
    ("provision", Point.SUBACK),
    ("provision", Point.PUBACK),
    ("provision", Point.ANSWER),
    ("device", Point.CONNACK),
    ("device", Point.PUBACK),
)
_READ = (("provision", Point.REQUEST), ("device", Point.TELEMETRY))
_CLOSED = (
    *_WRITTEN,
    *_READ,
    (None, Point.ACCEPT),
    ("provision", Point.CONNECTED),
    ("provision", Point.ANSWERED),
    ("device", Point.CONNECTED),
    ("device", Point.ACKED),
)
_NOT_WAITED_FOR = (("provision", Point.SUBACK), ("provision", Point.PUBACK))  # the device goes on without
_PACKET_BYTES = {Point.CONNACK: 4, Point.SUBACK: 5, Point.PUBACK: 4}
_ANSWER_HEADER_BYTES = 25  # of the packet around the answer's payload
_DELAYS_S = (0.02, 0.2, 0.45, 0.6, 0.9)  # the last ones are later than the firmware waits
_SEGMENTS = ((1, 0.0), (1, 0.001), (1, 0.005), (2, 0.0), (3, 0.002), (7, 0.01), (64, 0.05))
_CODES = (1, 2, 3, 4, 5, 200)
_VERSIONS = ("3.2", "3.2.1", "3.3", "3.4", "3.5", "3.6.4", "3.7", "3.8.1", "3.9", "3.9.1", "4.0", "4.2", "4.3")

_GARBAGE = {
    "reserved-type": b"\xf5\xff\xff\xff\xff\x01" * 9,
    "endless-length": b"\x30\xff\xff\xff\xff",
    "largest-length": b"\x30\xff\xff\xff\x7f",
    "connack-again": b"\x20\x02\x00\x00",
    "suback-of-another": b"\x90\x03\x7f\x7f\x00",
    "suback-refused": b"\x90\x03\x00\x01\x80",
    "puback-of-another": b"\x40\x02\x7f\x7f",
    "pingresp": b"\xd0\x00",
    "publish-without-topic": b"\x30\x02\x00\x00",
    "publish-of-another-topic": b"\x30\x07\x00\x03a/b{}",
    "publish-topic-too-long": b"\x30\x04\xff\xffab",
    "client-packet": b"\xc0\x00",
    "zeros": bytes(64),
}
_ANSWERS = {
    "empty": b"",
    "null": b"null",
    "open-brace": b"{",
    "array": b"[]",
    "no-credentials": b'{"status":"SUCCESS"}',
    "small-letters": b'{"status":"success","credentialsType":"ACCESS_TOKEN","credentialsValue":"T"}',
    "empty-token": b'{"status":"SUCCESS","credentialsType":"ACCESS_TOKEN","credentialsValue":""}',
    "number": b'{"status":"SUCCESS","credentialsType":"ACCESS_TOKEN","credentialsValue":5}',
    "null-token": b'{"status":"SUCCESS","credentialsType":"ACCESS_TOKEN","credentialsValue":null}',
    "duplicate-key": b'{"status":"SUCCESS","status":"FAILURE"}',
    "other-kind": b'{"credentialsValue":"MIIB","credentialsType":"X509_CERTIFICATE","status":"SUCCESS"}',
    "unknown-status": b'{"status":"MAYBE"}',
    "long-token": b'{"credentialsValue":"' + b"T" * 900 + b'","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}',
    "lone-surrogate": b'{"credentialsValue":"\\ud800","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}',
    "not-utf8": b"\xff\xfe\x00",
    "deep": b"[" * 900,
    "too-large": b" " * 60_000,
    "protobuf": b"\x08\x02",
}
# What ThingsBoard says when it has created the device and cannot mark it as provisioned. To a device with a configured
# token that looks like another device's having it: joining with that one is left to an administrator.
_ANSWERS_TO_OWN_TOKEN = {
    "failure-though-created": b'{"errorMsg":"Failed to provision device!","status":"FAILURE"}',
}


def cases(flow: Flow, answer_len: int) -> Iterator[Case]:
    """All of them."""
    yield from _messages(flow)
    yield from _bytes(flow, answer_len)
    yield from _refusals(flow)
    yield from _outages(flow)
    yield from _versions(flow)


def troubles_to_be_killed_in(flow: Flow) -> dict[str, tuple[Trouble, ...]]:
    """The troubles that are worth a power cut at each of their effects, by name."""
    found: dict[str, tuple[Trouble, ...]] = {
        "answer-closed": (_faulty(Point.ANSWER, Action.CLOSE),),
        "answer-late": (_faulty(Point.ANSWER, Action.DELAY, delay_s=0.6),),
        "answer-malformed": (_faulty(Point.ANSWER, Action.CUT, kept_bytes=40),),
        "profile-disabled": (Misconfigured(strategy=ProvisionType.DISABLED),),
    }
    if flow.credentials is None:
        found["device-limit"] = (Changed((("max_devices", 1),), another_device=True),)
    return found


def _faulty(point: Point, action: Action, **fields: Any) -> Faulty:
    return Faulty((Fault(point=point, action=action, **fields),))


def _messages(flow: Flow) -> Iterator[Case]:
    """Each message closed, dropped, late, twice, or something else instead."""
    for mode, point in _CLOSED:
        for times in (1,) if point is Point.ANSWERED else (1, 2, 4):
            trouble = _faulty(point, Action.CLOSE, mode=mode, times=times)
            yield Case("close", flow, f"{_at(mode, point)}-{times}", (trouble,))
        yield Case("close", flow, f"{_at(mode, point)}-always", (_faulty(point, Action.CLOSE, mode=mode, times=None),))
    for mode, point in (*_WRITTEN, *_READ):
        for times in (1,) if (mode, point) in _NOT_WAITED_FOR else (1, 2):
            trouble = _faulty(point, Action.DROP, mode=mode, times=times)
            yield Case("drop", flow, f"{_at(mode, point)}-{times}", (trouble,))
    for mode, point in _WRITTEN:
        for delay_s in _DELAYS_S:
            trouble = _faulty(point, Action.DELAY, mode=mode, delay_s=delay_s)
            yield Case("delay", flow, f"{_at(mode, point)}-{delay_s * 1000:.0f}ms", (trouble,))
        yield Case("duplicate", flow, _at(mode, point), (_faulty(point, Action.DUPLICATE, mode=mode),))
        answers = {**_ANSWERS, **_ANSWERS_TO_OWN_TOKEN} if flow.is_own else _ANSWERS
        bodies = answers if point is Point.ANSWER else _GARBAGE
        for name, payload in bodies.items():
            trouble = _faulty(point, Action.MALFORM, mode=mode, payload=payload)
            yield Case("malform", flow, f"{_at(mode, point)}-{name}", (trouble,))


def _bytes(flow: Flow, answer_len: int) -> Iterator[Case]:
    """Each message cut at each byte, and all of them in segments."""
    for mode, point in _WRITTEN:
        is_answer = point is Point.ANSWER
        for length in range(answer_len if is_answer else _PACKET_BYTES[point]):
            trouble = _faulty(point, Action.CUT, mode=mode, kept_bytes=length)
            yield Case("cut", flow, f"{_at(mode, point)}-{length:03}", (trouble,))
        for length in range(1, answer_len + _ANSWER_HEADER_BYTES if is_answer else _PACKET_BYTES[point]):
            trouble = _faulty(point, Action.BREAK, mode=mode, kept_bytes=length)
            yield Case("break", flow, f"{_at(mode, point)}-{length:03}", (trouble,))
    for segment_bytes, delay_s in _SEGMENTS:
        trouble = _faulty(Point.ACCEPT, Action.SPLIT, segment_bytes=segment_bytes, delay_s=delay_s, times=2)
        yield Case("split", flow, f"{segment_bytes}-bytes-{delay_s * 1000:.0f}ms", (trouble,))


def _refusals(flow: Flow) -> Iterator[Case]:
    """CONNACK with each code; after a lost answer as well, when the device tries what it has asked for."""
    for code in _CODES:
        for mode in ("provision", "device"):
            for times in (1, 3, None):
                trouble = _faulty(Point.CONNACK, Action.REFUSE, mode=mode, code=code, times=times)
                yield Case("refuse", flow, f"{mode}-{code}-{times or 'always'}", (trouble,))
        lost = _faulty(Point.ANSWER, Action.CLOSE).faults
        refused = _faulty(Point.CONNACK, Action.REFUSE, mode="device", code=code).faults
        yield Case("refuse", flow, f"trial-{code}", (Faulty(lost + refused),))


def _outages(flow: Flow) -> Iterator[Case]:
    """A server that is away, full, overloaded, or set up wrongly for a while."""
    for after in (None, "accept", "connect", "subscribe", "provision", "telemetry"):
        yield Case("down", flow, f"after-{after}" if after else "at-boot", (Down(after),))
    yield Case("limit", flow, "connections", (Crowded(),))
    if flow.credentials is None:
        yield Case("limit", flow, "devices", (Changed((("max_devices", 1),), another_device=True),))
    for name in ("message_rate_limit", "telemetry_message_rate_limit", "telemetry_points_rate_limit"):
        yield Case("limit", flow, name, (Changed(((name, "1:1"),)),))
    yield Case("limit", flow, "provisioning-closed-at-once", (Changed((("provision_close_s", 0),)),))
    for strategy in ProvisionType:
        if strategy is not flow.strategy:
            yield Case("mistake", flow, f"strategy-{strategy.value}", (Misconfigured(strategy=strategy),))
    yield Case("mistake", flow, "secret", (Misconfigured(secret="ANOTHER_SECRET"),))
    yield Case("mistake", flow, "transport", (Misconfigured(transport="COAP"),))


def _versions(flow: Flow) -> Iterator[Case]:
    """Servers of other versions, by themselves and with a lost answer."""
    for version in _VERSIONS:
        settings = {"server_version": version}
        yield Case("version", flow, f"{version}-well", settings=settings)
        for action in (Action.CLOSE, Action.DROP):
            trouble = _faulty(Point.ANSWER, action)
            yield Case("version", flow, f"{version}-answer-{action.value}", (trouble,), settings=settings)


def _at(mode: str | None, point: Point) -> str:
    return f"{mode}-{point.value}" if mode else point.value
