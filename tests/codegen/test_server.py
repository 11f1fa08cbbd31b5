"""What is generated for ThingsBoard: the device profile, the alarm rules, the dashboard."""

from __future__ import annotations

import copy
import json
import operator
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tbgen.errors import ModelError
from tbgen.filters import server_str
from tbgen.ir import Device

from tests.codegen.support import MODELS, REPOSITORY, ServerSide, device_of, server_side

SCHEMAS = Path(__file__).parent / "schemas"
EVERY_MODEL = sorted([*MODELS.glob("*.yaml"), *(REPOSITORY / "codegen/models").glob("*.yaml")])
DOCUMENTS = ("profile", "alarm_rules", "dashboard")

every_model = pytest.mark.parametrize("model", EVERY_MODEL, ids=lambda path: path.stem)


def validator(document: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{document}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    formats = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return jsonschema.Draft202012Validator(schema, format_checker=formats)


@every_model
@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_are_what_the_server_takes(document: str, model: Path) -> None:
    validator(document).validate(getattr(server_side(device_of(model)), document))


def members(data: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of each member of each object in *data*."""
    for key, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        if isinstance(data, dict):
            yield (*path, key)
        yield from members(value, (*path, key))


@pytest.mark.parametrize("document", DOCUMENTS)
def test_schemas_refuse_a_member_misspelt_or_of_another_type(document: str) -> None:
    """A schema that lets anything pass would make the test above worthless."""
    schema, good = validator(document), getattr(server_side(device_of(MODELS / "thing.yaml")), document)
    free = {"titleStyle"}  # CSS
    for *parents, key in members(good):
        if free & {*parents}:
            continue
        changed = copy.deepcopy(good)
        place = changed
        for part in parents:
            place = place[part]
        place[key], value = ["neither text nor number nor object"], place[key]
        if not isinstance(value, list):
            assert not schema.is_valid(changed), (*parents, key)
        place[f"{key} "] = value
        del place[key]
        assert not schema.is_valid(changed), (*parents, key)


@every_model
def test_ids_are_stable_and_belong_to_one_thing(model: Path) -> None:
    first, second = (server_side(device_of(model)) for _ in range(2))
    assert first == second
    ids = [alarm["id"] for alarm in first.profile["profileData"]["alarms"]]
    ids += [*first.widgets, *first.dashboard["configuration"]["entityAliases"]]
    assert max(Counter(ids).values()) == 1
    assert all(widget["id"] == widget_id for widget_id, widget in first.widgets.items())


def test_two_models_share_no_id() -> None:
    one, other = (server_side(device_of(MODELS / f"{name}.yaml")).widgets for name in ("thing", "types"))
    assert not one.keys() & other.keys()


@every_model
def test_widgets_stand_beside_each_other_in_one_state(model: Path) -> None:
    side = server_side(device_of(model))
    placed: Counter[str] = Counter()
    for state in side.dashboard["configuration"]["states"].values():
        cells: Counter[tuple[int, int]] = Counter()
        for widget_id, place in state["layouts"]["main"]["widgets"].items():
            placed[widget_id] += 1
            assert place == {key: side.widgets[widget_id][key] for key in place}
            assert place["col"] + place["sizeX"] <= 24
            rows, cols = (
                range(place[at], place[at] + place[size]) for at, size in (("row", "sizeY"), ("col", "sizeX"))
            )
            cells.update((row, col) for row in rows for col in cols)
        assert max(cells.values()) == 1
    assert placed == dict.fromkeys(side.widgets, 1)


def sources(side: ServerSide) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield each widget with its data source."""
    for widget in side.widgets.values():
        config = widget["config"]
        for source in (*config["datasources"], *([config["alarmSource"]] if "alarmSource" in config else [])):
            yield widget, source


@every_model
def test_dashboard_shows_each_key_of_the_devices_of_the_profile(model: Path) -> None:
    device = device_of(model)
    side = server_side(device)
    aliases = side.dashboard["configuration"]["entityAliases"]
    table = [
        key["name"] for widget, source in sources(side) for key in source["dataKeys"] if "entities" in kind(widget)
    ]
    assert table == ["active", *(item.key for item in device.telemetry)]
    for widget, source in sources(side):
        of_all = widget["type"] == "alarm" or "entities" in kind(widget)
        assert aliases[source["entityAliasId"]]["alias"] == ("Devices" if of_all else "Device")
    (devices,) = (alias["filter"] for alias in aliases.values() if alias["alias"] == "Devices")
    assert devices["deviceTypes"] == [device.name] == [side.profile["name"]]


def kind(widget: dict[str, Any]) -> str:
    return str(widget["typeFullFqn"])


@every_model
def test_each_value_has_its_unit_its_decimals_and_a_history_of_its_kind(model: Path) -> None:
    device = device_of(model)
    side = server_side(device)
    kinds = {"bool": "system.state_chart", "string": "system.cards.timeseries_table"}
    for item in device.telemetry:
        shown = [
            (kind(widget), key)
            for widget, source in sources(side)
            for key in source["dataKeys"]
            if key["name"] == item.key
        ]
        history = kinds.get(item.type, "system.time_series_chart")
        card = [] if item.type == "string" else ["system.cards.value_card"]
        assert [each for each, _ in shown] == ["system.cards.entities_table", *card, history]
        for _, key in shown:
            assert key.get("units") == (json.loads(server_str(item.unit)) if item.unit else None)
            assert key.get("decimals") == (None if item.type in kinds else int(item.decimals or 0))


@every_model
def test_alarms_have_thresholds_in_the_charts_and_a_table(model: Path) -> None:
    device = device_of(model)
    side = server_side(device)
    thresholds = {
        source["dataKeys"][0]["name"]: [each["value"] for each in widget["config"]["settings"]["thresholds"]]
        for widget, source in sources(side)
        if kind(widget) == "system.time_series_chart"
    }
    with_alarm = {
        alarm.key: [float(each.json_number) for each in alarm.raised.comparisons] for alarm in device.server.alarms
    }
    assert {key: values for key, values in thresholds.items() if values} == with_alarm
    assert any(widget["type"] == "alarm" for widget in side.widgets.values()) == bool(with_alarm)


def test_documents_hold_no_key_and_no_secret() -> None:
    profile = server_side(device_of(MODELS / "thing.yaml")).profile
    assert profile["provisionDeviceKey"] is None
    configuration = profile["profileData"]["provisionConfiguration"]
    assert configuration == {"type": "ALLOW_CREATE_NEW_DEVICES", "provisionDeviceSecret": None}


def test_profile_of_a_certificate_chain_takes_the_name_from_the_certificate() -> None:
    profile = server_side(device_of(REPOSITORY / "codegen/models/dev_sup_x509_chain_w_twowayssl.yaml")).profile
    assert profile["provisionType"] == "X509_CERTIFICATE_CHAIN"
    assert profile["profileData"]["provisionConfiguration"] == {
        "type": "X509_CERTIFICATE_CHAIN",
        "certificateRegExPattern": "(.*)",
        "allowCreateNewDevicesByX509Certificate": True,
        "provisionDeviceSecret": None,
    }


# -- what a rule means, as the server evaluates it

COMPARE = {"LESS": operator.lt, "GREATER": operator.gt, "LESS_OR_EQUAL": operator.le, "GREATER_OR_EQUAL": operator.ge}
COMBINE = {"AND": all, "OR": any}


def holds(predicate: dict[str, Any], value: float) -> bool:
    """A predicate of either format."""
    if predicate["type"] == "COMPLEX":
        return COMBINE[predicate["operation"]](holds(each, value) for each in predicate["predicates"])
    (number,) = predicate["value"].values()
    return bool(COMPARE[predicate["operation"]](value, number))


def profile_rule_holds(rule: dict[str, Any], value: float) -> bool:
    """All filters of a rule in a profile."""
    return all(holds(each["predicate"], value) for each in rule["condition"]["condition"])


def rule_holds(rule: dict[str, Any], value: float) -> bool:
    """The expression of a rule in a calculated field."""
    expression = rule["condition"]["expression"]
    return COMBINE[expression["operation"]](
        COMBINE[each["operation"]](holds(predicate, value) for predicate in each["predicates"])
        for each in expression["filters"]
    )


NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)


def generated(folder: Path, telemetry: dict[str, Any], **device: str) -> tuple[Device, ServerSide]:
    """What is generated of a model of one item."""
    provisioning = {"credentials": "access_token", "transport": "mqtt"}
    body = {"name": "any", **device, "provisioning": provisioning, "telemetry": [{"name": "x", **telemetry}]}
    model = folder / "any.yaml"
    model.write_text(json.dumps(body), encoding="utf-8")  # JSON is YAML
    decided = device_of(model)
    return decided, server_side(decided)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@settings(deadline=None)
@given(st.none() | NUMBERS, st.none() | NUMBERS, NUMBERS)
@example(-40, 125, 125)
@example(None, 1e16, 1e17)
@example(1e-7, None, 1e-8)
@example(None, None, 0)
def test_alarm_is_raised_outside_of_the_range_and_cleared_inside(
    folder: Path, one: float | None, other: float | None, value: float
) -> None:
    low, high = sorted((one, other)) if one is not None and other is not None else (one, other)
    bounds = {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}
    example_value = low if low is not None else high if high is not None else 0
    if abs(example_value) >= 1e14:
        return
    _, side = generated(folder, {"type": "double", "decimals": 1, "example": example_value, **bounds})
    old, new = side.profile["profileData"]["alarms"], side.alarm_rules["calculatedFields"]
    assert [alarm["alarmType"] for alarm in old] == [field["name"] for field in new]
    assert len(new) == (1 if bounds else 0)
    is_inside = (low is None or value >= low) and (high is None or value <= high)
    for alarm in old:
        assert profile_rule_holds(alarm["createRules"]["WARNING"], value) == (not is_inside)
        assert profile_rule_holds(alarm["clearRule"], value) == is_inside
    for field in new:
        assert rule_holds(field["configuration"]["createRules"]["WARNING"], value) == (not is_inside)
        assert rule_holds(field["configuration"]["clearRule"], value) == is_inside


@settings(deadline=None)
@given(key=TEXTS, unit=TEXTS, title=TEXTS, description=TEXTS)
@example(key='"\u2028\\\n', unit='<b>{{"', title="<script>", description="{{{x}}}\u2029")
@example(key="${value}", unit="${value}", title="%s", description="{% raw %}{{")
def test_any_text_arrives(folder: Path, key: str, unit: str, title: str, description: str) -> None:
    texts = {"key": key, **({"unit": unit} if unit else {})}
    try:
        device, side = generated(folder, {"type": "int32", "max": 5, **texts}, title=title, description=description)
    except ModelError:  # a key that is blank, or that the server would drop
        return
    for document in DOCUMENTS:
        validator(document).validate(getattr(side, document))
    (alarm,), (field,) = side.profile["profileData"]["alarms"], side.alarm_rules["calculatedFields"]
    assert alarm["createRules"]["WARNING"]["condition"]["condition"][0]["key"]["key"] == key
    assert field["configuration"]["arguments"]["value"]["refEntityKey"]["key"] == key
    assert side.dashboard["title"] == shown(device.title)
    note = side.profile["description"].rpartition("Generated by")[0]
    assert note == "\n\n".join(shown(text) for text in (device.title, device.description) if text) + "\n\n"
    for _, source in sources(side):
        for shown_key in source["dataKeys"]:
            if shown_key["type"] == "timeseries":
                assert shown_key["name"] == key
                assert shown_key.get("units", "") == shown(device.telemetry[0].unit)


def shown(text: str) -> str:
    """*text* as the server may show it: no tag begins in it, and no template."""
    safe = str(json.loads(server_str(text)))
    assert safe.replace(" ", "") == text.replace(" ", "")
    assert "{{" not in safe
    return safe
