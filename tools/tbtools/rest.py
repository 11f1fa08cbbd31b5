"""A small client for ThingsBoard's REST API, as a tenant administrator uses it. For a real server and the stand-in."""

from dataclasses import dataclass, field
from typing import Any, Literal

import requests

Json = dict[str, Any]
Scope = Literal["CLIENT_SCOPE", "SHARED_SCOPE", "SERVER_SCOPE"]
ProvisionType = Literal["DISABLED", "ALLOW_CREATE_NEW_DEVICES", "CHECK_PRE_PROVISIONED_DEVICES"]

_PAGE_SIZE = 100
_ADVICE = {
    401: "check the user name and password of the tenant administrator",
    403: "log in as a tenant administrator, and check the tenant's limits",
    404: "check the name or id: nothing on the server has it",
    409: "someone else changed it meanwhile; read it again and repeat the change",
    429: "the server limits requests; wait and try again",
}


class RestError(Exception):
    """A call failed. The message says what to do; *status* is 0 when there was no answer at all."""

    def __init__(self, message: str, status: int = 0, code: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class RestClient:
    """One tenant administrator's connection; not for several threads at once.

    *url* is like http://127.0.0.1:8080; *timeout_s* bounds each call.
    """

    url: str
    timeout_s: float = 10.0
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _login: tuple[str, str] | None = field(default=None, repr=False)

    def __enter__(self) -> "RestClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def login(self, user: str = "tenant@thingsboard.org", password: str = "tenant") -> None:
        """Log in; it is done again by itself when the token expires."""
        answer = self._request("POST", "/api/auth/login", body={"username": user, "password": password}, renew=False)
        self._session.headers["X-Authorization"] = f"Bearer {answer['token']}"
        self._login = (user, password)

    # -- device profiles

    def find_profile(self, name: str) -> Json | None:
        """The profile of exactly that name."""
        params: Json = {"pageSize": _PAGE_SIZE, "textSearch": name, "page": 0}
        while True:
            page = self._request("GET", "/api/deviceProfiles", params)
            found = next((profile for profile in page["data"] if profile["name"] == name), None)
            if found is not None or not page["hasNext"]:
                return found
            params["page"] += 1

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
        return self._object("POST", "/api/deviceProfile", body=changed)

    def delete_profile(self, profile_id: str) -> None:
        """Delete a profile that no device has."""
        self._request("DELETE", f"/api/deviceProfile/{profile_id}")

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

    def attributes(self, device_id: str, scope: Scope, keys: list[str] | None = None) -> dict[str, Any]:
        """The attributes of one scope."""
        params = {"keys": ",".join(keys)} if keys else None
        answer = self._request("GET", f"{self._data(device_id)}/values/attributes/{scope}", params)
        return {attribute["key"]: attribute["value"] for attribute in answer}

    def set_attributes(self, device_id: str, scope: Scope, values: Json) -> None:
        """Write shared or server attributes."""
        self._request("POST", f"{self._data(device_id)}/attributes/{scope}", body=values)

    def delete_attributes(self, device_id: str, scope: Scope, keys: list[str]) -> None:
        """Delete attributes; deleting provisionState of SERVER_SCOPE allows a device to provision again."""
        self._request("DELETE", f"{self._data(device_id)}/{scope}", {"keys": ",".join(keys)})

    # -- inside

    @staticmethod
    def _data(device_id: str) -> str:
        return f"/api/plugins/telemetry/DEVICE/{device_id}"

    def _object(self, method: str, path: str, params: Json | None = None, body: Json | None = None) -> Json:
        answer: Json = self._request(method, path, params, body)
        return answer

    def _request(
        self, method: str, path: str, params: Json | None = None, body: Json | None = None, renew: bool = True
    ) -> Any:
        try:
            response = self._session.request(
                method, self.url.rstrip("/") + path, params=params, json=body, timeout=self.timeout_s
            )
        except requests.RequestException as error:
            raise RestError(
                f"no answer from {self.url}: is the server running there? ({type(error).__name__})"
            ) from error
        if response.status_code == requests.codes.unauthorized and renew and self._login is not None:
            self.login(*self._login)
            return self._request(method, path, params, body, renew=False)
        if not response.ok:
            raise _error(method, path, response)
        try:
            return response.json() if response.content else None
        except ValueError as error:
            raise RestError(f"{self.url} answers {path} with something else than JSON: is it a ThingsBoard?") from error


def _error(method: str, path: str, response: requests.Response) -> RestError:
    try:
        body = response.json()
    except ValueError:
        body = {}
    message = body.get("message") if isinstance(body, dict) else None
    code = body.get("errorCode", 0) if isinstance(body, dict) else 0
    what = f"{method} {path}: {response.status_code} {message or response.reason}"
    advice = _ADVICE.get(response.status_code)
    return RestError(f"{what}; {advice}" if advice else what, response.status_code, code)
