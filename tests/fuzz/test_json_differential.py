"""The JSON layer against Python's `json`, over JSON, what is nearly JSON, any bytes, and the corpus."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.json_python import DEPTH_MAX, compare, is_unicode
from tests.fuzz.json_reader import BAD_JSON, BAD_UTF8, OK, TOO_LONG, JsonReader

HERE = Path(__file__).parent
EXAMPLES = settings(max_examples=100, deadline=None)

INTENDED = {
    "lone surrogate": (rb'"\ud800"', BAD_JSON),
    "second half alone": (rb'"\ude00"', BAD_JSON),
    "halves the wrong way round": (rb'"\ude00\ud83d"', BAD_JSON),
    "NaN": (b"NaN", BAD_JSON),
    "Infinity": (b"[-Infinity]", BAD_JSON),
    "too deep": (b"[" * 9 + b"1" + b"]" * 9, TOO_LONG),
    "far too deep": (b"[" * 100_000 + b"]" * 100_000, TOO_LONG),
    "deep enough": (b"[" * 9 + b"]" * 9, OK),
    "big number": (b"-" + b"9" * 5000 + b"e99999", OK),
    "byte order mark": (b"\xef\xbb\xbf1", BAD_JSON),
}


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> JsonReader:
    return JsonReader(tmp_path_factory.mktemp("json") / "tb_json.so")


def _written(text: str, escaped: bool) -> str:
    return json.dumps(text, ensure_ascii=escaped or not is_unicode(text))


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"


def _nested(value: str, depth: int) -> bytes:
    return b"[" * depth + value.encode() + b"]" * depth


CHARACTERS = st.characters() | st.sampled_from('"\\/\0\n\x1f\x7f') | st.characters(categories=["Cs"])
STRINGS = st.builds(_written, st.text(CHARACTERS, max_size=8), st.booleans())
KEYS = STRINGS | st.sampled_from(['"a"', '"b"', r'"\u0061"', '"status"'])  # so that some stand twice
NUMBERS = st.integers().map(str) | st.floats().map(json.dumps) | st.sampled_from(["-0", "1E+2", "0.10e-0", "1" * 5000])
SCALARS = STRINGS | NUMBERS | st.sampled_from(["true", "false", "null", "[]", "{}", " 1 ", "\n[\t]\r"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda values: "[" + " , ".join(values) + "]")
        | st.lists(st.tuples(KEYS, inner), max_size=4).map(_object)
    ),
    max_leaves=12,
)
TEXTS = st.builds(_nested, VALUES, st.integers(0, DEPTH_MAX))
OBJECTS = st.lists(st.tuples(KEYS, VALUES), max_size=6).map(_object).map(str.encode)
PIECES = (
    *(b",", b":", b"[", b"]", b"{", b"}", b'"', b"-", b".", b"e", b"0", b"\0", b"\x0c"),
    *(b"\\", b"\\u", rb"\ud83d", rb"\ude00", b"nul", b"NaN", b"Infinity"),
    *(b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"),
)
FRAGMENTS = st.binary(max_size=3) | st.sampled_from(PIECES)

NEARLY_NUMBERS = st.text("01.-+eE", min_size=1, max_size=6).map(str.encode)
NEARLY_STRINGS = st.lists(FRAGMENTS, max_size=3).map(lambda pieces: b'"' + b"".join(pieces) + b'"')


@st.composite
def mutations(draw: st.DrawFn) -> bytes:
    """JSON in which some bytes were replaced, removed or added."""
    text = draw(TEXTS | OBJECTS)
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(FRAGMENTS) + text[start + draw(st.integers(0, 3)) :]
    return text


@pytest.mark.parametrize("name", INTENDED)
def test_intended_difference(reader: JsonReader, name: str) -> None:
    text, error = INTENDED[name]
    assert reader.check(text) == error
    compare(reader, text)


@pytest.mark.parametrize(
    "text, error",
    [
        (b'{"a":1,"a":2}', BAD_JSON),
        (rb'{"a":1,"\u0061":2}', BAD_JSON),
        (b'{"b":{"a":1,"a":2}}', OK),
        (b'{"b":[' + b"1," * 28 + b"1]}", OK),
        (b'{"b":[' + b"1," * 29 + b"1]}", TOO_LONG),
        (b"[]", BAD_JSON),
    ],
)
def test_intended_difference_of_objects(reader: JsonReader, text: bytes, error: int) -> None:
    assert reader.read_object(text, [b"b"])[0] == error


@pytest.mark.parametrize(
    "escaped", [r"\ud7ff", r"\ue000", r"\ud800\udc00", r"\ud800\udfff", r"\udbff\udc00", r"\udbff\udfff"]
)
def test_escapes_at_the_bounds_of_surrogates_are_read_as_python_reads_them(reader: JsonReader, escaped: str) -> None:
    text = b'{"a":"' + escaped.encode() + b'"}'
    compare(reader, text)
    assert reader.check(text) == OK


@pytest.mark.parametrize(
    "escaped",
    [
        r"\ud800",
        r"\udbff",
        r"\udc00",
        r"\udfff",
        r"\ud800\ud800",
        r"\ud800\udbff",
        r"\udbff\ue000",
        r"\ud800\n",
        r"\ud800u",
    ],
)
def test_half_of_a_pair_is_refused(reader: JsonReader, escaped: str) -> None:
    assert reader.check(b'{"a":"' + escaped.encode() + b'"}') == BAD_JSON


@pytest.mark.parametrize(
    "sequence",
    [
        b"\xc0\x80",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xc3",
        b"\xe1\x80",
        b"\xf5\x80\x80\x80",
        b"\xff",
    ],
)
def test_what_is_not_utf_8_is_refused_as_python_refuses_it(reader: JsonReader, sequence: bytes) -> None:
    text = b'"' + sequence + b'"'
    compare(reader, text)
    assert reader.check(text) == BAD_UTF8


@EXAMPLES
@given(text=TEXTS | OBJECTS)
def test_json_is_read_as_python_reads_it(reader: JsonReader, text: bytes) -> None:
    compare(reader, text)


@EXAMPLES
@given(text=NEARLY_NUMBERS | NEARLY_STRINGS)
def test_what_is_nearly_a_scalar_is_read_as_python_reads_it(reader: JsonReader, text: bytes) -> None:
    compare(reader, text)


@EXAMPLES
@given(text=mutations())
def test_what_is_nearly_json_is_read_as_python_reads_it(reader: JsonReader, text: bytes) -> None:
    compare(reader, text)


@EXAMPLES
@given(text=st.binary() | st.text().map(str.encode) | st.lists(FRAGMENTS).map(b"".join))
def test_any_bytes_are_read_as_python_reads_them(reader: JsonReader, text: bytes) -> None:
    compare(reader, text)


@EXAMPLES
@given(text=st.text(CHARACTERS).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary())
def test_python_reads_what_is_written(reader: JsonReader, text: bytes) -> None:
    error, written = reader.put_string(text)
    try:
        expected = text.decode()
    except UnicodeDecodeError:
        assert (error, written) == (BAD_UTF8, b"")
        return
    assert error == OK
    assert json.loads(written) == expected


def test_corpus_is_read_as_python_reads_it(reader: JsonReader) -> None:
    paths = [path for folder in ("corpus", "crashes") for path in (HERE / folder / "fuzz_tb_json").glob("*")]
    assert paths
    for path in paths:
        compare(reader, path.read_bytes())
