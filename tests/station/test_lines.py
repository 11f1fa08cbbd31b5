from hypothesis import given
from hypothesis import strategies as st
from tbtools.station.lines import LineReader


def test_lines_come_whole_however_they_are_cut() -> None:
    reader = LineReader()
    assert reader.feed(b"I (1) A: o") == []
    assert reader.feed(b"ne\r") == ["I (1) A: one"]
    assert reader.feed(b"\nI (2) A: two\n\n\nI (3) A: three\nI (4)") == ["I (2) A: two", "I (3) A: three"]


def test_colours_and_control_characters_go() -> None:
    assert LineReader().feed(b"\x1b[0;31mE (1) A: \x07b\x1b]0;title\xff\x1b[0m\n") == [
        "E (1) A: b]0;title\N{REPLACEMENT CHARACTER}"
    ]


def test_a_character_may_be_cut() -> None:
    reader = LineReader()
    text = "Küche\n".encode()
    assert [line for at in range(len(text)) for line in reader.feed(text[at : at + 1])] == ["Küche"]


def test_a_line_without_end_needs_no_memory() -> None:
    reader = LineReader()
    lines = [line for _ in range(1000) for line in reader.feed(b"x" * 1000)]
    assert sum(map(len, lines)) > 990_000
    assert max(map(len, lines)) <= 4096


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_comes_is_text_without_control_characters(pieces: list[bytes]) -> None:
    reader = LineReader()
    lines = [line for piece in [*pieces, b"\n"] for line in reader.feed(piece)]
    assert all(line and line.isprintable() for line in lines)
    whole = LineReader()
    assert whole.feed(b"".join(pieces) + b"\n") == lines
