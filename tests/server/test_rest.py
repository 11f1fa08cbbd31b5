"""The REST API, through our client and raw (contract 9)."""

from typing import Any

import pytest
import requests
from tbtools.rest import RestClient, RestError
from tbtools.server.thread import StandInThread

from tests.server.conftest import Api
from tests.server.mqtt_client import TELEMETRY, RawClient

PUBLIC = ("/api/auth/login", "/api/auth/token")


def test_login_refresh_and_wrong_password(tb: StandInThread) -> None:
    def post(path: str, body: dict[str, str]) -> tuple[int, Any]:
        response = requests.post(tb.url + path, json=body, timeout=5)
        return response.status_code, response.json()

    status, first = post(PUBLIC[0], {"username": "tenant@thingsboard.org", "password": "tenant"})
    assert status == 200
    assert set(first) == {"token", "refreshToken", "scope"}
    assert post(PUBLIC[1], {"refreshToken": first["refreshToken"]})[0] == 200
    assert post(PUBLIC[1], {"refreshToken": first["token"]})[0] == 401
    status, error = post(PUBLIC[0], {"username": "tenant@thingsboard.org", "password": "wrong"})
    assert (status, error["status"], error["errorCode"]) == (401, 401, 10)
    assert set(error) == {"status", "message", "errorCode", "timestamp"}


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer x.y.z", "Basic dGVuYW50", "Bearer é"])
def test_calls_need_a_valid_token(tb: StandInThread, header: str | None) -> None:
    headers = {"X-Authorization": header.encode()} if header else {}
    response = requests.get(f"{tb.url}/api/deviceProfileInfo/default", headers=headers, timeout=5)
    assert (response.status_code, response.json()["errorCode"]) == (401, 10)


def test_the_usual_authorization_header_is_taken_too(api: Api) -> None:
    status, info = api("GET", "/api/deviceProfileInfo/default", scheme="Authorization")
    assert (status, info["name"]) == (200, "default")


def test_profile_round_trip(rest: RestClient, api: Api, name: str) -> None:
    created = rest.save_profile(name, "ALLOW_CREATE_NEW_DEVICES", f"K{name}", f"S{name}")
    assert (created["provisionDeviceKey"], created["version"]) == (f"K{name}", 1)
    changed = rest.save_profile(name, "CHECK_PRE_PROVISIONED_DEVICES", f"K{name}", "other")
    assert changed["id"] == created["id"]
    assert changed["profileData"]["provisionConfiguration"] == {
        "type": "CHECK_PRE_PROVISIONED_DEVICES",
        "provisionDeviceSecret": "other",
    }
    profile_id = created["id"]["id"]
    assert api("GET", f"/api/deviceProfile/{profile_id}")[1]["version"] == 2
    assert api("POST", "/api/deviceProfile", {**changed, "version": 1})[0] == 409
    rest.delete_profile(profile_id)
    assert rest.find_profile(name) is None


def test_profile_that_is_used_or_default_stays(rest: RestClient, api: Api, name: str) -> None:
    profile_id = rest.save_profile(name, "DISABLED", None, None)["id"]["id"]
    rest.save_device(name, profile_id)
    default_id = api("GET", "/api/deviceProfileInfo/default")[1]["id"]["id"]
    for kept in (profile_id, default_id):
        with pytest.raises(RestError) as caught:
            rest.delete_profile(kept)
        assert (caught.value.status, caught.value.code) == (400, 31)


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "default"},
        {"name": None},
        {"provisionType": "SOMETIMES"},
        {"profileData": 1},
        {"id": "x"},
        {"transportType": "SMOKE"},
        {"provisionDeviceKey": 5},
        {"profileData": {"provisionConfiguration": []}},
        {"profileData": {"transportConfiguration": {"deviceTelemetryTopic": 5}}},
    ],
)
def test_bad_profile_is_refused(api: Api, name: str, change: dict[str, Any]) -> None:
    status, error = api("POST", "/api/deviceProfile", {"name": name, **change})
    assert (status, error["errorCode"]) == (400, 31)


