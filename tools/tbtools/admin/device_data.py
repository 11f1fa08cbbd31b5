"""``tb.py device``: what a device has told, and how it is."""

import re
import time
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from rich.table import Table

from tbtools.admin import lookup
from tbtools.admin.devices import PROVISION_STATE, Name
from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.admin.shown import moment, plain
from tbtools.console import EXIT_USAGE, AsJson, Result, ToolError, command, table

if TYPE_CHECKING:
    from tbtools.rest import Scope

Json = dict[str, Any]

_SCOPES = ("client", "shared", "server")
_STATE = ("active", "lastActivityTime", "lastConnectTime", "lastDisconnectTime")
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([1-9]\d{0,8})([smhd])")

Keys = Annotated[list[str] | None, typer.Option("--key", help="Only this key; may be given several times.")]


@command
def status(
    name: Name,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show how a device is: has it provisioned, is it active, what has it sent last?

    Examples:
      tb.py device status kitchen
      tb.py device status kitchen --json
    """
    with logged_in(url, user) as client:
        device = lookup.device(client, name)
        device_id = device["id"]["id"]
        attributes = client.attributes(device_id, "SERVER_SCOPE")
        samples = client.latest_samples(device_id, [])
        kind = client.credentials(device_id)["credentialsType"]
    active, last_activity, last_connect, last_disconnect = (_state(key, attributes, samples) for key in _STATE)
    data = {
        "name": name,
        "id": device_id,
        "profile": device.get("type"),
        "created": device.get("createdTime"),
        "provisioned": attributes.get(PROVISION_STATE) == "provisioned",
        "credentials_type": kind,
        "active": active is True,
        "last_activity": last_activity or None,
        "last_connect": last_connect or None,
        "last_disconnect": last_disconnect or None,
        "telemetry": {key: sample[0] for key, sample in sorted(samples.items()) if sample},
    }
    return Result(data, _status_lines(data))


@command
def telemetry(
    name: Name,
    key: Keys = None,
    since: Annotated[
        str | None, typer.Option("--since", help="All since then: 90s, 30m, 1h or 7d ago; none: the latest.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=50_000, help="With --since: at most so many of a key.")
    ] = 100,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show what a device has sent: the latest value of each key, or all since some time, newest first.

    Examples:
      tb.py device telemetry kitchen
      tb.py device telemetry kitchen --key temprature --key humidity --since 1h
    """
    age_s = _seconds(since) if since is not None else None
    with logged_in(url, user) as client:
        device_id = lookup.device(client, name)["id"]["id"]
        if age_s is None:
            found = client.latest_samples(device_id, key or [])
        else:
            keys = key or client.telemetry_keys(device_id)
            now_ms = int(time.time() * 1000)
            found = client.history(device_id, keys, now_ms - age_s * 1000, now_ms + 1, limit) if keys else {}
    samples = {each: rows for each, rows in sorted(found.items()) if rows and rows[0]["value"] is not None}
    full = [each for each, rows in samples.items() if age_s is not None and len(rows) == limit]
    rows = [(moment(row["ts"]), each, plain(row["value"])) for each, rows in samples.items() for row in rows]
    lines: list[str | Table] = [table("Time", "Key", "Value", rows=rows)] if rows else ["no telemetry"]
    lines += [f"There may be more of {', '.join(full)}: give --limit."] if full else []
    return Result(samples, lines)


@command
def attributes(
    name: Name,
    scope: Annotated[str, typer.Option("--scope", help="client, shared, server or all.")] = "all",
    key: Keys = None,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show a device's attributes: its own (client), those it is told (shared), those it never sees (server).

    Examples:
      tb.py device attributes kitchen
      tb.py device attributes kitchen --scope server --key provisionState
    """
    if scope not in (*_SCOPES, "all"):
        raise ToolError(f"there is no scope {scope!r}", "Give client, shared, server or all.", EXIT_USAGE)
    scopes = _SCOPES if scope == "all" else (scope,)
    with logged_in(url, user) as client:
        device_id = lookup.device(client, name)["id"]["id"]
        found = {each: client.attribute_list(device_id, cast("Scope", f"{each.upper()}_SCOPE"), key) for each in scopes}
    rows = [
        (each, one["key"], plain(one["value"]), moment(one.get("lastUpdateTs")))
        for each, several in found.items()
        for one in sorted(several, key=lambda one: str(one["key"]))
    ]
    data = {each: {one["key"]: one["value"] for one in several} for each, several in found.items()}
    return Result(data, [table("Scope", "Key", "Value", "Last update", rows=rows)] if rows else ["no attributes"])


def _state(key: str, attributes: Json, samples: Json) -> Any:
    """A device's state is an attribute, or telemetry where an administrator wants it so (contract 1.6)."""
    if key in attributes:
        return attributes[key]
    return samples[key][0]["value"] if samples.get(key) else None


def _seconds(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ToolError(f"{text!r} is no length of time", "Give it like 90s, 30m, 1h or 7d.", EXIT_USAGE)
    return int(match[1]) * _UNITS_S[match[2]]


def _status_lines(data: Json) -> list[str | Table]:
    times = ("created", "last_activity", "last_connect", "last_disconnect")
    rows = [
        (key.replace("_", " "), moment(value) if key in times else plain(value))
        for key, value in data.items()
        if key not in ("name", "telemetry")
    ]
    samples = [(key, plain(sample["value"]), moment(sample["ts"])) for key, sample in data["telemetry"].items()]
    latest = table("Key", "Latest value", "Time", rows=samples) if samples else "no telemetry yet"
    return [table("Device", data["name"], rows=rows), latest]
