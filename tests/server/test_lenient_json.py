"""The lenient reader against the strict one, and where they differ on purpose."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tbtools.server.kv import plain
from tbtools.server.lenient_json import InvalidJson, parse

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)
FEW = settings(max_examples=60, deadline=None, derandomize=True)


@FEW
@given(VALUES)
def test_lenient_and_strict_reading_agree_on_strict_json(value: Any) -> None:
    text = json.dumps(value)
    lenient = f"/* not strict any more */ {text}"
    assert plain(parse(lenient.encode())) == plain(parse(text.encode())) == value


@FEW
@given(st.binary(max_size=200) | st.text("{}[]:,;='\"\\/*# \n1eE+-.tfn", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    with contextlib.suppress(InvalidJson):
        plain(parse(payload))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("  # only a comment", None),
        (")]}'\n{a:1}", {"a": 1}),
        ("[1,,2]", [1, None, 2]),
        ("[1,]", [1, None]),
        ("[;]", [None, None]),
        ("{a:TRUE,b:Null,c:FALSE}", {"a": True, "b": None, "c": False}),
        ("{a:-Infinity,b:007,c:-0}", {"a": "-Infinity", "b": "007", "c": 0}),
        ("'it\\'s \\u0041\\\n'", "it's A\n"),
        ("\ufeff{}", {}),
    ],
)
def test_what_only_the_lenient_reader_takes(text: str, value: Any) -> None:
    assert plain(parse(text.encode())) == value


@pytest.mark.parametrize(
    "text", ["{", "[", "{a}", "{a:}", "{a:1", "[1", "'x", '"\\x"', "'\\u12", "{} {}", "{,}", "/", "]"]
)
def test_what_even_the_lenient_reader_refuses(text: str) -> None:
    with pytest.raises(InvalidJson):
        parse(text.encode())
