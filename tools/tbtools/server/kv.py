"""From JSON to the typed values ThingsBoard stores: long, double, boolean, string, JSON (contract 3.2)."""

import json
import math
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from tbtools.server.lenient_json import Number
from tbtools.server.settings import Settings

KEY_LENGTH_MAX = 255
INT64 = range(-(2**63), 2**63)
_DECIMALS_MAX = 16
_PLAIN_DIGITS_MAX = 400
_PARSABLE = re.compile(r"-?[0-9]*\.?[0-9]+")
_HTML_OR_TEMPLATE = re.compile(r"<[A-Za-z/!?]|\{\{.*\}\}", re.DOTALL)

Value = bool | int | float | str | dict[str, Any] | list[Any]


class InvalidData(ValueError):
    """The payload is JSON, but not in a shape that may be stored."""


def values_of(body: dict[str, Any], settings: Settings) -> dict[str, Value]:
    """Type each value of a JSON object; null is skipped. Raises InvalidData for a string over the limit."""
    return {key: _value_of(value, settings) for key, value in body.items() if value is not None}


def storable(values: dict[str, Value]) -> bool:
    """Whether the store takes all keys; it checks after the PUBACK, and drops the whole batch in silence."""
    return all(key.strip() and len(key) <= KEY_LENGTH_MAX and not looks_like_markup(key) for key in values)


def looks_like_markup(text: str) -> bool:
    """Whether *text* would fail ThingsBoard's guard against HTML and templates in names."""
    return _HTML_OR_TEMPLATE.search(text) is not None


def plain(value: Any) -> Any:
    """Replace Number by int or float throughout; a number no double can hold stays text."""
    if isinstance(value, Number):
        number = int(value) if value.lstrip("-").isdecimal() and len(value) <= _PLAIN_DIGITS_MAX else float(value)
        return str(value) if isinstance(number, float) and not math.isfinite(number) else number
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


def as_text(value: Value) -> str:
    """The string that the REST API shows for *value* unless strict types are asked for."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else compact(value)


def compact(value: Any) -> str:
    """JSON without spaces, as ThingsBoard sends it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8; half a surrogate pair becomes "?", as in Java."""
    return compact(value).encode("utf-8", "replace")


def _value_of(value: Any, settings: Settings) -> Value:
    if isinstance(value, bool):
        return value
    if isinstance(value, Number):
        return _number_of(value, settings)
    if isinstance(value, str):
        return _string_of(value, settings)
    result: Value = plain(value)
    return result


def _string_of(text: str, settings: Settings) -> Value:
    if 0 < settings.max_string_value_length < len(text):
        raise InvalidData("string value is too long")
    if settings.type_cast and _PARSABLE.fullmatch(text):
        return _number_of(text, settings)
    return text


def _number_of(text: str, settings: Settings) -> Value:
    """An integer without "." is a long, other numbers are doubles, what fits neither becomes a string."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise InvalidData("exponent of a number is out of range") from error
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        return str(text)
    simple_double = "." in text and "e" not in text.lower()
    if not simple_double and number.adjusted() < _PLAIN_DIGITS_MAX and (exponent >= 0 or number == int(number)):
        if int(number) in INT64:
            return int(number)
    elif -exponent <= _DECIMALS_MAX and math.isfinite(float(number)):
        return float(number)
    if not settings.type_cast:
        raise InvalidData("number does not fit in 64 bits")
    return format(number, "f") if abs(number.adjusted()) < _PLAIN_DIGITS_MAX else str(text)
