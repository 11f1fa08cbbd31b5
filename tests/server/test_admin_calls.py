"""What an administrator's tools ask for besides (contract 9): lists of devices, the release, history."""

from functools import partial

import pytest
from tbtools.rest import NotThingsBoard, RestClient, RestError
from tbtools.server.model import Device
from tbtools.server.standin import StandIn
from tbtools.server.thread import StandInThread


def _add(device: Device, ts_ms: int, _: StandIn) -> None:
    device.add_samples(ts_ms, {"a": ts_ms / 2, "b": True})


def test_devices_of_a_profile(rest: RestClient, name: str) -> None:
    profile_id = rest.save_profile(name, "DISABLED", None, None)["id"]["id"]
    for number in range(101):
        rest.save_device(f"{name}-{number}", profile_id)
    rest.save_device(name)
    found = list(rest.devices_of_profile(profile_id))
    assert [info["name"] for info in found] == [f"{name}-{number}" for number in range(101)]
    assert (found[0]["deviceProfileName"], found[0]["active"]) == (name, False)


def test_dashboards_of_a_title(rest: RestClient, name: str) -> None:
    created = [rest.put_dashboard({"title": name, "configuration": {}}) for _ in range(2)]
    rest.put_dashboard({"title": f"{name} and more"})
    assert [each["id"] for each in rest.dashboards(name)] == [each["id"] for each in created]
    assert rest.dashboard(created[0]["id"]["id"]) == created[0]
    assert rest.dashboards(f"{name}?") == []


def test_version_is_told_since_3_3_3(tb: StandInThread, rest: RestClient) -> None:
    tb.settings.server_version = "3.3.3"
    assert rest.server_version() == "3.3.3"
    tb.settings.server_version = "3.3.2"
    assert rest.server_version() is None


def test_device_with_credentials_is_known_since_3_4(tb: StandInThread, rest: RestClient, name: str) -> None:
    credentials = {"credentialsType": "ACCESS_TOKEN", "credentialsId": f"T{name}"}
    tb.settings.server_version = "3.3.4"
    with pytest.raises(RestError, match="404"):
        rest.save_device_with_credentials({"name": name}, credentials)
    tb.settings.server_version = "3.4"
    assert rest.save_device_with_credentials({"name": name}, credentials)["name"] == name


def test_a_path_that_is_not_served_looks_as_on_the_real_server(rest: RestClient) -> None:
    with pytest.raises(RestError) as caught:
        rest._request("GET", "/api/noSuchCall")
    assert not isinstance(caught.value, NotThingsBoard)
    assert (caught.value.status, caught.value.code, caught.value.reason) == (404, 32, "Not Found")


def test_history_is_typed_and_bounded(tb: StandInThread, rest: RestClient, name: str) -> None:
    device = tb.create_device(name)
    for ts_ms in range(1, 6):
        tb.run(partial(_add, device, ts_ms))
    assert rest.telemetry_keys(device.id) == ["a", "b"]
    assert rest.latest_samples(device.id, []) == {"a": [{"ts": 5, "value": 2.5}], "b": [{"ts": 5, "value": True}]}
    assert rest.history(device.id, ["a"], 2, 5, 2) == {"a": [{"ts": 4, "value": 2.0}, {"ts": 3, "value": 1.5}]}
