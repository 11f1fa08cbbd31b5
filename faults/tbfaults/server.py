"""Cases in which the server or the network misbehaves: each message in each way, each point, each kind of refusal."""

from collections.abc import Iterator
from typing import Any

from tbtools.server.faults import Action, Fault, Point
from tbtools.server.model import ProvisionType

from tbfaults.choice import Choice
from tbfaults.flows import Depth, Flow
from tbfaults.scenario import Case
from tbfaults.troubles import Changed, Crowded, Down, Faulty, Misconfigured, Trouble

_At = tuple[str | None, Point]

# The points that a device of ours passes, and on which kind of connection.
_WRITTEN: tuple[_At, ...] = (
    ("provision", Point.CONNACK),
    ("provision", Point.SUBACK),
    ("provision", Point.PUBACK),
    ("provision", Point.ANSWER),
    ("device", Point.CONNACK),
    ("device", Point.PUBACK),
)
_READ: tuple[_At, ...] = (("provision", Point.REQUEST), ("device", Point.TELEMETRY))
_CLOSED: tuple[_At, ...] = (
    *_WRITTEN,
    *_READ,
    (None, Point.ACCEPT),
    ("provision", Point.CONNECTED),
    ("provision", Point.ANSWERED),
    ("device", Point.CONNECTED),
    ("device", Point.ACKED),
)
_NOT_WAITED_FOR: tuple[_At, ...] = (
    ("provision", Point.SUBACK),
    ("provision", Point.PUBACK),
)  # the device goes on without
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


def cases(choice: Choice, answer_len: int) -> Iterator[Case]:
    """All of them. Of a flow with a story: those that befall a device which asks for credentials again."""
    yield from _messages(choice)
    yield from _bytes(choice, answer_len)
    yield from _refusals(choice)
    yield from _mistakes(choice)
    if choice.flow.story is None:
        yield from _outages(choice)
        yield from _versions(choice)


def troubles_to_be_killed_in(flow: Flow) -> dict[str, tuple[Trouble, ...]]:
    """The troubles that are worth a power cut at each of their effects, by name."""
    if not flow.asks:
        return {}
    found: dict[str, tuple[Trouble, ...]] = {"answer-closed": (_faulty(Point.ANSWER, Action.CLOSE),)}
    if flow.story is not None:
        return found if flow.story.provisions and not flow.server_chooses else {}
    found["answer-late"] = (_faulty(Point.ANSWER, Action.DELAY, delay_s=0.6),)
    found["answer-malformed"] = (_faulty(Point.ANSWER, Action.CUT, kept_bytes=40),)
    found["profile-disabled"] = (Misconfigured(strategy=ProvisionType.DISABLED),)
    if flow.credentials is None:
        found["device-limit"] = (Changed((("max_devices", 1),), another_device=True),)
    return found


def _faulty(point: Point, action: Action, **fields: Any) -> Faulty:
    return Faulty((Fault(point=point, action=action, **fields),))


def _modes(flow: Flow) -> tuple[str | None, ...]:
    """The kinds of connections that are disturbed; None: any."""
    if flow.story is not None:
        return ("provision",) if flow.story.provisions else ()
    return ("provision", "device", None) if flow.asks else ("device", None)


def _passed(flow: Flow, points: tuple[_At, ...]) -> list[_At]:
    return [(mode, point) for mode, point in points if mode in _modes(flow)]


def _messages(choice: Choice) -> Iterator[Case]:
    """Each message closed, dropped, late, twice, or something else instead."""
    flow = choice.flow
    for mode, point in _passed(flow, _CLOSED):
        for times in choice.some(f"close {_at(mode, point)}", _often(flow, point), 2):
            trouble = _faulty(point, Action.CLOSE, mode=mode, times=times)
            yield Case("close", flow, f"{_at(mode, point)}-{times or 'always'}", (trouble,))
    for mode, point in _passed(flow, (*_WRITTEN, *_READ)):
        is_once = flow.story is not None or (mode, point) in _NOT_WAITED_FOR
        for times in (1,) if is_once else choice.some(f"drop {_at(mode, point)}", (1, 2), 1):
            trouble = _faulty(point, Action.DROP, mode=mode, times=times)
            yield Case("drop", flow, f"{_at(mode, point)}-{times}", (trouble,))
    for mode, point in _passed(flow, _WRITTEN):
        for delay_s in choice.some(f"delay {_at(mode, point)}", _DELAYS_S, 2):
            trouble = _faulty(point, Action.DELAY, mode=mode, delay_s=delay_s)
            yield Case("delay", flow, f"{_at(mode, point)}-{delay_s * 1000:.0f}ms", (trouble,))
        yield Case("duplicate", flow, _at(mode, point), (_faulty(point, Action.DUPLICATE, mode=mode),))
        answers = {**_ANSWERS, **_ANSWERS_TO_OWN_TOKEN} if flow.is_own else _ANSWERS
        bodies = answers if point is Point.ANSWER else _GARBAGE
        for name, payload in choice.some(f"malform {_at(mode, point)}", bodies.items(), 4):
            trouble = _faulty(point, Action.MALFORM, mode=mode, payload=payload)
            yield Case("malform", flow, f"{_at(mode, point)}-{name}", (trouble,))


