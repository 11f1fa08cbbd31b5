"""``tb.py device``: a device, its credentials, its state of provisioning."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from tbtools.admin import credentials as creds
from tbtools.admin import lookup, release, server_side
from tbtools.admin.credentials import Kind, Wanted
from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.admin.provisioning import Strategy
from tbtools.console import AsJson, Result, ToolError, command, confirm, table

if TYPE_CHECKING:
    from tbtools.rest import RestClient

Json = dict[str, Any]

PROVISION_STATE = "provisionState"
_IS_ASSIGNED = "already assigned to another device"

Name = Annotated[str, typer.Argument(help="The device's name.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Print the credentials.")]


@command
def create(
    name: Name,
    profile: Annotated[
        str | None, typer.Option("--profile", help="Its device profile; none: that of the model in place.")
    ] = None,
    kind: Annotated[Kind, typer.Option("--credentials", help="What it shows when it connects.")] = Kind.ACCESS_TOKEN,
    certificate: Annotated[Path | None, typer.Option(help="For x509: the device's certificate (PEM).")] = None,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make up a token, or a user name and a password.")
    ] = False,
    show_secrets: ShowSecrets = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Create a device before it provisions, for a profile that checks for pre-provisioned devices.

    Such a device is given what it has here, whatever it asks for.
    If it exists already, the command says whether profile and credentials agree.

    The access token comes from TB_DEVICE_TOKEN; MQTT basic from TB_DEVICE_CLIENT_ID,
    TB_DEVICE_USER_NAME and TB_DEVICE_PASSWORD; else --generate, else they are asked for.

    Examples:
      tb.py device create kitchen --generate
      tb.py device create kitchen --profile greenhouse --credentials mqtt-basic
      tb.py device create kitchen --credentials x509 --certificate kitchen.pem
    """
    wanted_profile = profile or server_side.of(None).profile()["name"]
    with logged_in(url, user) as client:
        device_profile = lookup.profile(client, wanted_profile)
        device = client.find_device(name)
        is_new = device is None
        if device is None:
            wanted = creds.made(kind, certificate, generate)
            device = _create(client, name, device_profile, wanted)
        there = client.credentials(device["id"]["id"])
        if not is_new:
            _check_agrees(device, device_profile, there, creds.given(kind, certificate))
    shown = creds.described(there, show_secrets)
    data = {
        "name": name,
        "status": "created" if is_new else "unchanged",
        "id": device["id"]["id"],
        "profile": wanted_profile,
        "strategy": device_profile.get("provisionType"),
        "credentials": shown,
    }
    lines: list[str | Table] = [f"{data['status']}: device {name}, profile {wanted_profile}", _table(shown)]
    return Result(data, [*lines, *_advice(name, device_profile, is_new, show_secrets)])


@command
def credentials(
    name: Name,
    show_secrets: ShowSecrets = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show what a device has to show when it connects, with *** for what is secret.

    Examples:
      tb.py device credentials kitchen
      tb.py device credentials kitchen --show-secrets --json
    """
    with logged_in(url, user) as client:
        there = client.credentials(lookup.device(client, name)["id"]["id"])
    shown = creds.described(there, show_secrets)
    return Result({"name": name, **shown}, [_table(shown)])


@command
def delete(
    name: Name,
    yes: Yes = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Delete a device with all its data; its connection is closed.

    A device of strategy allow-creating can provision again after it, under the same name.

    Examples:
      tb.py device delete kitchen
      tb.py device delete kitchen --yes
    """
    with logged_in(url, user) as client:
        device = client.find_device(name)
        if device is None:
            return Result({"name": name, "status": "unchanged"}, [f"unchanged: there is no device {name!r}"])
        confirm(f"Delete device {name!r} and all its data at {url}?", yes)
        client.delete_device(device["id"]["id"])
    return Result({"name": name, "status": "deleted"}, [f"deleted: device {name}"])


@command
def reset_provisioning(
    name: Name,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Let a pre-provisioned device provision once more: delete its server attribute provisionState.

    Examples:
      tb.py device reset-provisioning kitchen
    """
    with logged_in(url, user) as client:
        device_id = lookup.device(client, name)["id"]["id"]
        is_set = PROVISION_STATE in client.attributes(device_id, "SERVER_SCOPE", [PROVISION_STATE])
        if is_set:
            client.delete_attributes(device_id, "SERVER_SCOPE", [PROVISION_STATE])
    if not is_set:
        return Result({"name": name, "status": "unchanged"}, [f"unchanged: device {name} has not provisioned yet"])
    return Result({"name": name, "status": "reset"}, [f"reset: device {name} may provision once more"])


def _create(client: "RestClient", name: str, profile: Json, wanted: Wanted) -> Json:
    """Create a device with its credentials at once: one that waits for it may ask at any moment."""
    from tbtools.rest import RestError

    version, body = release.read(client), wanted.body()
    try:
        if version is None or version.saves_device_with_credentials:
            return client.save_device_with_credentials({"name": name, "deviceProfileId": profile["id"]}, body)
        if wanted.kind is Kind.ACCESS_TOKEN:  # older servers take it in the address only, which they may log
            return client.save_device(name, profile["id"]["id"], body["credentialsId"])
        raise release.too_old(version.full, f"creating a device with {wanted.kind.value}", "3.4")
    except RestError as error:
        if _IS_ASSIGNED not in error.reason:
            raise
        raise ToolError(
            "another device has these credentials already", "They have to be unique on the whole server: choose others."
        ) from error


def _check_agrees(device: Json, profile: Json, there: Json, wanted: Wanted) -> None:
    """Raise ToolError when the device that exists is not the one that is wanted."""
    differing = []
    if device["deviceProfileId"]["id"] != profile["id"]["id"]:
        differing.append(f"its profile is {device.get('type')!r}, not {profile['name']!r}")
    if not wanted.agrees(there):
        kind = there["credentialsType"]
        differing.append(f"it has other credentials{'' if kind == wanted.kind.word else f', of type {kind}'}")
    if differing:
        raise ToolError(
            f"device {device['name']!r} exists already, but {' and '.join(differing)}",
            "See tb.py device credentials; to make it anew, delete it first: tb.py device delete.",
        )


def _advice(name: str, profile: Json, is_new: bool, show_secrets: bool) -> list[str]:
    lines = (
        [f"See the credentials: tb.py device credentials {name} --show-secrets"] if is_new and not show_secrets else []
    )
    if profile.get("provisionType") == Strategy.ALLOW_CREATING.word:
        lines += [
            f"The profile's strategy is {Strategy.ALLOW_CREATING.value}: whoever provisions with this name is refused,",
            "as the device exists. To have it provision: tb.py profile apply --strategy check-pre-provisioned",
        ]
    return lines


def _table(shown: Json) -> Table:
    rows = [(key.replace("_", " "), value) for key, value in shown.items() if value is not None]
    return table("Credentials", "", rows=rows)
