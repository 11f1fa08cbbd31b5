"""YAML into plain data that remembers its lines.

A model is data from elsewhere, so only the tree-shaped core of YAML 1.2 is accepted: one document, no anchors or
aliases (no alias bomb), no tags (no Python objects), bounded size and depth.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from tbgen.errors import GenError, ModelError, Where

MAX_BYTES = 1 << 20
MAX_DEPTH = 16
MAX_DIGITS = 400
LEGAL_CONTROLS = "\t\n\r"

KeyPath = tuple[str | int, ...]
"""Where a value stands in the tree: ("telemetry", 1, "decimals")."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its data (dict, list, str, int, float, bool) and the line of each part of it."""

    file: str
    digest: str
    data: Any
    lines: dict[KeyPath, int]

    def where(self, path: KeyPath) -> Where:
        """Return the line of *path*, or of what it would stand in if it is missing."""
        while path not in self.lines:
            path = path[:-1]
        return Where(self.file, self.lines[path])

    def error(self, path: KeyPath, problem: str, allowed: str) -> ModelError:
        """Return the error to raise for the value at *path*."""
        return ModelError(self.where(path), dotted(path), problem, allowed)


def dotted(path: KeyPath) -> str:
    """Return *path* as a person writes it.

    >>> dotted(("telemetry", 1, "decimals"))
    'telemetry[1].decimals'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def load(path: Path, shown_as: str | None = None) -> Document:
    """Read the YAML file *path*; errors name it *shown_as*."""
    file = shown_as or str(path)
    content = _read(path, file)
    text = _decode(content, file)
    builder = _Builder(file)
    data = builder.build(text)
    return Document(file, hashlib.sha256(content).hexdigest(), data, builder.lines)


def _read(path: Path, file: str) -> bytes:
    try:
        if path.is_dir():
            raise GenError(f"{file}: is a directory; a model is one YAML file")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise GenError(f"{file}: no such file; a model is one YAML file") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise GenError(f"{file}: cannot be read: {reason}; a model is one YAML file") from None
    if len(content) > MAX_BYTES:
        raise ModelError(Where(file, 1), "", "the file is too big", f"at most {MAX_BYTES} bytes")
    return content


def _decode(content: bytes, file: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"byte 0x{content[error.start]:02X} is not UTF-8"
        raise ModelError(Where(file, line), "", problem, "save the file as UTF-8") from None
    bad = illegal_character(text)
    if bad is not None:
        line = text.count("\n", 0, text.index(bad)) + 1
        raise ModelError(Where(file, line), "", f"control character U+{ord(bad):04X}", "tab and newline only")
    return text


def illegal_character(text: str) -> str | None:
    r"""Return the first character of *text* that no text of a model may hold: control characters and surrogates.

    >>> illegal_character("tab\t and\nnewline are legal") is None
    True
    >>> illegal_character("bell\a")
    '\x07'
    """
    if text.isprintable():
        return None
    return next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in LEGAL_CONTROLS), None)


class _Builder:
    """Builds plain data out of parser events, noting the line of each value."""

    def __init__(self, file: str) -> None:
        self.lines: dict[KeyPath, int] = {(): 1}
        self._file = file
        self._line = 1  # where the last event ended
        self._events: Iterator[Event] = iter(())

    def build(self, text: str) -> Any:
        yaml = YAML(typ="safe", pure=True)
        self._events = yaml.parse(text)
        try:
            self._next()  # the stream's start
            if not isinstance(self._next(), DocumentStartEvent):
                raise self._error((), "the file is empty", "a model starts with `name:`")
            data = self._value(self._next(), ())
            self._next()  # the document's end
            following = self._next()
        except YAMLError as error:
            raise self._syntax_error(error) from None
        except (ValueError, OverflowError):  # the parser makes a character or a version out of any number
            reason = "the number of a character or of a version is too large"
            raise self._not_yaml(self._line, reason) from None
        if isinstance(following, DocumentStartEvent):
            self._note((), following)
            raise self._error((), "a second document starts here", "one document per file")
        return data

    def _next(self) -> Event:
        event = next(self._events)
        self._line = event.end_mark.line + 1
        return event

    def _note(self, path: KeyPath, event: Event) -> None:
        self.lines[path] = event.start_mark.line + 1

    def _error(self, path: KeyPath, problem: str, allowed: str) -> ModelError:
        return ModelError(Where(self._file, self.lines[path]), dotted(path), problem, allowed)

    def _syntax_error(self, error: YAMLError) -> ModelError:
        line, reason = 1, "a character that YAML does not allow"
        if isinstance(error, MarkedYAMLError):
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            reason = ", ".join(part for part in (error.context, error.problem) if part)
        return self._not_yaml(line, reason)

    def _not_yaml(self, line: int, reason: str) -> ModelError:
        return ModelError(Where(self._file, line), "", f"not YAML: {reason}", "see https://yaml.org/spec/1.2.2")

    def _value(self, event: Event, path: KeyPath) -> Any:
        if path not in self.lines:
            self._note(path, event)
        assert isinstance(event, NodeEvent)
        if event.anchor is not None:  # an alias has the anchor that it points to
            raise self._error(path, "anchors and aliases are not supported", "write the value out")
        tag = getattr(event, "ctag", None)
        if tag is not None and tag.trval is not None:
            raise self._error(path, f"the tag {tag.trval} is not supported", "plain text, numbers, true, false")
        if len(path) > MAX_DEPTH:
            raise self._error(path, "nested too deeply", f"at most {MAX_DEPTH} levels")
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, ScalarEvent)
        return self._scalar(event, path)

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            line = event.start_mark.line + 1
            key = self._value(event, (*path, "?"))
            self.lines.pop((*path, "?"))
            if not isinstance(key, str):
                problem = f"the key {key!r} is not text"
                raise ModelError(Where(self._file, line), dotted(path), problem, "quote it, or see the allowed keys")
            member = (*path, key)
            if key in mapping:
                problem = f"stands twice, first in line {self.lines[member]}"
                raise ModelError(Where(self._file, line), dotted(member), problem, "each key once")
            self.lines[member] = line
            mapping[key] = self._value(self._next(), member)
        return mapping

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _scalar(self, event: ScalarEvent, path: KeyPath) -> Any:
        text: str = event.value
        bad = illegal_character(text)
        if bad is not None:
            raise self._error(path, f"control character U+{ord(bad):04X}", "text may hold tab and newline, no other")
        if event.style is not None:
            return text
        for pattern, convert in _PLAIN:
            if pattern.fullmatch(text):
                if len(text) > MAX_DIGITS:
                    raise self._error(path, "the number is too long", f"at most {MAX_DIGITS} digits")
                return convert(text)
        if _NOTHING.fullmatch(text):
            raise self._error(path, "has no value" if path else "the file is empty", "write one, or remove the key")
        return text


_NOTHING = re.compile(r"|~|null|Null|NULL")

# The core schema of YAML 1.2: `yes`, `on` and 0777 are not what they were in 1.1.
_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda text: text.lower() == "true"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"0o[0-7]+"), lambda text: int(text[2:], 8)),
    (re.compile(r"0x[0-9a-fA-F]+"), lambda text: int(text[2:], 16)),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
    (re.compile(r"[-+]?\.(inf|Inf|INF)"), lambda text: float(text.replace(".", ""))),
    (re.compile(r"\.(nan|NaN|NAN)"), lambda _: float("nan")),
)