def test_provision_key_is_unique(rest: RestClient, name: str) -> None:
    rest.save_profile(name, "ALLOW_CREATE_NEW_DEVICES", f"K{name}", "s")
    with pytest.raises(RestError, match="provision device key already exists"):
        rest.save_profile(f"{name}-2", "ALLOW_CREATE_NEW_DEVICES", f"K{name}", "s")


def test_profiles_come_in_pages(rest: RestClient, api: Api, name: str) -> None:
    for number in range(3):
        rest.save_profile(f"page {name} {number}", "DISABLED", None, None)
    status, page = api("GET", f"/api/deviceProfiles?pageSize=2&page=1&textSearch=PAGE {name}")
    assert status == 200
    assert [profile["name"] for profile in page["data"]] == [f"page {name} 2"]
    assert (page["totalPages"], page["totalElements"], page["hasNext"]) == (2, 3, False)
    assert api("GET", "/api/deviceProfiles")[0] == 400


def test_device_round_trip(rest: RestClient, api: Api, name: str) -> None:
    created = rest.save_device(name, token=f"T{name}")
    device_id = created["id"]["id"]
    assert rest.find_device(name) == created == api("GET", f"/api/device/{device_id}")[1]
    assert rest.credentials(device_id)["credentialsId"] == f"T{name}"
    status, renamed = api("POST", "/api/device", {**created, "name": f"{name}-new", "label": "l"})
    assert (status, renamed["version"], renamed["label"]) == (200, 2, "l")
    assert rest.find_device(name) is None
    rest.delete_device(device_id)
    assert rest.find_device(f"{name}-new") is None
    with pytest.raises(RestError) as caught:
        rest.credentials(device_id)
    assert (caught.value.status, caught.value.code) == (404, 32)


def test_device_type_names_its_profile(api: Api, name: str) -> None:
    status, device = api("POST", "/api/device", {"name": name, "type": f"type {name}"})
    assert (status, device["type"]) == (200, f"type {name}")
    assert (
        api("POST", "/api/device", {"name": f"{name}-2", "type": f"type {name}"})[1]["deviceProfileId"]
        == device["deviceProfileId"]
    )
    assert api("POST", "/api/device", {"name": f"{name}-3"})[1]["type"] == "default"


def test_name_and_token_are_unique(rest: RestClient, name: str) -> None:
    rest.save_device(name, token=f"T{name}")
    with pytest.raises(RestError, match="such name already exists"):
        rest.save_device(name)
    with pytest.raises(RestError, match="already assigned"):
        rest.save_device(f"{name}-2", token=f"T{name}")
    assert rest.find_device(f"{name}-2") is None


def test_device_with_credentials_of_each_kind(api: Api, name: str) -> None:
    basic = f'{{"clientId":"c{name}","userName":"u{name}","password":"p"}}'
    for number, credentials in enumerate(
        (
            {"credentialsType": "ACCESS_TOKEN", "credentialsId": f"T{name}"},
            {"credentialsType": "MQTT_BASIC", "credentialsValue": basic},
            {"credentialsType": "X509_CERTIFICATE", "credentialsValue": f"MII{name}"},
        )
    ):
        body = {"device": {"name": f"{name}-{number}"}, "credentials": credentials}
        status, device = api("POST", "/api/device-with-credentials", body)
        assert status == 200
        shown = api("GET", f"/api/device/{device['id']['id']}/credentials")[1]
        assert {key: shown[key] for key in credentials} == credentials
    assert api("POST", "/api/device-with-credentials", {"device": {"name": name}})[0] == 400


@pytest.mark.parametrize(
    "change",
    [
        {"credentialsType": "NONE"},
        {"credentialsType": "ACCESS_TOKEN", "credentialsId": ""},
        {"credentialsType": "MQTT_BASIC", "credentialsValue": "{}"},
        {"credentialsType": "MQTT_BASIC", "credentialsValue": "no json"},
    ],
)
def test_bad_credentials_are_refused(rest: RestClient, api: Api, name: str, change: dict[str, str]) -> None:
    shown = rest.credentials(rest.save_device(name)["id"]["id"])
    status, error = api("POST", "/api/device/credentials", {**shown, **change})
    assert (status, error["errorCode"]) == (400, 31)


