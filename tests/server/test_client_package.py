"""ThingsBoard's own REST client for Python against the stand-in: the outside witness that its REST is true.

It shows, too, why tbtools.rest does without it.
"""

import json
from collections.abc import Iterator

import pytest
import tb_ce_client.models as models
from tb_ce_client.client import ThingsboardClient
from tb_ce_client.exceptions import BadRequestException, ConflictException, NotFoundException, UnauthorizedException
from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread

from tests.docs.markdown import ROOT

USER = "tenant@thingsboard.org"


@pytest.fixture
def client(tb: StandInThread) -> Iterator[ThingsboardClient]:
    """Logged in to a server of the client's own release."""
    tb.settings.server_version = "4.4.0"
    with ThingsboardClient(tb.url, username=USER, password="tenant") as connected:
        yield connected


def _profile(name: str) -> models.DeviceProfile:
    provision = models.AllowCreateNewDevicesDeviceProfileProvisionConfiguration(
        type="ALLOW_CREATE_NEW_DEVICES", provision_device_secret=f"S{name}"
    )
    return models.DeviceProfile(
        name=name,
        type="DEFAULT",
        transport_type="DEFAULT",
        provision_type="ALLOW_CREATE_NEW_DEVICES",
        provision_device_key=f"K{name}",
        profile_data=models.DeviceProfileData(
            configuration=models.DefaultDeviceProfileConfiguration(type="DEFAULT"),
            transport_configuration=models.DefaultDeviceProfileTransportConfiguration(type="DEFAULT"),
            provision_configuration=provision,
        ),
    )


def test_wrong_password(tb: StandInThread) -> None:
    with pytest.raises(UnauthorizedException) as caught:
        ThingsboardClient(tb.url, username=USER, password="wrong")
    error = json.loads(caught.value.body)
    assert (error["errorCode"], error["message"]) == (10, "Invalid username or password")


def test_profile_round_trip(client: ThingsboardClient, name: str) -> None:
    created = client.save_device_profile(_profile(name))
    assert created.id.entity_type == "DEVICE_PROFILE"
    read = client.get_device_profile_by_id(str(created.id.id))
    assert read.profile_data.provision_configuration.provision_device_secret == f"S{name}"
    assert [each.name for each in client.get_device_profiles(page_size=10, page=0, text_search=name).data] == [name]
    assert client.get_default_device_profile_info().name == "default"
    with pytest.raises(BadRequestException, match="such name already exists"):
        client.save_device_profile(_profile(name))
    client.delete_device_profile(str(created.id.id))
    with pytest.raises(NotFoundException):
        client.get_device_profile_by_id(str(created.id.id))


def test_device_round_trip(client: ThingsboardClient, name: str) -> None:
    created = client.save_device(models.Device(name=name), access_token=f"T{name}")
    device_id = str(created.id.id)
    found = client.get_tenant_device_by_name(name)
    assert (found.name, found.type, found.id) == (name, "default", created.id)
    credentials = client.get_device_credentials_by_device_id(device_id)
    assert (credentials.credentials_type, credentials.credentials_id) == ("ACCESS_TOKEN", f"T{name}")
    credentials.credentials_id = f"U{name}"
    assert client.update_device_credentials(credentials).credentials_id == f"U{name}"
    infos = client.get_tenant_device_infos(page_size=10, page=0, text_search=name)
    assert [(info.name, info.active) for info in infos.data] == [(name, False)]
    client.delete_device(device_id)
    with pytest.raises(NotFoundException):
        client.get_tenant_device_by_name(name)


def test_telemetry(tb: StandInThread, client: ThingsboardClient, name: str) -> None:
    device = tb.create_device(name)
    tb.run(lambda _: device.add_samples(1_000, {"humidity": 26}))
    assert client.get_timeseries_keys("DEVICE", device.id) == ["humidity"]
    (latest,) = client.get_latest_timeseries("DEVICE", device.id, use_strict_data_types=True)["humidity"]
    assert (latest.ts, latest.value) == (1_000, 26)


def test_dashboard_round_trip(client: ThingsboardClient, name: str) -> None:
    created = client.save_dashboard(models.Dashboard(title=name, configuration={"widgets": {}}))
    assert [each.title for each in client.get_tenant_dashboards(page_size=10, page=0, text_search=name).data] == [name]
    assert client.get_dashboard_by_id(str(created.id.id)).configuration == {"widgets": {}}
    client.save_dashboard(created)
    with pytest.raises(ConflictException):
        client.save_dashboard(created)


def test_reading_and_writing_a_profile_would_lose_its_alarm_rules(
    client: ThingsboardClient, rest: RestClient, name: str
) -> None:
    body = json.loads((ROOT / "server/profile.json").read_text(encoding="utf-8"))
    created = rest.put_profile({**body, "name": name})
    assert created["profileData"]["alarms"]
    read = client.get_device_profile_by_id(created["id"]["id"])
    client.save_device_profile(read)
    found = rest.find_profile(name)
    assert found is not None
    assert found["profileData"]["alarms"] is None


def test_attributes_would_not_be_read(
    tb: StandInThread, client: ThingsboardClient, rest: RestClient, name: str
) -> None:
    device = tb.create_device(name)
    assert client.get_attributes_by_scope("DEVICE", device.id, "SERVER_SCOPE") is None
    assert rest.attributes(device.id, "SERVER_SCOPE") == {"active": False}


def test_a_device_of_an_older_server_would_not_be_found(
    tb: StandInThread, client: ThingsboardClient, rest: RestClient, name: str
) -> None:
    tb.create_device(name)
    tb.settings.server_version = "4.3.1"
    with pytest.raises(NotFoundException):
        client.get_tenant_device_by_name(name)
    assert rest.find_device(name) is not None
