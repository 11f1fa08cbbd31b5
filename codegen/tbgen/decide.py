"""From what the user wrote to what the templates print: all that takes thought about more than one value."""

from __future__ import annotations

import re
import textwrap

from tbgen import ir, schema
from tbgen.encoding import Encoding, encoding_of
from tbgen.filters import c_str, json_text
from tbgen.home import PROJECT, Home
from tbgen.literals import plain
from tbgen.load import Document, KeyPath, dotted
from tbgen.names import is_reserved, upper, words
from tbgen.protocol import Limit, Protocol, Text
from tbgen.provisioning import decide_provisioning
from tbgen.server import decide_server

DOC_WIDTH = 100
SHORT_SAMPLE_MAX = 100
LOG_KEYS_MAX = 200
PUBLISH_OVERHEAD = 4
"""Bytes of a PUBLISH with QoS 1 that count, beside topic and payload: the topic's length and the packet id."""

_DROPPED = re.compile(r"\{\{|<[A-Za-z!]")
"""What ThingsBoard takes for a template or for markup in a key (contract 3.2)."""


def decide(document: Document, model: schema.Model, protocol: Protocol, source: str, home: Home = PROJECT) -> ir.Device:
    """Return the device that *model* describes; *source* is the model's path inside its *home*."""
    _Names(document).claim(model.name, ("name",))
    members = _Names(document)
    keys = _Keys(document)
    telemetry = []
    for index, item in enumerate(model.telemetry):
        path: KeyPath = ("telemetry", index)
        members.claim(item.name, (*path, "name"))
        members.claim(f"has_{item.name}", (*path, "name"))
        keys.claim(item.key if item.key is not None else item.name, (*path, "key"))
        telemetry.append(_item(item, encoding_of(document, path, item)))
    telemetry_max = sum(1 + len(item.wire_key.encode()) + item.json_max for item in telemetry) + len("}")
    _check_packet(document, telemetry_max, protocol)
    sample = "{" + ",".join(item.wire_key + item.json_example for item in telemetry) + "}"
    title, description = (model.title or "").strip() or model.name, (model.description or "").strip()
    return ir.Device(
        name=model.name,
        title=title,
        description=description,
        c_tag=f"{upper(model.name)}_MAIN",
        source=source,
        home=home,
        digest=document.digest,
        provisioning=decide_provisioning(document, model.provisioning, protocol),
        telemetry=tuple(telemetry),
        telemetry_max=telemetry_max,
        telemetry_topic=protocol.topics["telemetry"].text,
        sample=sample,
        short_sample=sample if len(sample) <= SHORT_SAMPLE_MAX else f"{sample[:SHORT_SAMPLE_MAX]}...",
        log_keys=_log_keys(telemetry),
        server=decide_server(model, telemetry, (title, description), source),
        protocol=_macros(protocol),
    )


class _Names:
    """The C identifiers of one scope."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._owners: dict[str, KeyPath] = {}

    def claim(self, identifier: str, path: KeyPath) -> None:
        if is_reserved(identifier):
            problem = f"`{identifier}` is reserved in C or C++"
            raise self._document.error(path, problem, "any name that is not a word of the language or its library")
        if identifier in self._owners:
            owner = self._owners[identifier]
            problem = f"gives the C name `{identifier}`, as {dotted(owner)} in line {self._document.where(owner).line}"
            raise self._document.error(path, problem, "each name once, and `x` also takes `has_x`")
        self._owners[identifier] = path


class _Keys:
    """The keys on the wire."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._owners: dict[str, KeyPath] = {}

    def claim(self, key: str, path: KeyPath) -> None:
        size = len(key.encode())
        allowed = f"any text, 1 to {schema.KEY_MAX_BYTES} bytes"
        if not key.strip():
            raise self._document.error(path, "is blank", allowed)
        if size > schema.KEY_MAX_BYTES:
            raise self._document.error(path, f"has {size} bytes in UTF-8", allowed)
        dropped = _DROPPED.search(key)
        if dropped:
            raise self._document.error(
                path, f"holds `{dropped[0]}`: ThingsBoard would drop the value", "any other text"
            )
        if key in self._owners:
            owner = self._owners[key]
            problem = f"{json_text(key)} is the key of {dotted(owner)}, too, in line {self._document.where(owner).line}"
            raise self._document.error(path, problem, "each key once")
        self._owners[key] = path