def _often(flow: Flow, point: Point) -> tuple[int | None, ...]:
    """How often a connection is closed at *point*; None: always. Once, where it takes long until there is another."""
    if flow.story is not None:
        return (1,)
    return (1, None) if point is Point.ANSWERED else (1, 2, 4, None)


def _bytes(choice: Choice, answer_len: int) -> Iterator[Case]:
    """Each message cut at each byte, and all of them in segments."""
    flow = choice.flow
    for mode, point in _passed(flow, _WRITTEN):
        for action in (Action.CUT, Action.BREAK):
            for name, length in _places(choice, action, mode, point, answer_len):
                trouble = _faulty(point, action, mode=mode, kept_bytes=length)
                yield Case(action.value, flow, f"{_at(mode, point)}-{name}", (trouble,))
    if flow.story is None:
        for segment_bytes, delay_s in choice.some("split", _SEGMENTS, 3):
            times = 2 if flow.asks else 1  # connections that the device makes
            trouble = _faulty(Point.ACCEPT, Action.SPLIT, segment_bytes=segment_bytes, delay_s=delay_s, times=times)
            yield Case("split", flow, f"{segment_bytes}-bytes-{delay_s * 1000:.0f}ms", (trouble,))


def _places(choice: Choice, action: Action, mode: str | None, point: Point, answer_len: int) -> list[tuple[str, int]]:
    """Where a message is cut (of the answer its payload) or broken off (the whole packet), as names and bytes."""
    what, first = f"{action.value} {_at(mode, point)}", 0 if action is Action.CUT else 1
    if point is not Point.ANSWER:
        return [(str(at), at) for at in choice.some(what, range(first, _PACKET_BYTES[point]), 2)]
    length = answer_len if action is Action.CUT else answer_len + _ANSWER_HEADER_BYTES
    if choice.flow.depth is Depth.EVERYTHING:
        return [(f"{at:03}", at) for at in range(first, length)]
    return choice.parts(what, length, 6)


def _refusals(choice: Choice) -> Iterator[Case]:
    """CONNACK with each code; after a lost answer as well, when the device tries what it has asked for."""
    flow = choice.flow
    often: tuple[int | None, ...] = (1, 3, None)
    for code in choice.some("codes", _CODES, len(_CODES)):
        for mode in filter(None, _modes(flow)):
            for times in choice.some(f"refuse {mode} {code}", often, 1):
                trouble = _faulty(Point.CONNACK, Action.REFUSE, mode=mode, code=code, times=times)
                yield Case("refuse", flow, f"{mode}-{code}-{times or 'always'}", (trouble,))
    if flow.asks and flow.story is None and not flow.server_chooses:
        for code in choice.some("trial", _CODES, 2):
            lost = _faulty(Point.ANSWER, Action.CLOSE).faults
            refused = _faulty(Point.CONNACK, Action.REFUSE, mode="device", code=code).faults
            yield Case("refuse", flow, f"trial-{code}", (Faulty(lost + refused),))


def _mistakes(choice: Choice) -> Iterator[Case]:
    """A profile that is set up wrongly for a while."""
    flow = choice.flow
    if not _modes(flow):
        return
    strategies = [strategy for strategy in ProvisionType if strategy is not flow.strategy]
    mistakes = {
        **{f"strategy-{strategy.value}": Misconfigured(strategy=strategy) for strategy in strategies},
        "secret": Misconfigured(secret="ANOTHER_SECRET"),
        "transport": Misconfigured(transport="COAP"),
    }
    for name, mistake in choice.some("mistakes", mistakes.items(), len(mistakes)):
        yield Case("mistake", flow, name, (mistake,))


def _outages(choice: Choice) -> Iterator[Case]:
    """A server that is away, full or overloaded for a while."""
    flow = choice.flow
    provisioning = ("subscribe", "provision") if flow.asks else ()
    for after in (None, "accept", "connect", *provisioning, "telemetry"):
        yield Case("down", flow, f"after-{after}" if after else "at-boot", (Down(after),))
    yield Case("limit", flow, "connections", (Crowded(),))
    if flow.credentials is None:
        yield Case("limit", flow, "devices", (Changed((("max_devices", 1),), another_device=True),))
    for name in ("message_rate_limit", "telemetry_message_rate_limit", "telemetry_points_rate_limit"):
        yield Case("limit", flow, name, (Changed(((name, "1:1"),)),))
    if flow.asks:
        yield Case("limit", flow, "provisioning-closed-at-once", (Changed((("provision_close_s", 0),)),))


def _versions(choice: Choice) -> Iterator[Case]:
    """Servers of other versions, by themselves and with a lost answer."""
    flow = choice.flow
    versions = _VERSIONS if flow.asks else _VERSIONS[_VERSIONS.index("3.5") :]  # contract 2.8
    for version in choice.some("version", versions, 3):
        settings = {"server_version": version}
        yield Case("version", flow, f"{version}-well", settings=settings)
        for action in (Action.CLOSE, Action.DROP) if flow.asks else ():
            trouble = _faulty(Point.ANSWER, action)
            yield Case("version", flow, f"{version}-answer-{action.value}", (trouble,), settings=settings)


def _at(mode: str | None, point: Point) -> str:
    return f"{mode}-{point.value}" if mode else point.value
