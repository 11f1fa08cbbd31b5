"""Alarm rules over REST: in a device profile, and as calculated fields since 4.3 (contract 9)."""

from typing import Any

import pytest
from tbtools.server.thread import StandInThread

from tests.server.conftest import Api
from tests.server.documents import contains, put

OLD_PREDICATE = {"type": "NUMERIC", "operation": "GREATER", "value": {"defaultValue": 5}}
OLD_RULE = {
    "condition": {
        "condition": [
            {"key": {"type": "TIME_SERIES", "key": "t"}, "valueType": "NUMERIC", "predicate": OLD_PREDICATE},
        ],
        "spec": {"type": "SIMPLE"},
    }
}
ALARM = {"id": "1", "alarmType": "T", "createRules": {"MAJOR": OLD_RULE}, "clearRule": OLD_RULE}

PREDICATE = {"type": "NUMERIC", "operation": "GREATER", "value": {"staticValue": 5}}
FILTER = {"argument": "t", "valueType": "NUMERIC", "predicates": [PREDICATE]}
RULE = {"condition": {"type": "SIMPLE", "expression": {"type": "SIMPLE", "filters": [FILTER]}}}
CONFIGURATION = {
    "type": "ALARM",
    "arguments": {"t": {"refEntityKey": {"key": "t", "type": "TS_LATEST"}}},
    "createRules": {"MAJOR": RULE},
    "clearRule": RULE,
}


@pytest.fixture
def entity(api: Api, name: str) -> dict[str, str]:
    """A device profile, as an entity id."""
    reference: dict[str, str] = api("POST", "/api/deviceProfile", {"name": name})[1]["id"]
    return reference


def test_alarms_of_a_profile_come_back_with_their_defaults(api: Api, name: str) -> None:
    body = {"name": name, "description": "a < b", "profileData": {"alarms": [{**ALARM, "unknown": 1}]}}
    status, profile = api("POST", "/api/deviceProfile", body)
    assert (status, profile["description"]) == (200, "a < b")
    (alarm,) = profile["profileData"]["alarms"]
    assert contains(alarm, ALARM)
    assert "unknown" not in alarm
    assert alarm["propagate"] is False
    assert alarm["createRules"]["MAJOR"]["schedule"] is None
    value = alarm["clearRule"]["condition"]["condition"][0]["predicate"]["value"]
    assert repr(value) == "{'defaultValue': 5.0, 'userValue': None, 'dynamicValue': None}"
    assert api("POST", "/api/deviceProfile", profile)[1]["profileData"] == profile["profileData"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("alarmType", ""),
        ("alarmType", "<b>"),
        ("createRules", {"BAD": OLD_RULE}),
        ("clearRule.condition.condition.0.key.key", "{{t}}"),
        ("clearRule.condition.condition.0.predicate.type", "NUMBER"),
        ("clearRule.condition.condition.0.predicate.value.defaultValue", "5"),
        ("clearRule.condition.spec.type", "ONCE"),
    ],
)
def test_bad_alarm_of_a_profile_is_refused(api: Api, name: str, path: str, value: Any) -> None:
    body = {"name": name, "profileData": {"alarms": [put(ALARM, path, value)]}}
    status, error = api("POST", "/api/deviceProfile", body)
    assert (status, error["errorCode"]) == (400, 31)


def test_profile_that_the_server_would_not_show_safely_is_refused(api: Api, name: str) -> None:
    assert api("POST", "/api/deviceProfile", {"name": name, "description": "<script>"})[0] == 400
    twice = {"name": name, "profileData": {"alarms": [ALARM, ALARM]}}
    assert "same alarm rule types" in api("POST", "/api/deviceProfile", twice)[1]["message"]


