"""A small client for ThingsBoard's REST API, as a tenant administrator uses it. For a real server and the stand-in.

ThingsBoard's own package, tb_ce_client, does not serve here: its models drop the fields that they do not know, such as
a profile's alarm rules, so that reading, changing and writing would lose them, it reads no attributes, and it finds a
device by a call that servers before 4.3.1.2 answer with "not found".
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH

Json = dict[str, Any]
Scope = Literal["CLIENT_SCOPE", "SHARED_SCOPE", "SERVER_SCOPE"]
ProvisionType = Literal["DISABLED", "ALLOW_CREATE_NEW_DEVICES", "CHECK_PRE_PROVISIONED_DEVICES"]

_PAGE_SIZE = 100
_LOGIN = "/api/auth/login"
_NO_SUCH_CALL = (404, 405)
_GATEWAY_ERRORS = (502, 503, 504)
_ADVICE = {
    401: "check the user name and password of the tenant administrator",
    403: "log in as a tenant administrator, and check the tenant's limits",
    404: "check the name or id: nothing on the server has it",
    409: "someone else changed it meanwhile; read it again and repeat the change",
    429: "the server limits requests; wait and try again",
}


class RestError(Exception):
    """A call failed. The message says what to do; *status* is 0 when there was no answer at all, and *reason* is the
    server's own sentence.
    """

    def __init__(self, message: str, status: int = 0, code: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.reason = reason


class NotThingsBoard(RestError):
    """Something answers, but not as ThingsBoard does."""


@dataclass
class RestClient:
    """One tenant administrator's connection; not for several threads at once.

    *url* is like http://127.0.0.1:8080; *timeout_s* bounds each call; *waiting* is entered for as long as a call takes.
    *server_time* is the server's clock in its last answer, in whole seconds, if it has told.
    """

    url: str
    timeout_s: float = 10.0
    waiting: Callable[[], AbstractContextManager[object]] = nullcontext
    server_time: datetime | None = field(default=None, init=False)
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _login: tuple[str, str] | None = field(default=None, repr=False)

    def __enter__(self) -> "RestClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def login(self, user: str = "tenant@thingsboard.org", password: str = "tenant") -> None:
        """Log in; it is done again by itself when the token expires."""
        body = {"username": user, "password": password}
        try:
            answer = self._request("POST", _LOGIN, body=body, renew=False)
        except RestError as error:
            if error.status in _NO_SUCH_CALL:
                raise NotThingsBoard(f"{self.url} has no log-in: is it a ThingsBoard?", error.status) from error
            raise
        if not isinstance(answer, dict) or not isinstance(answer.get("token"), str):
            raise NotThingsBoard(f"{self.url} answers the log-in without a token: is it a ThingsBoard?")
        self._session.headers["X-Authorization"] = f"Bearer {answer['token']}"
        self._login = (user, password)

    @property
    def token(self) -> str:
        """What the log-in gave. It is secret."""
        return str(self._session.headers["X-Authorization"]).removeprefix("Bearer ")

    @property
    def ca_bundle(self) -> str:
        """The file or folder of the CAs that are trusted, for another connection to the same server."""
        verify = self._session.merge_environment_settings(self.url, {}, None, None, None)["verify"]
        return verify if isinstance(verify, str) else DEFAULT_CA_BUNDLE_PATH

    def server_version(self) -> str | None:
        """What the server says of itself, such as "4.3.0"; None before 3.3.3, which does not tell."""
        try:
            return str(self._object("GET", "/api/system/info")["version"])
        except RestError as error:
            if error.status == requests.codes.not_found:
                return None
            raise

    # -- device profiles

    def profiles(self, text: str = "") -> Iterator[Json]:
        """The profiles with *text* in their name."""
        return self._pages("/api/deviceProfiles", {"textSearch": text})

    def find_profile(self, name: str) -> Json | None:
        """The profile of exactly that name."""
        return next((profile for profile in self.profiles(name) if profile["name"] == name), None)

    def default_profile(self) -> Json:
        """The profile of devices that name none, without its data."""
        return self._object("GET", "/api/deviceProfileInfo/default")

    def put_profile(self, body: Json) -> Json:
        """Create a profile; with an id in *body*, replace it."""
        return self._object("POST", "/api/deviceProfile", body=body)

    def save_profile(self, name: str, kind: ProvisionType, key: str | None, secret: str | None) -> Json:
        """Create the profile of that name, or change how it provisions; the rest of an existing one stays."""
        profile = self.find_profile(name) or {"name": name, "type": "DEFAULT", "transportType": "DEFAULT"}
        default: Json = {
            "configuration": {"type": "DEFAULT"},
            "transportConfiguration": {"type": "DEFAULT"},
            "alarms": None,
        }
        provision = {"type": kind, "provisionDeviceSecret": secret}
        data = {**default, **profile.get("profileData", {}), "provisionConfiguration": provision}
        changed = {**profile, "provisionType": kind, "provisionDeviceKey": key, "profileData": data}
        return self.put_profile(changed)

    def delete_profile(self, profile_id: str) -> None:
        """Delete a profile that no device has."""
        self._request("DELETE", f"/api/deviceProfile/{profile_id}")

    def devices_of_profile(self, profile_id: str) -> Iterator[Json]:
        """The devices that have a profile."""
        return self._pages("/api/tenant/deviceInfos", {"deviceProfileId": profile_id})

    def alarm_rules(self, profile_id: str) -> Iterator[Json]:
        """The alarm rules of a profile, since 4.3; before, they stand in the profile."""
        return self._pages(f"/api/DEVICE_PROFILE/{profile_id}/calculatedFields", {"type": "ALARM"})

    def put_alarm_rule(self, body: Json) -> Json:
        """Create an alarm rule, since 4.3; with an id in *body*, replace it."""
        return self._object("POST", "/api/calculatedField", body=body)

    # -- devices

    def find_device(self, name: str) -> Json | None:
        """The device of exactly that name."""
        try:
            return self._object("GET", "/api/tenant/devices", {"deviceName": name})
        except RestError as error:
            if error.status == requests.codes.not_found:
                return None
            raise

    def save_device(self, name: str, profile_id: str | None = None, token: str | None = None) -> Json:
        """Create a device; without *profile_id* it has the default profile, without *token* a random one."""
        body: Json = {"name": name}
        if profile_id is not None:
            body["deviceProfileId"] = {"entityType": "DEVICE_PROFILE", "id": profile_id}
        return self._object("POST", "/api/device", {"accessToken": token} if token else None, body)

    def save_device_with_credentials(self, device: Json, credentials: Json) -> Json:
        """Create a device together with its credentials, since 3.4."""
        body = {"device": device, "credentials": credentials}
        return self._object("POST", "/api/device-with-credentials", body=body)

    def delete_device(self, device_id: str) -> None:
        """Delete a device; its connection is closed."""
        self._request("DELETE", f"/api/device/{device_id}")

    def credentials(self, device_id: str) -> Json:
        """The device's credentials. They are secret."""
        return self._object("GET", f"/api/device/{device_id}/credentials")

    def set_token(self, device_id: str, token: str) -> None:
        """Give the device another access token; its connection is closed."""
        changed = {
            **self.credentials(device_id),
            "credentialsType": "ACCESS_TOKEN",
            "credentialsId": token,
            "credentialsValue": None,
        }
        self._request("POST", "/api/device/credentials", body=changed)

    # -- data

    def latest_telemetry(self, device_id: str, keys: list[str] | None = None) -> dict[str, Any]:
        """The newest value of each key, typed; a key without any is left out."""
        params: Json = {"useStrictDataTypes": "true"}
        if keys:
            params["keys"] = ",".join(keys)
        answer = self._object("GET", f"{self._data(device_id)}/values/timeseries", params)
        newest = {key: samples[0]["value"] for key, samples in answer.items() if samples}
        return {key: value for key, value in newest.items() if value is not None}

    def latest_samples(self, device_id: str, keys: list[str]) -> dict[str, list[Json]]:
        """The newest sample of each key, typed, as {"ts": ..., "value": ...}; of all keys when none is given."""
        return self._samples(device_id, {"keys": ",".join(keys)} if keys else {})

    def history(self, device_id: str, keys: list[str], start_ms: int, end_ms: int, limit: int) -> dict[str, list[Json]]:
        """The samples of *keys* with start <= ts < end, newest first, at most *limit* of each key."""
        params = {"keys": ",".join(keys), "startTs": start_ms, "endTs": end_ms, "limit": limit, "agg": "NONE"}
        return self._samples(device_id, {**params, "orderBy": "DESC"})

    def telemetry_keys(self, device_id: str) -> list[str]:
        """The keys of all that the device has ever sent."""
        return sorted(self._request("GET", f"{self._data(device_id)}/keys/timeseries"))

    def attributes(self, device_id: str, scope: Scope, keys: list[str] | None = None) -> dict[str, Any]:
        """The attributes of one scope."""
        return {attribute["key"]: attribute["value"] for attribute in self.attribute_list(device_id, scope, keys)}

    def attribute_list(self, device_id: str, scope: Scope, keys: list[str] | None = None) -> list[Json]:
        """The attributes of one scope, as {"key": ..., "value": ..., "lastUpdateTs": ...}."""
        params = {"keys": ",".join(keys)} if keys else None
        answer: list[Json] = self._request("GET", f"{self._data(device_id)}/values/attributes/{scope}", params)
        return answer

    def set_attributes(self, device_id: str, scope: Scope, values: Json) -> None:
        """Write shared or server attributes."""
        self._request("POST", f"{self._data(device_id)}/attributes/{scope}", body=values)

    def delete_attributes(self, device_id: str, scope: Scope, keys: list[str]) -> None:
        """Delete attributes; deleting provisionState of SERVER_SCOPE allows a device to provision again."""
        self._request("DELETE", f"{self._data(device_id)}/{scope}", {"keys": ",".join(keys)})

    # -- dashboards

    def dashboards(self, title: str) -> list[Json]:
        """The dashboards of exactly that title, without their configuration. The title is not unique."""
        found = self._pages("/api/tenant/dashboards", {"textSearch": title})
        return [dashboard for dashboard in found if dashboard["title"] == title]

    def dashboard(self, dashboard_id: str) -> Json:
        """A whole dashboard."""
        return self._object("GET", f"/api/dashboard/{dashboard_id}")

    def put_dashboard(self, body: Json) -> Json:
        """Create a dashboard; with an id in *body*, replace it."""
        return self._object("POST", "/api/dashboard", body=body)

    # -- inside

    @staticmethod
    def _data(device_id: str) -> str:
        return f"/api/plugins/telemetry/DEVICE/{device_id}"

    def _samples(self, device_id: str, params: Json) -> dict[str, list[Json]]:
        path = f"{self._data(device_id)}/values/timeseries"
        return self._object("GET", path, {**params, "useStrictDataTypes": "true"})

    def _pages(self, path: str, params: Json) -> Iterator[Json]:
        """The entities of all pages of a list."""
        page: Json = {"hasNext": True}
        number = 0
        while page["hasNext"]:
            page = self._object("GET", path, {**params, "pageSize": _PAGE_SIZE, "page": number})
            yield from page["data"]
            number += 1

    def _object(self, method: str, path: str, params: Json | None = None, body: Json | None = None) -> Json:
        answer = self._request(method, path, params, body)
        if not isinstance(answer, dict):
            raise NotThingsBoard(f"{self.url} answers {path} with something else than an object: is it a ThingsBoard?")
        return answer

    def _request(
        self, method: str, path: str, params: Json | None = None, body: Json | None = None, renew: bool = True
    ) -> Any:
        url = self.url.rstrip("/") + path
        try:
            with self.waiting():
                response = self._session.request(
                    method, url, params=params, json=body, timeout=self.timeout_s, allow_redirects=False
                )
        except requests.RequestException as error:
            raise RestError(f"no answer from {self.url}: {_why(error)} ({type(error).__name__})") from error
        self.server_time = _date(response)
        if response.status_code == requests.codes.unauthorized and renew and self._login is not None:
            self.login(*self._login)
            return self._request(method, path, params, body, renew=False)
        if response.is_redirect:  # a log-in is not handed on to whom we were not told to trust
            raise NotThingsBoard(f"{self.url} sends us on to {_origin(response)}", response.status_code)
        if not response.ok:
            raise _error(self.url, method, path, response)
        try:
            return response.json() if response.content else None
        except ValueError as error:
            what = f"{self.url} answers {path} with something else than JSON: is it a ThingsBoard?"
            raise NotThingsBoard(what, response.status_code) from error


def _date(response: requests.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        return None


def _why(error: requests.RequestException) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate is not trusted; REQUESTS_CA_BUNDLE names the file of a CA of your own"
    if isinstance(error, requests.Timeout):
        return "it takes too long"
    return "is the server running there?"


def _origin(response: requests.Response) -> str:
    """The address of a redirect without its path, in which there may be more than a person should see."""
    parts = urlsplit(response.headers["Location"])
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another page"


def _error(url: str, method: str, path: str, response: requests.Response) -> RestError:
    try:
        body = response.json()
    except ValueError:
        body = None
    if response.status_code in _GATEWAY_ERRORS and not isinstance(body, dict):
        return RestError(f"no answer from {url}: ThingsBoard does not run behind it ({response.status_code})")
    if not isinstance(body, dict) or "message" not in body:
        what = f"{url} answers {path} with {response.status_code}, not as ThingsBoard does"
        return NotThingsBoard(what, response.status_code)
    reason = str(body["message"] or response.reason)
    what = f"{method} {path}: {response.status_code} {reason}"
    advice = _ADVICE.get(response.status_code)
    message = f"{what}; {advice}" if advice else what
    return RestError(message, response.status_code, body.get("errorCode", 0), reason)
