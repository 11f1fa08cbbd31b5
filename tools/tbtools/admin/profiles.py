"""``tb.py profile``: the device profile of a model, which says how devices provision."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from tbtools import secret
from tbtools.admin import alarm_rules, documents, lookup, provisioning, release, server_side
from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.admin.provisioning import Provisioning, Strategy
from tbtools.admin.shown import brief, plain
from tbtools.console import AsJson, Result, ToolError, command, confirm, table

if TYPE_CHECKING:
    from tbtools.rest import RestClient

Json = dict[str, Any]

_KEY_IS_USED = ("provision device key already exists", "such certificate already exists")
_NAMES_SHOWN = 5

Name = Annotated[str | None, typer.Option("--name", help="The profile's name; none: that of the model.")]
ShowSecrets = Annotated[bool, typer.Option("--show-secrets", help="Print provision key and secret.")]


@command
def apply(
    model: server_side.Model = None,
    strategy: Annotated[
        Strategy | None, typer.Option(help="What happens to a device that asks; none: that of the model.")
    ] = None,
    name: Name = None,
    certificate: Annotated[
        Path | None, typer.Option(help="For x509-chain: the certificate (PEM) that signs those of the devices.")
    ] = None,
    generate_secret: Annotated[
        bool, typer.Option("--generate-secret", help="Make a provision secret if the profile has none.")
    ] = False,
    show_secrets: ShowSecrets = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; show what would change.")] = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Create the device profile, or change what differs; applied again, it changes nothing.

    Whatever the model does not speak of stays as it is on the server.

    The provision key: that of TB_PROVISION_KEY, else it stays, else one is made.
    The secret: that of TB_PROVISION_SECRET or of the keyring, else it stays,
    else --generate-secret makes one, else it is asked for.

    Examples:
      tb.py profile apply --generate-secret
      tb.py profile apply --strategy check-pre-provisioned --dry-run
      tb.py profile apply --strategy x509-chain --certificate ca.pem
      tb.py profile apply --model srv_gen_credentials_wo_ssl --name greenhouse --url https://tb.example.com
    """
    side = server_side.of(model)
    profile = {**side.profile(), **({"name": name} if name else {})}
    with logged_in(url, user) as client:
        version = release.read(client)
        profile, rules = alarm_rules.split(profile, side.alarm_rules(), version)
        there = client.find_profile(profile["name"])
        source = Provisioning(profile["name"], url, there, generate_secret or dry_run, certificate)
        wanted = source.fill(profile, strategy)
        provisioning.check_release(wanted, version)
        changes = documents.differences(wanted, there or {})
        saved = there
        if changes and not dry_run:
            saved = _save(client, documents.merged(wanted, there or {}))
        rule_states = alarm_rules.apply(client, rules, saved, dry_run)
    status = documents.status(there is not None, bool(changes), dry_run)
    data = {
        "name": wanted["name"],
        "status": status,
        "changes": [change.shown() for change in changes] if there else [],
        "provisioning": _shown(saved or wanted, show_secrets and saved is not None),
        "alarm_rules": rule_states,
    }
    lines: list[str | Table] = [
        f"{status}: device profile {wanted['name']}, {wanted['provisionType']}",
        *_changes(data["changes"]),
        *(f"{state}: alarm rule {rule}" for rule, state in rule_states.items()),
        *([] if dry_run else _advice(saved or wanted, source.is_generated, show_secrets)),
    ]
    return Result(data, lines)


