"""The JSON layer against Python's `json`: what is accepted, and what strings read as.

Where the two are meant to differ, and only there (test_json_differential.py has an example of each):

* A lone surrogate (`"\\ud800"`) is refused: no UTF-8 can hold it. Python reads it.
* `NaN`, `Infinity` and `-Infinity` are refused: they are not JSON (RFC 8259). Python reads them.
* More than DEPTH_MAX containers inside each other, an empty one not counted, are refused: the memory is bounded.
* An object of more than TOKENS_MAX tokens (itself, keys and values, at all depths) is refused, for the same reason.
* An object in which a key stands twice is refused, whatever way it is escaped. Python takes the last.
* A string with U+0000 is JSON, but is not read: C could not tell where it ends.
* Numbers of any size are accepted, and not converted. Python refuses to convert more than 4300 digits.
* A byte order mark is refused. Python refuses it in a str, and skips it in bytes; it is given a str here.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.fuzz.json_reader import BAD_JSON, INCOMPLETE, OK, TOO_LONG, JsonReader

DEPTH_MAX = 8
TOKENS_MAX = 32


class Pairs(list[tuple[str, Any]]):
    """An object as `json` finds it: keys may stand twice."""


class Number(str):
    """A number as it is written."""


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _python_reads(text: bytes) -> Any:
    """Return what Python reads in *text*; ValueError when it is not JSON."""
    decoder = json.JSONDecoder(
        object_pairs_hook=Pairs, parse_int=Number, parse_float=Number, parse_constant=_refuse, strict=True
    )
    decoded = text.decode("utf-8")
    value, end = decoder.raw_decode(decoded, len(decoded) - len(decoded.lstrip(" \t\r\n")))
    if decoded[end:].strip(" \t\r\n"):
        raise ValueError("more than one value")
    return value


def _children(value: Any) -> list[Any]:
    if isinstance(value, Pairs):
        return [item for pair in value for item in pair]
    return value if isinstance(value, list) else []


def _depth(value: Any) -> int:
    children = _children(value)
    return 1 + max(map(_depth, children)) if children else 0


def _tokens(value: Any) -> int:
    return 1 + sum(map(_tokens, _children(value)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and not isinstance(value, Number):
        yield value
    for child in _children(value):
        yield from _strings(child)


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold *text*."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "bool"
    if isinstance(value, str):
        return "number" if isinstance(value, Number) else "string"
    return "object" if isinstance(value, Pairs) else "array"


def _expect_check(reader: JsonReader, text: bytes) -> Any:
    """Hold tb_json_check() against Python; return what Python reads when both accept *text*, else None."""
    error = reader.check(text)
    try:
        value = _python_reads(text)
        depth = _depth(value)
        can_be_held = all(map(is_unicode, _strings(value)))
    except (ValueError, RecursionError):  # the latter is Python's own bound, far beyond DEPTH_MAX
        assert error != OK
        return None
    if not can_be_held:
        assert error in ((BAD_JSON, TOO_LONG) if depth > DEPTH_MAX else (BAD_JSON,))
        return None
    assert error == (TOO_LONG if depth > DEPTH_MAX else OK)
    return value if error == OK else None


def _expect_members(reader: JsonReader, text: bytes, value: Pairs) -> None:
    keys = [key for key, _ in value]
    error, members = reader.read_object(text, [key.encode() for key in keys] + [b"no such key"])
    if _tokens(value) > TOKENS_MAX:
        assert error == TOO_LONG
        return
    assert error == (OK if len(set(keys)) == len(keys) else BAD_JSON)
    for member, (_, expected) in zip(members, value, strict=False):
        assert member.kind == _kind(expected)
        if member.kind == "number":
            assert member.raw.decode() == expected
        if member.kind != "string":
            assert member.error == INCOMPLETE
        elif "\0" in expected:
            assert member.error == BAD_JSON
        else:
            assert (member.error, member.text.decode()) == (OK, expected)
    assert not members or "no such key" in keys or members[-1].kind == "absent"


def compare(reader: JsonReader, text: bytes) -> None:
    """Fail unless *text* is read as Python reads it, or as the differences say."""
    value = _expect_check(reader, text)
    if isinstance(value, Pairs):
        _expect_members(reader, text, value)
    elif value is not None:
        assert reader.read_object(text, [])[0] == (TOO_LONG if _tokens(value) > TOKENS_MAX else BAD_JSON)


def agrees(reader: JsonReader, text: bytes) -> bool:
    """Return whether compare() passes."""
    try:
        compare(reader, text)
    except AssertionError:
        return False
    return True
