"""Calculated fields of the type ALARM: the alarm rules of ThingsBoard 4.3 and later."""

from collections.abc import Iterable
from typing import Any

from tbtools.server.alarm_rules import read_configuration
from tbtools.server.documents import TENANT_ID
from tbtools.server.entities import Reason, StoreError, check_version, checked_name, found
from tbtools.server.model import new_id, now_ms

CalculatedField = dict[str, Any]


class CalculatedFields:
    """Calculated fields by id; the names at one entity differ."""

    def __init__(self) -> None:
        self._fields: dict[str, CalculatedField] = {}

    def get(self, field_id: str) -> CalculatedField:
        """Find a calculated field by id."""
        return found(self._fields.get(field_id), "Calculated field", field_id)

    def of(self, entity_id: str) -> Iterable[CalculatedField]:
        """Those of one entity, oldest first."""
        return (field for field in self._fields.values() if field["entityId"]["id"] == entity_id)

    def save(self, body: dict[str, Any]) -> CalculatedField:
        """Create a calculated field, or replace it when *body* has an id; its entity exists."""
        old = self.get(body["id"]["id"]) if body.get("id") else None
        if old is not None:
            check_version(body, old["version"])
            if old["entityId"] != body["entityId"]:
                problem = "Changing the calculated field target entity after initialization is prohibited."
                raise StoreError(Reason.BAD_PARAMS, problem)
        name = checked_name(body.get("name"), "Calculated field")
        configuration = read_configuration(body.get("configuration"))
        field_id = old["id"]["id"] if old else new_id()
        if any(field["name"] == name for field in self.of(body["entityId"]["id"]) if field is not old):
            raise StoreError(Reason.BAD_PARAMS, "Alarm rule with such type already exists")
        saved = {
            "id": {"entityType": "CALCULATED_FIELD", "id": field_id},
            "createdTime": old["createdTime"] if old else now_ms(),
            "tenantId": TENANT_ID,
            "entityId": body["entityId"],
            "type": "ALARM",
            "name": name,
            "debugSettings": None,
            "configurationVersion": body.get("configurationVersion") or 0,
            "configuration": configuration,
            "version": old["version"] + 1 if old else 1,
        }
        self._fields[field_id] = saved
        return saved

    def delete(self, field_id: str) -> None:
        """Delete a calculated field."""
        self.get(field_id)
        del self._fields[field_id]

    def delete_of(self, entity_id: str) -> None:
        """Delete those of an entity, which is itself deleted."""
        for field in list(self.of(entity_id)):
            del self._fields[field["id"]["id"]]
