"""How a value of each type is declared, written and bounded in C."""

from __future__ import annotations

from dataclasses import dataclass

from tbgen import schema
from tbgen.filters import c_str, json_text
from tbgen.literals import FIXED_LIMIT, c_double, c_float, c_int, c_uint, json_fixed, plain
from tbgen.load import Document, KeyPath
from tbgen.names import upper

JSON_FIXED_MAX = 17
"""Longest text of tb_buf_put_fixed(): a sign, 15 digits and a point, or a sign and the 16 digits of 10^15."""

JSON_ESCAPE_MAX = len("\\u0000")


@dataclass(frozen=True, slots=True)
class Encoding:
    """C text and sizes for one item of telemetry."""

    c_type: str
    c_put: str
    can_fail: bool
    json_max: int
    c_literal: str
    json_example: str
    c_max: str = ""
    max_len: int = 0


def encoding_of(document: Document, path: KeyPath, item: schema.TelemetryItem) -> Encoding:
    """Return how *item* is written; raise ModelError when its numbers contradict each other."""
    value = f"telemetry->{item.name}"
    if isinstance(item, schema.BoolItem):
        word = "true" if item.example else "false"
        put = f'tb_buf_put(out, {value} ? TB_STR("true") : TB_STR("false"))'
        return Encoding("bool", put, False, len("false"), word, word)
    if isinstance(item, schema.StringItem):
        return _string(document, path, item, value)
    _check_range(document, path, item)
    if isinstance(item, schema.FixedItem):
        return _fixed(document, path, item, value)
    return _integer(item, value)


def _integer(item: schema.IntegerItem, value: str) -> Encoding:
    example = _example(item)
    text = str(example)
    match item:
        case schema.Uint32Item():
            return Encoding("uint32_t", f"tb_buf_put_uint(out, {value})", False, 10, c_uint(example), text)
        case schema.Int32Item():
            return Encoding("int32_t", f"tb_buf_put_int(out, {value})", False, 11, c_int(example), text)
        case schema.Int64Item():
            return Encoding("int64_t", f"tb_buf_put_int(out, {value})", False, 20, c_int(example), text)


def _fixed(document: Document, path: KeyPath, item: schema.FixedItem, value: str) -> Encoding:
    example = _example(item)
    limit = FIXED_LIMIT // 10**item.decimals
    if abs(example) >= limit:
        problem = f"{plain(example)} is too large to print with {item.decimals} decimals"
        raise document.error((*path, "example"), problem, f"a number between -{limit} and {limit}")
    text = json_fixed(example, item.decimals)
    if isinstance(item, schema.FloatItem):
        put = f"tb_buf_put_fixed(out, (double){value}, {item.decimals})"
        return Encoding("float", put, True, JSON_FIXED_MAX, c_float(example), text)
    put = f"tb_buf_put_fixed(out, {value}, {item.decimals})"
    return Encoding("double", put, True, JSON_FIXED_MAX, c_double(example), text)


def _string(document: Document, path: KeyPath, item: schema.StringItem, value: str) -> Encoding:
    example = item.example or ""
    size = len(example.encode())
    if size > item.max_len:
        raise document.error((*path, "example"), f"has {size} bytes in UTF-8", f"at most max_len, {item.max_len}")
    c_max = f"TB_MODEL_{upper(item.name)}_MAX_LEN"
    return Encoding(
        c_type="tb_str_t",
        c_put=f"tb_json_put_string(out, {value})",
        can_fail=True,
        json_max=len('""') + JSON_ESCAPE_MAX * item.max_len,
        c_literal=f"TB_STR({c_str(example)})",
        json_example=json_text(example),
        c_max=c_max,
        max_len=item.max_len,
    )


def _check_range(document: Document, path: KeyPath, item: schema.IntegerItem | schema.FixedItem) -> None:
    low, high, example = item.min, item.max, item.example
    if low is not None and high is not None and low > high:
        raise document.error((*path, "min"), f"{plain(low)} is above max, {plain(high)}", "min at most max")
    if example is not None and low is not None and example < low:
        raise document.error((*path, "example"), f"{plain(example)} is below min", f"at least {plain(low)}")
    if example is not None and high is not None and example > high:
        raise document.error((*path, "example"), f"{plain(example)} is above max", f"at most {plain(high)}")


def _example(item: schema.Number[schema.N]) -> schema.N:
    """Return the example, or the value nearest to 0 in the range."""
    if item.example is not None:
        return item.example
    if item.min is not None and item.min > 0:
        return item.min
    if item.max is not None and item.max < 0:
        return item.max
    return 0
