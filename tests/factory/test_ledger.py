"""The ledger: what it lets happen, and what it does not, whoever asks and however many at once."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tbtools.console import ToolError
from tbtools.factory.ledger import Assignment, Entry, Ledger, State

A, B, C = "aa:aa:aa:aa:aa:aa", "bb:bb:bb:bb:bb:bb", "cc:cc:cc:cc:cc:cc"


def entries(*names: str) -> list[Entry]:
    return [Entry(name, {"user": f"of {name}"}) for name in names]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    book = Ledger(tmp_path / "ledger.db", create=True)
    assert book.register("one", "d1", "seed", entries("a", "b"), replace=False)
    assert book.register("two", "d2", "seed", entries("c"), replace=False)
    return book


def raw(tmp_path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def test_a_board_gets_the_next_image_and_keeps_it(ledger: Ledger) -> None:
    assert ledger.assign("one", A, "p", False) == Assignment("a")
    assert ledger.assign("one", B, "p", False) == Assignment("b")
    assert ledger.assign("one", A, "p", False) == Assignment("a")
    ledger.advance("a", A, "p", State.WRITTEN)
    assert ledger.assign("one", A, "p", False) == Assignment("a")
    ledger.advance("a", A, "p", State.VERIFIED)
    assert ledger.assign("one", A, "p", False) == Assignment("a", done=True)
    assert ledger.assign("one", A, "p", True) == Assignment("a")
    assert [each["state"] for each in ledger.boards("one")] == ["assigned", "assigned"]


def test_when_all_images_have_boards(ledger: Ledger) -> None:
    ledger.assign("two", A, "p", False)
    with pytest.raises(ToolError, match="each image of batch two has its board"):
        ledger.assign("two", B, "p", False)


def test_a_board_of_another_batch(ledger: Ledger) -> None:
    ledger.assign("one", A, "p", False)
    with pytest.raises(ToolError, match="it has the image of a, of batch one") as caught:
        ledger.assign("two", A, "p", False)
    assert "--reflash" in caught.value.advice
    assert ledger.assign("two", A, "p", True) == Assignment("c")
    assert ledger.assign("two", A, "p", False) == Assignment("c")
    assert ledger.assign("one", B, "p", False) == Assignment("b")
    with pytest.raises(ToolError, match="each image"):  # the retired one is not used again
        ledger.assign("one", C, "p", False)
    states = {each["device"]: each["state"] for each in ledger.boards(None)}
    assert states == {"a": "retired", "b": "assigned", "c": "assigned"}


def test_a_board_cannot_go_on_with_what_is_not_its(ledger: Ledger) -> None:
    ledger.assign("one", A, "p", False)
    with pytest.raises(ToolError, match="the image of a is not that of board"):
        ledger.advance("a", B, "p", State.VERIFIED)


def test_the_file_itself_forbids_what_must_not_happen(ledger: Ledger, tmp_path: Path) -> None:
    ledger.assign("one", A, "p", False)
    for statement in (
        f"INSERT INTO assignment VALUES ('a', '{B}', 'assigned')",
        f"INSERT INTO assignment VALUES ('b', '{A}', 'assigned')",
        f"INSERT INTO assignment VALUES ('nobody', '{C}', 'assigned')",
        f"INSERT INTO assignment VALUES ('b', '{C}', 'done')",
        "INSERT INTO device VALUES ('a', 'two', 9)",
        "INSERT INTO credential VALUES ('user', 'of a', 'b')",
        "DELETE FROM batch WHERE name = 'one'",
        "UPDATE event SET board = 'x'",
        "DELETE FROM event",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            raw(tmp_path).execute(statement)


def test_events_tell_the_whole_story(ledger: Ledger, tmp_path: Path) -> None:
    ledger.assign("one", A, "p1", False)
    ledger.advance("a", A, "p1", State.WRITTEN)
    ledger.advance("a", A, "p1", State.VERIFIED)
    ledger.assign("two", A, "p2", True)
    events = raw(tmp_path).execute("SELECT device, board, port, state FROM event").fetchall()
    assert events == [
        ("a", A, "p1", "assigned"),
        ("a", A, "p1", "written"),
        ("a", A, "p1", "verified"),
        ("a", A, "p2", "retired"),
        ("c", A, "p2", "assigned"),
    ]


def test_many_stations_at_once(tmp_path: Path) -> None:
    names = [f"d{number}" for number in range(40)]
    with Ledger(tmp_path / "ledger.db", create=True) as book:
        book.register("all", "d", "seed", entries(*names), replace=False)

    def station(number: int) -> list[str]:
        with Ledger(tmp_path / "ledger.db") as book:
            return [book.assign("all", f"board {number}.{each}", "p", False).device for each in range(10)]

    with ThreadPoolExecutor(4) as pool:
        given = [device for devices in pool.map(station, range(4)) for device in devices]
    assert sorted(given) == sorted(names)


def test_a_batch_is_all_or_nothing(ledger: Ledger) -> None:
    with pytest.raises(ToolError, match="device c is there already, in batch two"):
        ledger.register("three", "d3", "seed", entries("x", "c"), replace=False)
    assert [each["batch"] for each in ledger.batches()] == ["one", "two"]
    with pytest.raises(ToolError, match="devices x and y have the same access token or user name"):
        ledger.register("three", "d3", "seed", [Entry("x", {"user": "1"}), Entry("y", {"user": "1"})], replace=False)
    assert ledger.register("three", "d3", "seed", [Entry("x", {"user": "1"}), Entry("y", {"client": "1"})], False)


def test_a_batch_of_which_a_board_has_an_image_stays(ledger: Ledger) -> None:
    assert not ledger.register("one", "d1", "seed", entries("a", "b"), replace=False)
    with pytest.raises(ToolError, match="of something else before"):
        ledger.register("one", "other", "seed", entries("a"), replace=False)
    ledger.assign("one", A, "p", False)
    with pytest.raises(ToolError, match="boards have 1 of its images"):
        ledger.register("one", "other", "seed", entries("a"), replace=True)
    assert ledger.digest("one") == "d1"
    assert ledger.register("two", "other", "seed", entries("d"), replace=True)
    assert ledger.assign("two", B, "p", False) == Assignment("d")


def test_a_file_that_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="there is no ledger"):
        Ledger(tmp_path / "none.db")
    (tmp_path / "text").write_text("no database, and longer than its header: " + "x" * 100)
    with pytest.raises(ToolError, match="is no ledger"):
        Ledger(tmp_path / "text")
    newer = sqlite3.connect(tmp_path / "newer.db")
    newer.execute("PRAGMA user_version = 2")
    newer.close()
    with pytest.raises(ToolError, match="it has version 2, and this program knows 1"):
        Ledger(tmp_path / "newer.db")


@pytest.mark.usefixtures("ledger")
def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "ledger.db").stat().st_mode) == 0o600
