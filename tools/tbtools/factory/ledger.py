"""The ledger: which devices were made, in which batch, and which board has which image. One for all batches.

An SQLite file, durable at each step, for any number of processes on one computer. It holds no secret. What must not
happen is forbidden by its own constraints: a name or credentials that two devices share, an image on two boards, a
board with two images in use. Its table `event` only grows.
"""

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any

from tbtools.console import ToolError
from tbtools.factory.files import FILE_MODE, make_folder

_VERSION = 1
_PATIENCE_S = 30.0
_SCHEMA = """
CREATE TABLE about (seed TEXT NOT NULL);
CREATE TABLE batch (name TEXT PRIMARY KEY, digest TEXT NOT NULL);
CREATE TABLE device (
    name TEXT PRIMARY KEY,
    batch TEXT NOT NULL REFERENCES batch (name) ON DELETE CASCADE,
    position INTEGER NOT NULL
);
CREATE TABLE credential (
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    device TEXT NOT NULL REFERENCES device (name) ON DELETE CASCADE,
    PRIMARY KEY (kind, fingerprint)
);
CREATE TABLE assignment (
    device TEXT PRIMARY KEY REFERENCES device (name),
    board TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('assigned', 'written', 'verified', 'retired'))
);
CREATE UNIQUE INDEX one_image_of_a_board ON assignment (board) WHERE state != 'retired';
CREATE TABLE event (
    at TEXT NOT NULL, device TEXT NOT NULL, board TEXT NOT NULL, port TEXT NOT NULL, state TEXT NOT NULL
);
CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE (ABORT, 'an event stays as it is'); END;
CREATE TRIGGER event_remains BEFORE DELETE ON event BEGIN SELECT RAISE (ABORT, 'an event stays as it is'); END;
"""


class State(str, Enum):
    """How far an image has come on its board; a retired one is on none any more, and is never used again."""

    ASSIGNED = "assigned"
    WRITTEN = "written"
    VERIFIED = "verified"
    RETIRED = "retired"


@dataclass(frozen=True)
class Entry:
    """A device as it is made: its name, and fingerprints of its credentials by what they have to be unique among."""

    name: str
    fingerprints: Mapping[str, str]


@dataclass(frozen=True)
class Assignment:
    """The image of *device* belongs to a board; *done* when it is there already, verified."""

    device: str
    done: bool = False