def test_latest_telemetry_is_text_unless_strict(tb: StandInThread, api: Api, device: RawClient, name: str) -> None:
    device.publish(TELEMETRY, b'{"i":25,"d":25.0,"b":true,"s":"x","j":{"k":[1]}}')
    device.puback()
    found = tb.device(name)
    assert found is not None
    path = f"/api/plugins/telemetry/DEVICE/{found.id}/values/timeseries?keys=i,d,b,s,j,none"
    shown = {key: samples[0]["value"] for key, samples in api("GET", path)[1].items()}
    assert shown == {"i": "25", "d": "25.0", "b": "true", "s": "x", "j": '{"k":[1]}', "none": None}
    strict = api("GET", path + "&useStrictDataTypes=true")[1]
    assert [strict[key][0]["value"] for key in "idbsj"] == [25, 25.0, True, "x", {"k": [1]}]


def test_history_and_keys(tb: StandInThread, api: Api, device: RawClient, name: str) -> None:
    device.publish(TELEMETRY, b'[{"ts":1,"values":{"a":1}},{"ts":2,"values":{"a":2,"b":0}},{"ts":3,"values":{"a":3}}]')
    device.puback()
    found = tb.device(name)
    assert found is not None
    base = f"/api/plugins/telemetry/DEVICE/{found.id}"
    history = f"{base}/values/timeseries?keys=a,none&startTs=1&endTs=3&agg=NONE"
    assert api("GET", history)[1] == {"a": [{"ts": 2, "value": "2"}, {"ts": 1, "value": "1"}]}
    assert api("GET", history + "&orderBy=ASC&limit=1")[1] == {"a": [{"ts": 1, "value": "1"}]}
    assert api("GET", f"{base}/keys/timeseries")[1] == ["a", "b"]
    assert api("GET", f"{base}/values/timeseries?keys=a")[1] == {"a": [{"ts": 3, "value": "3"}]}


def test_attributes_round_trip(rest: RestClient, api: Api, name: str) -> None:
    device_id = rest.save_device(name)["id"]["id"]
    rest.set_attributes(device_id, "SERVER_SCOPE", {"a": 1, "b": "x"})
    assert rest.attributes(device_id, "SERVER_SCOPE", ["b", "none"]) == {"b": "x"}
    rest.delete_attributes(device_id, "SERVER_SCOPE", ["a", "active"])
    assert rest.attributes(device_id, "SERVER_SCOPE") == {"b": "x"}
    base = "/api/plugins/telemetry"
    assert api("POST", f"{base}/{device_id}/SHARED_SCOPE", {"c": 1})[0] == 200
    assert len(api("GET", f"{base}/DEVICE/{device_id}/values/attributes")[1]) == 2
    for path, body in (("CLIENT_SCOPE", {"a": 1}), ("SHARED_SCOPE", {}), ("SHARED_SCOPE", [1]), ("NO_SCOPE", {"a": 1})):
        assert api("POST", f"{base}/DEVICE/{device_id}/attributes/{path}", body)[0] == 400
    assert api("DELETE", f"{base}/DEVICE/{device_id}/SHARED_SCOPE")[0] == 400


def test_client_says_what_to_do(tb: StandInThread) -> None:
    with RestClient(tb.url) as client:
        with pytest.raises(RestError, match="check the user name and password"):
            client.login(password="wrong")
        with pytest.raises(RestError, match="Authentication failed"):
            client.find_profile("x")
    with RestClient("http://127.0.0.1:9") as client, pytest.raises(RestError, match="is the server running there"):
        client.login()


def test_client_logs_in_again_when_its_token_is_refused(rest: RestClient) -> None:
    rest._session.headers["X-Authorization"] = "Bearer expired"
    assert rest.find_profile("default") is not None


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_body_that_is_no_object_is_400(tb: StandInThread, body: bytes) -> None:
    response = requests.post(tb.url + PUBLIC[0], data=body, timeout=5)
    assert (response.status_code, response.json()["errorCode"]) == (400, 31)
