"""Bulk import of devices from CSV: POST /api/device/bulk_import (contract 9). LwM2M and SNMP are not served here."""

import csv
import io
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ValidationError

from tbtools.server import credentials as creds
from tbtools.server.core import Core
from tbtools.server.entities import StoreError
from tbtools.server.http.body import read_object
from tbtools.server.http.errors import ApiError, bad_params
from tbtools.server.http.keys import CORE
from tbtools.server.kv import INT64, Value
from tbtools.server.model import Credentials, Device, Scope, now_ms
from tbtools.server.reasons import Reason
from tbtools.server.validation import explain

_BASIC = ("MQTT_CLIENT_ID", "MQTT_USER_NAME", "MQTT_PASSWORD")
_SCOPES = {"SHARED_ATTRIBUTE": Scope.SHARED_SCOPE, "SERVER_ATTRIBUTE": Scope.SERVER_SCOPE}
_TIMESERIES = "TIMESERIES"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NO_OCTAL = re.compile(r"[+-]?0(?![0-7]*$)[0-9][^.]*")
_DECIMALS_MAX = 16
_INT64_DIGITS = 19


class _Column(BaseModel):
    type: Literal[
        "NAME",
        "TYPE",
        "LABEL",
        "DESCRIPTION",
        "IS_GATEWAY",
        "ACCESS_TOKEN",
        "X509",
        "MQTT_CLIENT_ID",
        "MQTT_USER_NAME",
        "MQTT_PASSWORD",
        "SHARED_ATTRIBUTE",
        "SERVER_ATTRIBUTE",
        "TIMESERIES",
    ]
    key: str | None = None


class _Mapping(BaseModel):
    columns: list[_Column]
    delimiter: Literal[",", ";", "|", "\t"]
    update: bool
    header: bool


class _Request(BaseModel):
    file: str
    mapping: _Mapping


@dataclass
class _Row:
    """A line of the file: what is not empty, by column type, and attributes and telemetry by type and key."""

    line: int
    fields: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, Value]] = field(default_factory=dict)


async def bulk_import(request: web.Request) -> web.Response:
    """POST /api/device/bulk_import: each line for itself, so that one wrong line costs only itself."""
    try:
        wanted = _Request.model_validate(await read_object(request))
    except ValidationError as error:
        raise bad_params(explain(error)) from error
    core = request.app[CORE]
    created = updated = 0
    errors: list[str] = []
    for row in _rows(wanted):
        old = core.store.device_by_name(row.fields.get("NAME", ""))
        try:
            device = _save(core, row.fields, old)
        except creds.InvalidCredentials as error:
            problem = f"DeviceCredentialsValidationException: Invalid device credentials: {error}"
            errors.append(f"Line {row.line}: {problem}")
        except StoreError as error:
            errors.append(f"Line {row.line}: DataValidationException: {error}")
        else:
            created, updated = created + (old is None), updated + (old is not None)
            if wanted.mapping.update or old is None:
                _save_values(device, row.values)
    return web.json_response(
        {"created": created, "updated": updated, "errors": len(errors), "errorsList": errors},
    )


def _rows(wanted: _Request) -> list[_Row]:
    mapping = wanted.mapping
    try:
        reader = csv.reader(io.StringIO(wanted.file, newline=""), delimiter=mapping.delimiter)
        records = [cells for cells in reader if cells]
    except csv.Error as error:
        raise ApiError(500, 2, str(error)) from error
    first = int(mapping.header)
    return [_row(line, cells, mapping.columns) for line, cells in enumerate(records[first:], first + 1)]


def _row(line: int, cells: list[str], columns: list[_Column]) -> _Row:
    if len(cells) > len(columns):
        raise ApiError(500, 2, f"Index {len(columns)} out of bounds for length {len(columns)}")
    row = _Row(line)
    for column, cell in zip(columns, cells, strict=False):
        if cell and (column.type in _SCOPES or column.type == _TIMESERIES):
            row.values.setdefault(column.type, {})[column.key or ""] = _cast(cell)
        elif cell:
            row.fields[column.type] = cell
    return row


def _save(core: Core, fields: dict[str, str], old: Device | None) -> Device:
    credentials = _credentials(fields)
    store = core.store
    information = dict((old.document if old else {}).get("additionalInfo") or {})
    if "DESCRIPTION" in fields:
        information["description"] = fields["DESCRIPTION"]
    if "IS_GATEWAY" in fields:
        information["gateway"] = fields["IS_GATEWAY"].lower() == "true"
    label = {"label": fields["LABEL"]} if "LABEL" in fields else {}
    body = {**(old.document if old else {}), "name": fields.get("NAME"), **label, "additionalInfo": information}
    if "TYPE" in fields:
        profile = store.profile_by_name(fields["TYPE"]) or store.save_profile({"name": fields["TYPE"]})
    else:
        profile = old.profile if old else store.default_profile()
    if old is None:
        return store.create_device(fields.get("NAME") or "", profile, credentials, body)
    store.update_device(old, body, profile)
    if credentials is not None and (credentials.lookup_id, credentials.value) != (
        old.credentials.lookup_id,
        old.credentials.value,
    ):
        store.set_credentials(old, credentials)
        core.sessions.close(old, "credentials changed", Reason.ADMINISTRATIVE_ACTION)
    return old


def _credentials(fields: dict[str, str]) -> Credentials | None:
    """What the line says, in this order; None: those that there are, or a random token."""
    if "X509" in fields:
        return creds.x509_certificate(fields["X509"])
    if any(kind in fields for kind in _BASIC):
        return creds.mqtt_basic(creds.BasicFields(*(fields.get(kind) for kind in _BASIC)))
    if "ACCESS_TOKEN" in fields:
        return creds.access_token(fields["ACCESS_TOKEN"])
    return None


def _save_values(device: Device, values: dict[str, dict[str, Value]]) -> None:
    for kind, by_key in values.items():
        with_key = {key: value for key, value in by_key.items() if key}
        if kind in _SCOPES:
            device.set_attributes(_SCOPES[kind], with_key)
        else:
            device.add_samples(now_ms(), with_key)


def _cast(text: str) -> Value:
    """What an attribute's cell is taken for; a comma may be a decimal point.

    >>> _cast("007"), _cast("08"), _cast("1,50"), _cast("TRUE"), _cast('{"a": 1}'), _cast("1e2")
    (7, '08', 1.5, True, {'a': 1}, 100)
    """
    number = _number(text.replace(",", "."))
    if number is not None:
        return number
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.strip()[:1] + text.strip()[-1:] in ("{}", "[]"):
        try:
            found: Value = json.loads(text)
        except ValueError:
            return text
        return found
    return text


def _number(text: str) -> int | float | None:
    """A long or a double, as ThingsBoard reads it: a leading 0 without a point is for octal numbers only."""
    if not _NUMBER.fullmatch(text) or _NO_OCTAL.fullmatch(text):
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    is_simple_double = "." in text and "e" not in text.lower()
    if is_simple_double or number != number.to_integral_value():
        return float(number) if -int(number.as_tuple().exponent) <= _DECIMALS_MAX else None
    return int(number) if number.adjusted() < _INT64_DIGITS and int(number) in INT64 else None


ROUTES = [web.post("/api/device/bulk_import", bulk_import)]
