"""Device provisioning: the request, the decision, the answer (contract 2.2 to 2.6)."""

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tbtools.server import credentials as creds
from tbtools.server import lenient_json
from tbtools.server.entities import StoreError
from tbtools.server.kv import compact
from tbtools.server.model import Attempt, Credentials, CredentialsType, Device, Profile, ProvisionType, Scope
from tbtools.server.settings import Settings
from tbtools.server.store import Store

PROVISION_STATE = "provisionState"
PROTOBUF_NOT_FOUND = b"\x08\x02"


class NotAnObject(ValueError):
    """The payload is no JSON object."""


class BadRequest(ValueError):
    """A required key is missing, or a value has no reading; the message names the key only."""


class Unanswered(Exception):
    """The server never answers this request (strategy X509_CERTIFICATE_CHAIN)."""


class Status(str, Enum):
    """The value of "status" in the answer."""

    SUCCESS = "SUCCESS"
    NOT_FOUND = "NOT_FOUND"
    FAILURE = "FAILURE"


_ERROR_MESSAGES = {
    Status.NOT_FOUND: "Provision data was not found!",
    Status.FAILURE: "Failed to provision device!",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A provisioning request; a key that was not given is an empty string."""

    key: str
    secret: str
    device_name: str
    credentials_type: CredentialsType
    token: str
    client_id: str
    username: str
    password: str
    certificate: str
    gateway: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """A decision. *cause* is for the journal: it tells what the device is not told."""

    status: Status
    cause: str
    credentials: Credentials | None = None

    def answer(self) -> bytes:
        """The payload for /provision/response."""
        if self.credentials is None:
            return compact({"errorMsg": _ERROR_MESSAGES[self.status], "status": self.status.value}).encode()
        kind = {"credentialsType": self.credentials.type.value, "status": self.status.value}
        if self.credentials.type is CredentialsType.LWM2M_CREDENTIALS:
            return compact(kind).encode()
        return compact({"credentialsValue": _answer_value(self.credentials), **kind}).encode("utf-8", "replace")


def parse_request(payload: bytes) -> Request:
    """Read a request. Raises NotAnObject or BadRequest; ThingsBoard treats the two differently (contract 2.6)."""
    try:
        body = lenient_json.parse(payload)
    except lenient_json.InvalidJson as error:
        raise NotAnObject("not JSON") from error
    if not isinstance(body, dict):
        raise NotAnObject("not a JSON object")
    kind = _text(body, "credentialsType") if "credentialsType" in body else CredentialsType.ACCESS_TOKEN.value
    try:
        credentials_type = CredentialsType(kind)
    except ValueError as error:
        raise BadRequest("unknown credentialsType") from error
    return Request(
        key=_required(body, "provisionDeviceKey"),
        secret=_required(body, "provisionDeviceSecret"),
        device_name=_text(body, "deviceName"),
        credentials_type=credentials_type,
        token=_text(body, "token"),
        client_id=_text(body, "clientId"),
        username=_text(body, "username"),
        password=_text(body, "password"),
        certificate=_text(body, "hash"),
        gateway=_text(body, "gateway").lower() == "true",
    )


def provision(store: Store, settings: Settings, request: Request) -> Outcome:
    """Decide a request and carry it out (contract 2.3). Raises Unanswered."""
    name = request.device_name.strip()
    outcome = _decide(store, settings, request, name)
    device = store.device_by_name(name)
    if device is not None:
        device.last_attempt = Attempt(outcome.status.value, outcome.cause)
    return outcome


def _decide(store: Store, settings: Settings, request: Request, name: str) -> Outcome:
    if request.device_name and not name:
        return Outcome(Status.FAILURE, "device name is blank")
    if not request.key or not request.secret:
        return Outcome(Status.NOT_FOUND, "key or secret is empty")
    profile = store.profile_by_provision_key(request.key)
    if profile is None or not profile.provision_secret:
        return Outcome(Status.NOT_FOUND, "no profile with this key")
    if profile.provision_type is ProvisionType.X509_CERTIFICATE_CHAIN:
        raise Unanswered
    if profile.provision_type is ProvisionType.DISABLED:
        return Outcome(Status.NOT_FOUND, "provisioning is disabled in the profile")
    if profile.provision_secret != request.secret:
        return Outcome(Status.NOT_FOUND, "wrong secret")
    if profile.provision_type is ProvisionType.CHECK_PRE_PROVISIONED_DEVICES:
        return _claim_existing(store.device_by_name(name), profile)
    return _create(store, settings, profile, name, request)


def _claim_existing(device: Device | None, profile: Profile) -> Outcome:
    if device is None:
        return Outcome(Status.FAILURE, "device is not pre-provisioned")
    if device.profile is not profile:
        return Outcome(Status.FAILURE, "device belongs to another profile")
    if PROVISION_STATE in device.attributes[Scope.SERVER_SCOPE]:
        return Outcome(Status.FAILURE, "device is already provisioned")
    return _provisioned(device)


def _create(store: Store, settings: Settings, profile: Profile, name: str, request: Request) -> Outcome:
    if name and store.device_by_name(name) is not None:
        return Outcome(Status.FAILURE, "device name is taken")
    gateway = request.gateway and settings.version.knows_gateway_flag
    body = {"additionalInfo": {"gateway": True}} if gateway else {}
    try:
        device = store.create_device(name or creds.random_text(), profile, _requested_credentials(request), body)
    except (creds.InvalidCredentials, StoreError) as error:
        return Outcome(Status.FAILURE, str(error))
    return _provisioned(device)


def _provisioned(device: Device) -> Outcome:
    device.set_attributes(Scope.SERVER_SCOPE, {PROVISION_STATE: "provisioned"})
    return Outcome(Status.SUCCESS, "", device.credentials)


def _requested_credentials(request: Request) -> Credentials | None:
    """The credentials asked for; None when no field is given, which means a random token whatever the type."""
    given = (request.token, request.client_id, request.username, request.password, request.certificate)
    if not any(given):
        return None
    if request.credentials_type is CredentialsType.ACCESS_TOKEN:
        return creds.access_token(request.token)
    if request.credentials_type is CredentialsType.MQTT_BASIC:
        return creds.mqtt_basic(creds.BasicFields(request.client_id, request.username, request.password))
    if request.credentials_type is CredentialsType.X509_CERTIFICATE:
        return creds.x509_certificate(request.certificate)
    raise creds.InvalidCredentials("LwM2M credentials cannot be requested")


def _answer_value(credentials: Credentials) -> Any:
    if credentials.type is CredentialsType.MQTT_BASIC:
        return json.loads(credentials.value or "{}")
    return credentials.lookup_id if credentials.type is CredentialsType.ACCESS_TOKEN else credentials.value


def _required(body: dict[str, Any], key: str) -> str:
    if key not in body:
        raise BadRequest(f"{key} is missing")
    return _text(body, key)


def _text(body: dict[str, Any], key: str) -> str:
    """A value as a string, as Gson's getAsString reads it: any primitive, or an array of just one."""
    value = body.get(key, "")
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise BadRequest(f"{key} is {'null' if value is None else 'not a primitive'}")
    return str(value)