def test_calculated_field_round_trip(api: Api, name: str, entity: dict[str, str]) -> None:
    body = {"type": "ALARM", "name": name, "entityId": entity, "configuration": CONFIGURATION}
    status, created = api("POST", "/api/calculatedField", body)
    assert (status, created["version"], created["entityId"]) == (200, 1, entity)
    assert contains(created["configuration"], CONFIGURATION)
    assert created["configuration"]["createRules"]["MAJOR"]["alarmDetails"] is None
    path = f"/api/calculatedField/{created['id']['id']}"
    assert api("GET", path) == (200, created)

    status, changed = api("POST", "/api/calculatedField", {**created, "name": f"{name} new"})
    assert (status, changed["id"], changed["version"]) == (200, created["id"], 2)
    assert api("POST", "/api/calculatedField", created)[0] == 409
    other = api("POST", "/api/deviceProfile", {"name": f"{name}-2"})[1]["id"]
    assert api("POST", "/api/calculatedField", {**changed, "entityId": other})[0] == 400

    assert api("DELETE", path) == (200, None)
    assert api("GET", path)[0] == api("DELETE", path)[0] == 404


def test_calculated_fields_of_an_entity(tb: StandInThread, api: Api, name: str, entity: dict[str, str]) -> None:
    body = {"type": "ALARM", "name": name, "entityId": entity, "configuration": CONFIGURATION}
    field_id = api("POST", "/api/calculatedField", body)[1]["id"]["id"]
    status, error = api("POST", "/api/calculatedField", body)
    assert (status, error["message"]) == (400, "Alarm rule with such type already exists")
    paths = {"old": f"/api/DEVICE_PROFILE/{entity['id']}/calculatedFields"}
    paths["new"] = f"/api/calculatedField/DEVICE_PROFILE/{entity['id']}"
    assert api("GET", f"{paths['new']}?pageSize=10&page=0&type=ALARM")[0] == 404
    tb.settings.server_version = "4.3.1.2"
    for path in paths.values():
        assert [each["name"] for each in api("GET", f"{path}?pageSize=10&page=0&type=ALARM")[1]["data"]] == [name]
        assert api("GET", f"{path}?pageSize=10&page=0")[1]["data"] == []
    api("DELETE", f"/api/deviceProfile/{entity['id']}")
    assert api("GET", f"/api/calculatedField/{field_id}")[0] == 404


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", " "),
        ("name", "<b>"),
        ("type", "SIMPLE"),
        ("entityId", None),
        ("entityId.id", "none"),
        ("entityId.entityType", "TENANT"),
        ("configuration", None),
        ("configuration.type", "SIMPLE"),
        ("configuration.arguments", {}),
        ("configuration.createRules", {}),
        ("configuration.createRules", {"BAD": RULE}),
        ("configuration.clearRule.condition.type", "ONCE"),
        ("configuration.clearRule.condition.expression.filters", []),
        ("configuration.clearRule.condition.expression.filters.0.argument", ""),
        ("configuration.clearRule.condition.expression.filters.0.predicates", []),
        ("configuration.clearRule.condition.expression.filters.0.predicates.0.operation", "MORE"),
        ("configuration.clearRule.condition.expression.filters.0.predicates.0.value", {}),
    ],
)
def test_bad_calculated_field_is_refused(api: Api, name: str, entity: dict[str, str], path: str, value: Any) -> None:
    body = {"type": "ALARM", "name": name, "entityId": entity, "configuration": CONFIGURATION}
    status, error = api("POST", "/api/calculatedField", put(body, path, value))
    assert (status, error["errorCode"]) == ((404, 32) if path == "entityId.id" else (400, 31))


@pytest.mark.parametrize(
    ("version", "told", "saved"),
    [
        ("3.3", None, 404),
        ("3.4", "3.4.0", 404),
        ("4.2.1", "4.2.1", 400),
        ("4.3", "4.3.0", 200),
        ("4.3.1.3", "4.3.1.3", 200),
    ],
)
def test_version_tells_where_alarm_rules_stand(
    tb: StandInThread, api: Api, name: str, entity: dict[str, str], version: str, told: str | None, saved: int
) -> None:
    tb.settings.server_version = version
    status, info = api("GET", "/api/system/info")
    assert (status, info.get("version")) == ((200, told) if told else (404, None))
    body = {"type": "ALARM", "name": name, "entityId": entity, "configuration": CONFIGURATION}
    assert api("POST", "/api/calculatedField", body)[0] == saved
