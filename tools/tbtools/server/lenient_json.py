"""JSON as Gson's lenient reader takes it, which is what ThingsBoard parses a device's payload with (contract 3.2)."""

import json
import re
from typing import Any

_DEPTH_MAX = 255
_NON_EXECUTE_PREFIX = ")]}'\n"
_LITERAL = re.compile(r"[^/\\;#={}\[\]:, \t\f\r\n]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SPACE = re.compile(r"(?:[ \t\r\n]|//[^\r\n]*|#[^\r\n]*|/\*.*?\*/)*", re.DOTALL)
_ESCAPES = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", "\n": "\n", "'": "'", '"': '"', "\\": "\\", "/": "/"}
_KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class InvalidJson(ValueError):
    """Not even lenient JSON."""


class Number(str):
    """A JSON number as it was written: the spelling decides whether ThingsBoard stores a long or a double."""

    __slots__ = ()


def parse(payload: bytes) -> Any:
    """Return None, bool, Number, str, list or dict; an empty payload is None. Raises InvalidJson."""
    text = payload.decode("utf-8", "replace").removeprefix("\ufeff")
    try:
        return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=str)
    except ValueError:
        return _Lenient(text).document()
    except RecursionError as error:
        raise InvalidJson("nested too deeply") from error


class _Lenient:
    """A recursive-descent reader for what strict JSON refused."""

    def __init__(self, text: str) -> None:
        self._text = text.removeprefix(_NON_EXECUTE_PREFIX)
        self._at = 0

    def document(self) -> Any:
        if self._peek() == "":
            return None
        value = self._value(0)
        if self._peek():
            raise self._error("trailing garbage")
        return value

    def _value(self, depth: int) -> Any:
        if depth > _DEPTH_MAX:
            raise self._error("nested too deeply")
        start = self._peek()
        if start == "{":
            return self._object(depth)
        if start == "[":
            return self._array(depth)
        if start in ('"', "'"):
            return self._quoted()
        literal = self._literal()
        if literal.lower() in _KEYWORDS:
            return _KEYWORDS[literal.lower()]
        return Number(literal) if _NUMBER.fullmatch(literal) else literal

    def _object(self, depth: int) -> dict[str, Any]:
        self._at += 1
        found: dict[str, Any] = {}
        if self._take("}"):
            return found
        while True:
            name = self._quoted() if self._peek() in ('"', "'") else self._literal()
            if self._take("="):
                if self._at < len(self._text) and self._text[self._at] == ">":
                    self._at += 1
            elif not self._take(":"):
                raise self._error("expected ':'")
            found[name] = self._value(depth + 1)
            if self._take("}"):
                return found
            if not self._take(",;"):
                raise self._error("unterminated object")

    def _array(self, depth: int) -> list[Any]:
        self._at += 1
        found: list[Any] = []
        if self._take("]"):
            return found
        while True:
            empty = self._peek() in (",", ";", "]")
            found.append(None if empty else self._value(depth + 1))
            if self._take("]"):
                return found
            if not self._take(",;"):
                raise self._error("unterminated array")

    def _quoted(self) -> str:
        quote = self._text[self._at]
        self._at += 1
        parts: list[str] = []
        while True:
            if self._at >= len(self._text):
                raise self._error("unterminated string")
            char = self._text[self._at]
            self._at += 1
            if char == quote:
                return _join_surrogates("".join(parts))
            parts.append(self._escape() if char == "\\" else char)

    def _escape(self) -> str:
        char = self._text[self._at : self._at + 1]
        self._at += 1
        if char == "u":
            digits = self._text[self._at : self._at + 4]
            self._at += 4
            if not re.fullmatch(r"[0-9a-fA-F]{4}", digits):
                raise self._error("bad \\u escape")
            return chr(int(digits, 16))
        if char not in _ESCAPES:
            raise self._error("bad escape")
        return _ESCAPES[char]

    def _literal(self) -> str:
        match = _LITERAL.match(self._text, self._at)
        if match is None:
            raise self._error("expected a value")
        self._at = match.end()
        return match[0]

    def _peek(self) -> str:
        match = _SPACE.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return self._text[self._at : self._at + 1]

    def _take(self, chars: str) -> bool:
        found = self._peek()
        if not found or found not in chars:
            return False
        self._at += 1
        return True

    def _error(self, what: str) -> InvalidJson:
        return InvalidJson(f"{what} at character {self._at}")


def _join_surrogates(text: str) -> str:
    r"""Make one character of each surrogate pair that two \\u escapes spelled; a lone half stays."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