class Ledger:
    """The ledger in *file*; for one thread."""

    def __init__(self, file: Path, create: bool = False) -> None:
        if create and not file.exists():
            make_folder(file.parent)
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, FILE_MODE))
        if not file.is_file():
            raise ToolError(f"there is no ledger {file}", "`tb.py factory make` begins one; --ledger names another.")
        self._db = sqlite3.connect(file, timeout=_PATIENCE_S, isolation_level=None)
        try:
            self._db.execute("PRAGMA foreign_keys = ON")
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise ToolError(f"{file} is no ledger: {error}") from error

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _prepare(self) -> None:
        with self._transaction():
            (version,) = self._one("PRAGMA user_version")
            if version == 0:
                for statement in _statements(_SCHEMA):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise sqlite3.DatabaseError(f"it has version {version}, and this program knows {_VERSION}")

    # -- making

    def seed_id(self) -> str | None:
        """The id of the seed that it was begun with."""
        row = self._db.execute("SELECT seed FROM about").fetchone()
        return str(row[0]) if row else None

    def register(self, batch: str, digest: str, seed_id: str, entries: Sequence[Entry], replace: bool) -> bool:
        """Enter a batch, all or nothing. Returns False when it is there, just so, already.

        With *replace*, another batch of that name is struck out, unless a board has an image of it.
        """
        with self._transaction():
            known = self._db.execute("SELECT digest FROM batch WHERE name = ?", (batch,)).fetchone()
            if known == (digest,):
                return False
            if known is not None:
                self._strike_out(batch, replace)
            if self.seed_id() is None:
                self._db.execute("INSERT INTO about VALUES (?)", (seed_id,))
            elif self.seed_id() != seed_id:
                raise ToolError("the ledger was begun with another seed", "Use that seed, or another --ledger.")
            self._db.execute("INSERT INTO batch VALUES (?, ?)", (batch, digest))
            for position, entry in enumerate(entries):
                self._enter(batch, position, entry)
        return True

    def digest(self, batch: str) -> str:
        """The digest of a batch as it was entered."""
        row = self._db.execute("SELECT digest FROM batch WHERE name = ?", (batch,)).fetchone()
        if row is None:
            raise ToolError(
                f"the ledger knows no batch {batch}", "Is it the ledger with which the batch was made? See --ledger."
            )
        return str(row[0])

    def _strike_out(self, batch: str, replace: bool) -> None:
        sql = "SELECT count(*) FROM assignment JOIN device ON device = name WHERE batch = ?"
        (used,) = self._one(sql, batch)
        if used:
            raise ToolError(
                f"batch {batch} was made of something else before, and boards have {used} of its images",
                "Make a batch of another name: --out.",
            )
        if not replace:
            raise ToolError(
                f"batch {batch} was made of something else before",
                "Make one of another name (--out), or, if that one is not needed, --replace it.",
            )
        self._db.execute("DELETE FROM batch WHERE name = ?", (batch,))

    def _enter(self, batch: str, position: int, entry: Entry) -> None:
        other = self._db.execute("SELECT batch FROM device WHERE name = ?", (entry.name,)).fetchone()
        if other:
            raise ToolError(f"device {entry.name} is there already, in batch {other[0]}", "Each name is used once.")
        self._db.execute("INSERT INTO device VALUES (?, ?, ?)", (entry.name, batch, position))
        for kind, fingerprint in entry.fingerprints.items():
            sql = "SELECT device FROM credential WHERE kind = ? AND fingerprint = ?"
            owner = self._db.execute(sql, (kind, fingerprint)).fetchone()
            if owner:
                raise ToolError(f"devices {owner[0]} and {entry.name} have the same {_KIND_NAMES.get(kind, kind)}")
            self._db.execute("INSERT INTO credential VALUES (?, ?, ?)", (kind, fingerprint, entry.name))

    # -- flashing

    def assign(self, batch: str, board: str, port: str, reflash: bool) -> Assignment:
        """The image of *batch* that *board* gets: the one that it has, or else the next that no board has.

        With *reflash*, one that is done is done again, and a board with an image of another batch gets a new one; the
        other is retired.
        """
        with self._transaction():
            sql = (
                "SELECT device, batch, state FROM assignment JOIN device ON device = name"
                " WHERE board = ? AND state != 'retired'"
            )
            row = self._db.execute(sql, (board,)).fetchone()
            if row is None:
                return self._assign_next(batch, board, port)
            device, its_batch, state = row
            if its_batch != batch:
                if not reflash:
                    raise ToolError(
                        f"it has the image of {device}, of batch {its_batch}",
                        f"--reflash gives it one of {batch}, and that of {device} is never used again.",
                    )
                self._set_state(device, board, port, State.RETIRED)
                return self._assign_next(batch, board, port)
            if state == State.VERIFIED.value and not reflash:
                return Assignment(device, done=True)
            self._set_state(device, board, port, State.ASSIGNED)
            return Assignment(device)

    def advance(self, device: str, board: str, port: str, state: State) -> None:
        """Note that the image of *device* has come to *state* on *board*."""
        with self._transaction():
            self._set_state(device, board, port, state)

    def _assign_next(self, batch: str, board: str, port: str) -> Assignment:
        sql = (
            "SELECT name FROM device WHERE batch = ? AND name NOT IN (SELECT device FROM assignment)"
            " ORDER BY position LIMIT 1"
        )
        row = self._db.execute(sql, (batch,)).fetchone()
        if row is None:
            raise ToolError(f"each image of batch {batch} has its board")
        self._db.execute("INSERT INTO assignment VALUES (?, ?, ?)", (row[0], board, State.ASSIGNED.value))
        self._note(row[0], board, port, State.ASSIGNED)
        return Assignment(row[0])

    def _set_state(self, device: str, board: str, port: str, state: State) -> None:
        sql = "UPDATE assignment SET state = ? WHERE device = ? AND board = ?"
        if self._db.execute(sql, (state.value, device, board)).rowcount != 1:
            raise ToolError(f"the image of {device} is not that of board {board}")
        self._note(device, board, port, state)

    def _note(self, device: str, board: str, port: str, state: State) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._db.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (now, device, board, port, state.value))

    # -- reading

    def batches(self) -> list[dict[str, Any]]:
        """Each batch with the number of its devices, and how many are in which state."""
        sql = (
            "SELECT batch, count(*), sum(state IS NULL), "
            + ", ".join(f"sum(state IS '{state.value}')" for state in State)
            + " FROM device LEFT JOIN assignment ON device = name GROUP BY batch ORDER BY batch"
        )
        heads = ("batch", "devices", "free", *(state.value for state in State))
        return [dict(zip(heads, row, strict=True)) for row in self._db.execute(sql)]

    def boards(self, batch: str | None) -> list[dict[str, Any]]:
        """Each image that has a board, of one batch or of all, with the time of its last event."""
        sql = (
            "SELECT batch, name, assignment.board, assignment.state, max(at) FROM assignment"
            " JOIN device ON assignment.device = name"
            " JOIN event ON event.device = name AND event.board = assignment.board"
            " WHERE ? IS NULL OR batch = ? GROUP BY name ORDER BY batch, position"
        )
        heads = ("batch", "device", "board", "state", "at")
        return [dict(zip(heads, row, strict=True)) for row in self._db.execute(sql, (batch, batch))]

    # -- inside

    def _one(self, sql: str, *values: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._db.execute(sql, values).fetchone()
        return row

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


_KIND_NAMES = {"user": "access token or user name", "client": "client id"}


def _statements(script: str) -> Iterator[str]:
    """The statements of *script* one by one, as executescript() would end the transaction."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