def _item(item: schema.TelemetryItem, encoding: Encoding) -> ir.TelemetryItem:
    key = item.key if item.key is not None else item.name
    unit, value_range = (item.unit or "").strip(), _range(item)
    description = (item.description or "").strip() or _sentence(words(item.name))
    facts = ", ".join(fact for fact in (f"unit: {unit}" if unit else "", value_range) if fact)
    doc = f"{_sentence(description)} {_sentence(facts)}"
    return ir.TelemetryItem(
        name=item.name,
        key=key,
        type=item.type,
        unit=unit,
        range=value_range,
        decimals=str(getattr(item, "decimals", "")),
        description=description,
        doc=tuple(textwrap.wrap(doc, DOC_WIDTH)),
        c_type=encoding.c_type,
        c_literal=encoding.c_literal,
        c_put=encoding.c_put,
        c_max=encoding.c_max,
        max_len=encoding.max_len,
        can_fail=encoding.can_fail,
        wire_key=f"{json_text(key)}:",
        json_max=encoding.json_max,
        json_example=encoding.json_example,
    )


def _sentence(text: str) -> str:
    """Return *text* with a capital and a full stop, or nothing for nothing."""
    return text[:1].upper() + text[1:] + ("" if text[-1:] in (*".!?", "") else ".")


def _range(item: schema.TelemetryItem) -> str:
    if isinstance(item, schema.StringItem):
        return f"at most {item.max_len} bytes"
    if isinstance(item, schema.BoolItem):
        return ""
    low = None if item.min is None else plain(item.min)
    high = None if item.max is None else plain(item.max)
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None:
        return f"at least {low}"
    return f"at most {high}" if high is not None else ""


def _log_keys(items: list[ir.TelemetryItem]) -> str:
    keys = ", ".join(json_text(item.key)[1:-1] for item in items)
    return keys if len(keys) <= LOG_KEYS_MAX else f"{len(items)} values"


def _check_packet(document: Document, telemetry_max: int, protocol: Protocol) -> None:
    limit = protocol.limits["packet"].value - PUBLISH_OVERHEAD - len(protocol.topics["telemetry"].text)
    if telemetry_max > limit:
        problem = f"one sample may take {telemetry_max} bytes, more than ThingsBoard accepts"
        raise document.error(("telemetry",), problem, f"at most {limit}: fewer items, or a smaller max_len")


def _macros(protocol: Protocol) -> tuple[ir.MacroGroup, ...]:
    return (
        _group("Topics", "TB_TOPIC_{}", protocol.topics),
        _group("User names of sessions without credentials", "TB_{}_USERNAME", protocol.usernames),
        _group("JSON keys", "TB_KEY_{}", protocol.keys),
        _group("JSON words", "TB_WORD_{}", protocol.words),
        _group("Longest values, in bytes", "TB_LIMIT_{}", protocol.limits),
    )


def _group(title: str, pattern: str, entries: dict[str, Text] | dict[str, Limit]) -> ir.MacroGroup:
    definitions = [
        (pattern.format(upper(name)), c_str(entry.text) if isinstance(entry, Text) else str(entry.value), entry.source)
        for name, entry in entries.items()
    ]
    width = max(len(f"{c_name} {literal}") for c_name, literal, _ in definitions)
    macros = (ir.Macro(f"{c_name} {literal}".ljust(width), source) for c_name, literal, source in definitions)
    return ir.MacroGroup(title, tuple(macros))
