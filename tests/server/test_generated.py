"""What is generated goes to ThingsBoard and back unharmed, through its own REST client, too."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tb_ce_client import ThingsboardClient
from tb_ce_client.models.calculated_field import CalculatedField
from tb_ce_client.models.dashboard import Dashboard
from tb_ce_client.models.device_profile import DeviceProfile
from tbtools.server.thread import StandInThread

from tests.codegen.support import MODELS, REPOSITORY, ServerSide, device_of, server_side
from tests.server.conftest import Api
from tests.server.documents import contains

EVERY_MODEL = sorted([*MODELS.glob("*.yaml"), *(REPOSITORY / "codegen/models").glob("*.yaml")])


@pytest.fixture(params=EVERY_MODEL, ids=lambda path: path.stem)
def side(request: pytest.FixtureRequest) -> ServerSide:
    return server_side(device_of(request.param))


@pytest.fixture
def client(tb: StandInThread) -> Iterator[ThingsboardClient]:
    """ThingsBoard's client, which is of 4.4."""
    tb.settings.server_version = "4.4"
    with ThingsboardClient(tb.url, "tenant@thingsboard.org", "tenant") as client:
        yield client


@pytest.fixture
def clean(api: Api) -> Iterator[None]:
    """Delete afterwards what the test has left, as names are the models'."""
    yield
    for kind, path in (("deviceProfile", "/api/deviceProfiles"), ("dashboard", "/api/tenant/dashboards")):
        for each in api("GET", f"{path}?pageSize=100&page=0")[1]["data"]:
            if each["name"] != "default":
                api("DELETE", f"/api/{kind}/{each['id']['id']}")


def known(document: Any, *unknown: str) -> Any:
    """*document* without what is null, and without the members that the client has no field for."""
    if isinstance(document, dict):
        kept = {key: value for key, value in document.items() if value is not None and key not in unknown}
        return {key: known(value, *unknown) for key, value in kept.items()}
    return [known(each, *unknown) for each in document] if isinstance(document, list) else document


def test_the_servers_models_have_every_member(side: ServerSide) -> None:
    profile = DeviceProfile.from_dict(side.profile)
    assert known(profile.to_dict()) == known(side.profile, "alarms")  # they are no longer told of, since 4.3
    assert Dashboard.from_dict(side.dashboard).to_dict() == side.dashboard
    for body in side.alarm_rules["calculatedFields"]:
        assert known(CalculatedField.from_dict(body).to_dict()) == body


@pytest.mark.usefixtures("clean")
def test_round_trip_by_the_servers_client(client: ThingsboardClient, api: Api, side: ServerSide) -> None:
    profile = client.save_device_profile(DeviceProfile.from_dict(side.profile))
    entity = {"entityType": "DEVICE_PROFILE", "id": str(profile.id.id)}
    assert contains(api("GET", f"/api/deviceProfile/{entity['id']}")[1], known(side.profile, "alarms"))

    for body in side.alarm_rules["calculatedFields"]:
        client.save_calculated_field(CalculatedField.from_dict({**body, "entityId": entity}))
    page = client.get_calculated_fields_by_entity_id(*entity.values(), 100, 0, type="ALARM")
    assert contains([known(field.to_dict()) for field in page.data], side.alarm_rules["calculatedFields"])

    saved = client.save_dashboard(Dashboard.from_dict(side.dashboard))
    assert client.get_dashboard_by_id(str(saved.id.id)).configuration == side.dashboard["configuration"]
    titles = [info.title for info in client.get_tenant_dashboards(100, 0, text_search=side.dashboard["title"]).data]
    assert titles == [side.dashboard["title"]]


@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("version", ["3.2", "4.2.1", "4.3"])
def test_round_trip_as_it_is(tb: StandInThread, api: Api, side: ServerSide, version: str) -> None:
    tb.settings.server_version = version
    status, profile = api("POST", "/api/deviceProfile", side.profile)
    assert (status, contains(profile, side.profile)) == (200, True)
    again = api("POST", "/api/deviceProfile", {**profile, **side.profile})[1]
    assert {**again, "version": 1} == profile
    status, dashboard = api("POST", "/api/dashboard", side.dashboard)
    assert (status, contains(dashboard, side.dashboard)) == (200, True)


@pytest.mark.usefixtures("clean")
def test_device_that_provisions_is_on_the_dashboard(tb: StandInThread, api: Api, name: str) -> None:
    side = server_side(device_of(MODELS / "thing.yaml"))
    profile = {**side.profile, "provisionDeviceKey": f"K{name}"}
    profile["profileData"]["provisionConfiguration"]["provisionDeviceSecret"] = f"S{name}"
    assert api("POST", "/api/deviceProfile", profile)[0] == 200
    asked = {"deviceName": name, "provisionDeviceKey": f"K{name}", "provisionDeviceSecret": f"S{name}"}
    answer = requests.post(f"{tb.url}/api/v1/provision", json=asked, timeout=5).json()
    assert answer["status"] == "SUCCESS"
    device = api("GET", f"/api/tenant/devices?deviceName={name}")[1]
    filters = [alias["filter"] for alias in side.dashboard["configuration"]["entityAliases"].values()]
    assert [each["deviceTypes"] for each in filters if each["type"] == "deviceType"] == [[device["type"]]]
    api("DELETE", f"/api/device/{device['id']['id']}")
