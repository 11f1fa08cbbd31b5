"""The alarm rules of a device profile: inside it, or, since 4.3, calculated fields of type ALARM that belong to it."""

from typing import TYPE_CHECKING, Any

from tbtools.admin import documents
from tbtools.server.version import ServerVersion

if TYPE_CHECKING:
    from tbtools.rest import RestClient

Json = dict[str, Any]


def split(profile: Json, rules: list[Json], version: ServerVersion | None) -> tuple[Json, list[Json]]:
    """*profile* and *rules* as the server wants them: each alarm in one of the two, lest it be raised twice."""
    if not rules or (version is not None and not version.has_alarm_calculated_fields):
        return profile, []
    data = {key: value for key, value in profile["profileData"].items() if key != "alarms"}
    return {**profile, "profileData": data}, rules


def apply(client: "RestClient", rules: list[Json], profile: Json | None, dry_run: bool) -> dict[str, str]:
    """Create the *rules* of *profile*, or change what differs; a profile of None is one that does not exist yet.

    Returns what became of each.
    """
    there = list(client.alarm_rules(profile["id"]["id"])) if profile and rules else []
    return {rule["name"]: _apply(client, rule, there, profile, dry_run) for rule in rules}


def _apply(client: "RestClient", rule: Json, there: list[Json], profile: Json | None, dry_run: bool) -> str:
    old = next((each for each in there if (each["type"], each["name"]) == (rule["type"], rule["name"])), None)
    changes = documents.differences(rule, old or {})
    if changes and not dry_run and profile is not None:
        client.put_alarm_rule({**documents.merged(rule, old or {}), "entityId": profile["id"]})
    return documents.status(old is not None, bool(changes), dry_run)
