"""Holds a document against a pydantic class, and turns pydantic's findings into one sentence for the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, core_schema

from tbgen.errors import ModelError
from tbgen.load import Document, KeyPath
from tbgen.names import NAME_RULE, nearest

M = TypeVar("M", bound=BaseModel)

SHOWN_MAX = 40


def validate(document: Document, shape: type[M]) -> M:
    """Return *document* as an instance of *shape*; raise ModelError for the wrong value that comes first.

    What is missing comes after what is wrong: most missing keys are there, but misspelt.
    """
    try:
        return shape.model_validate(document.data)
    except ValidationError as found:
        wrong = [details for details in found.errors() if details["type"] != "missing"]
        errors = [_explain(document, shape, details) for details in wrong or found.errors()]
        raise min(errors, key=lambda error: error.where.line) from None


class _Schema(GenerateJsonSchema):
    """An option that is left out is absent, never null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def json_schema(shape: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of *shape*, for editors."""
    return shape.model_json_schema(schema_generator=_Schema)


def _explain(document: Document, shape: type[BaseModel], details: ErrorDetails) -> ModelError:
    schema = json_schema(shape)
    kind, loc = details["type"], details["loc"]
    path = _document_path(loc, document.data)
    if kind.startswith("union_tag"):  # the discriminator of an item is missing or unknown
        node = _node(schema, loc)
        field, allowed = node["discriminator"]["propertyName"], list(node["discriminator"]["mapping"])
        given = details["input"].get(field) if isinstance(details["input"], dict) else None
        problem = "is missing" if given is None else f"{_shown(given)} is not allowed"
        hint = nearest(given, allowed) if isinstance(given, str) else ""
        return document.error((*path, field), problem, f"{hint}allowed: {', '.join(allowed)}")
    if loc[-1:] == ("[key]",):  # a key that the user may choose, but not as he did
        return document.error(path[:-1], f"{_shown(details['input'])} is no usable key", NAME_RULE)
    if kind == "extra_forbidden":
        allowed = list(_node(schema, loc[:-1])["properties"])
        hint = nearest(str(loc[-1]), allowed)
        return document.error(path, "unknown key", f"{hint}allowed: {', '.join(allowed)}")
    rule = _rule(_node(schema, loc, resolve=False), _node(schema, loc))
    if kind == "missing":
        return document.error(path, "is missing", rule)
    return document.error(path, _PROBLEMS.get(kind, _not_allowed)(details), rule)


def _document_path(loc: tuple[int | str, ...], data: Any) -> KeyPath:
    """Drop from pydantic's *loc* the names of union members, which no document contains."""
    path: list[int | str] = []
    for part in loc:
        if path and isinstance(path[-1], int) and isinstance(data, dict) and data.get("type") == part:
            continue
        path.append(part)
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            data = None
    return tuple(path)


def _node(schema: dict[str, Any], loc: tuple[int | str, ...], resolve: bool = True) -> dict[str, Any]:
    """Return what *schema* says about the value at *loc*."""
    node = schema
    for part in loc:
        node = _resolved(schema, node)
        if isinstance(part, int):
            node = node["items"]
        elif "discriminator" in node:
            node = {"$ref": node["discriminator"]["mapping"][part]}
        elif "properties" in node:
            node = node["properties"][part]
        else:
            node = next(iter(node["patternProperties"].values()))
    return _resolved(schema, node) if resolve else node


def _rule(field: dict[str, Any], node: dict[str, Any]) -> str:
    """Return what is allowed for a *field* that holds a *node*."""
    if "properties" in node:
        return f"a mapping with the keys {', '.join(node['properties'])}"
    if "discriminator" in node:
        return "a mapping with the keys name, type and more"
    rule: str = field["description"]
    return f"{rule}, {node['minimum']} to {node['maximum']}" if "minimum" in node and "maximum" in node else rule


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def _shown(value: object) -> str:
    """Return *value* as the user may recognise it.

    >>> _shown(True), _shown("25"), _shown([1, 2])
    ('true', "text '25'", 'a list')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        shown = value if len(value) <= SHOWN_MAX else f"{value[:SHOWN_MAX]}..."
        return f"text {shown!r}"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**SHOWN_MAX else "a number of many digits"
    if isinstance(value, float):
        return str(value)
    return "a list" if isinstance(value, list) else "a mapping"


def _not_allowed(details: ErrorDetails) -> str:
    return f"{_shown(details['input'])} is not allowed"


def _length(details: ErrorDetails) -> str:
    return f"has {details['ctx']['actual_length']}"


def _characters(details: ErrorDetails) -> str:
    return f"has {len(details['input'])} characters"


_PROBLEMS: dict[str, Callable[[ErrorDetails], str]] = {
    "too_long": _length,
    "too_short": _length,
    "string_too_long": _characters,
    "string_too_short": _characters,
}