@command
def show(
    model: server_side.Model = None,
    name: Name = None,
    show_secrets: ShowSecrets = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Show how the device profile on the server provisions, with *** for key and secret.

    Examples:
      tb.py profile show
      tb.py profile show --name greenhouse --show-secrets
    """
    wanted = name or server_side.of(model).profile()["name"]
    with logged_in(url, user) as client:
        release.read(client)
        profile = lookup.profile(client, wanted)
        devices = list(client.devices_of_profile(profile["id"]["id"]))
    data = {
        "name": wanted,
        "id": profile["id"]["id"],
        "transport": profile.get("transportType"),
        "default": bool(profile.get("default")),
        "devices": len(devices),
        "provisioning": _shown(profile, show_secrets),
    }
    fields = {**data, **data["provisioning"]}
    rows = [
        (key.replace("_", " "), plain(value)) for key, value in fields.items() if key not in ("name", "provisioning")
    ]
    return Result(data, [table("Device profile", wanted, rows=rows)])


@command
def delete(
    model: server_side.Model = None,
    name: Name = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Delete the device profile, once no device uses it.

    Examples:
      tb.py profile delete
      tb.py profile delete --name greenhouse --yes
    """
    wanted = name or server_side.of(model).profile()["name"]
    with logged_in(url, user) as client:
        release.read(client)
        profile = client.find_profile(wanted)
        if profile is None:
            return Result(
                {"name": wanted, "status": "unchanged"}, [f"unchanged: there is no device profile {wanted!r}"]
            )
        _check_unused(client, profile)
        confirm(f"Delete device profile {wanted!r} at {url}?", yes)
        client.delete_profile(profile["id"]["id"])
    return Result({"name": wanted, "status": "deleted"}, [f"deleted: device profile {wanted}"])


def _save(client: "RestClient", body: Json) -> Json:
    from tbtools.rest import RestError

    try:
        return client.put_profile(body)
    except RestError as error:
        if not any(sentence in error.reason for sentence in _KEY_IS_USED):
            raise
        raise _key_is_used(client, body) from error


def _key_is_used(client: "RestClient", body: Json) -> ToolError:
    """The error for a key, or a certificate, that another profile has; its name, if we may see it."""
    certificate = provisioning.certificate_of(body)
    what = "certificate" if certificate else "provision key"
    owner = next((each["name"] for each in client.profiles() if _has_same_key(each, body)), None)
    where = f"device profile {owner!r}" if owner else "a device profile of another tenant"
    advice = (
        "Give another --certificate, or delete that profile."
        if certificate
        else "Unset TB_PROVISION_KEY to have a key made, or set another one: it is unique on the whole server."
    )
    return ToolError(f"the {what} is used by {where} already", advice)


def _has_same_key(other: Json, body: Json) -> bool:
    certificate = provisioning.certificate_of(body)
    if certificate:
        return provisioning.certificate_of(other) == certificate
    return bool(other.get("provisionDeviceKey") == body.get("provisionDeviceKey"))


def _check_unused(client: "RestClient", profile: Json) -> None:
    """Raise ToolError, with the names of some devices, when there are any."""
    if profile.get("default"):
        raise ToolError("it is the default profile, which cannot be deleted", "Make another one the default first.")
    names = [device["name"] for device in client.devices_of_profile(profile["id"]["id"])]
    if names:
        more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
        raise ToolError(
            f"device profile {profile['name']!r} is used by {', '.join(names[:_NAMES_SHOWN])}{more}",
            "Delete these devices first (tb.py device delete), or give them another profile.",
        )


def _shown(profile: Json, show_secrets: bool) -> Json:
    """How *profile* provisions."""
    configuration = provisioning.configuration_of(profile)
    certificate = provisioning.certificate_of(profile)
    shown = {
        "strategy": profile.get("provisionType"),
        "key": secret.shown(profile.get("provisionDeviceKey"), show_secrets),
        "secret": None if certificate else secret.shown(configuration.get("provisionDeviceSecret"), show_secrets),
    }
    if certificate:
        shown |= {
            "certificate": certificate,
            "certificate_pattern": configuration.get("certificateRegExPattern"),
            "creates_devices": bool(configuration.get("allowCreateNewDevicesByX509Certificate")),
        }
    return shown


def _changes(changes: list[Json]) -> list[Table]:
    """The fields of an existing profile that change."""
    rows = [(change["field"], brief(change["there"]), brief(change["wanted"])) for change in changes]
    return [table("Field", "On the server", "Wanted", rows=rows)] if rows else []


def _advice(profile: Json, is_generated: bool, show_secrets: bool) -> list[str]:
    """How key and secret get onto a device, for whom they are new."""
    shown = _shown(profile, show_secrets)
    if shown["secret"] is None or not (is_generated or show_secrets):
        return []
    see = [f"Provision key: {shown['key']}", f"Provision secret: {shown['secret']}"]
    return [
        *(see if show_secrets else ["See key and secret: tb.py profile show --show-secrets"]),
        "Put them on a device: idf.py menuconfig, Example ThingsBoard MQTT Configuration, Provisioning config;",
        "or as prov_key and prov_secret in the NVS namespace tb_cfg.",
    ]
