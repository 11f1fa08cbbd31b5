"""Devices and their credentials."""

import json
from typing import Any

from aiohttp import web

from tbtools.server import credentials as creds
from tbtools.server.documents import show_credentials, show_device, show_device_info
from tbtools.server.http.body import entity_id, page, read_object
from tbtools.server.http.errors import bad_params, no_such_call, not_found
from tbtools.server.http.keys import CORE
from tbtools.server.model import Credentials, CredentialsType, Device, Profile
from tbtools.server.reasons import Reason
from tbtools.server.store import Store


async def save(request: web.Request) -> web.Response:
    """POST /api/device[?accessToken=T]: create, or change when the body has an id."""
    body = await read_object(request)
    core = request.app[CORE]
    token = request.query.get("accessToken")
    device = _save(core.store, body, creds.access_token(token) if token else None)
    return web.json_response(show_device(device))


async def save_with_credentials(request: web.Request) -> web.Response:
    """POST /api/device-with-credentials, since 3.4."""
    if not request.app[CORE].settings.version.saves_device_with_credentials:
        raise no_such_call()
    body = await read_object(request)
    device, credentials = body.get("device"), body.get("credentials")
    if not isinstance(device, dict) or not isinstance(credentials, dict):
        raise bad_params("'device' and 'credentials' should be specified!")
    return web.json_response(show_device(_save(request.app[CORE].store, device, _parse_credentials(credentials))))


async def read(request: web.Request) -> web.Response:
    """GET /api/device/{id}."""
    return web.json_response(show_device(_device(request)))


async def search(request: web.Request) -> web.Response:
    """GET /api/tenant/devices?deviceName=N, or a page of all devices."""
    store = request.app[CORE].store
    if "deviceName" not in request.query:
        return page(request, [show_device(device) for device in store.devices()])
    return web.json_response(show_device(_device_by_name(request)))


async def read_by_name(request: web.Request) -> web.Response:
    """GET /api/tenant/device?deviceName=N, since 4.3.1.2."""
    if not request.app[CORE].settings.version.has_tenant_device:
        raise no_such_call()
    return web.json_response(show_device(_device_by_name(request)))


async def search_infos(request: web.Request) -> web.Response:
    """GET /api/tenant/deviceInfos[?deviceProfileId=P]."""
    profile_id = request.query.get("deviceProfileId")
    devices = request.app[CORE].store.devices()
    return page(request, [show_device_info(each) for each in devices if profile_id in (None, each.profile.id)])


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/device/{id}; closes the live session."""
    core, device = request.app[CORE], _device(request)
    core.store.delete_device(device)
    core.sessions.close(device, "device deleted", Reason.ADMINISTRATIVE_ACTION)
    return web.Response()


async def read_credentials(request: web.Request) -> web.Response:
    """GET /api/device/{id}/credentials."""
    return web.json_response(show_credentials(_device(request)))


async def save_credentials(request: web.Request) -> web.Response:
    """POST /api/device/credentials; closes the live session."""
    core, body = request.app[CORE], await read_object(request)
    device = core.store.device(entity_id(body, "deviceId") or "")
    core.store.set_credentials(device, _parse_credentials(body))
    core.sessions.close(device, "credentials changed", Reason.ADMINISTRATIVE_ACTION)
    return web.json_response(show_credentials(device))


def _device(request: web.Request) -> Device:
    return request.app[CORE].store.device(request.match_info["id"])


def _device_by_name(request: web.Request) -> Device:
    device = request.app[CORE].store.device_by_name(request.query.get("deviceName", ""))
    if device is None:
        raise not_found("Requested item wasn't found!")
    return device


def _save(store: Store, body: dict[str, Any], credentials: Credentials | None) -> Device:
    device_id = entity_id(body, "id")
    if not isinstance(body.get("additionalInfo") or {}, dict):
        raise bad_params("'additionalInfo' is not an object")
    if device_id is None:
        return store.create_device(body.get("name") or "", _profile(store, body), credentials, body)
    device = store.device(device_id)
    store.update_device(device, body, _profile(store, body))
    if credentials is not None:
        store.set_credentials(device, credentials)
    return device


def _profile(store: Store, body: dict[str, Any]) -> Profile:
    """The profile a device names by id, else by its type, which is created if need be, else the default one."""
    profile_id = entity_id(body, "deviceProfileId")
    if profile_id is not None:
        return store.profile(profile_id)
    if not body.get("type"):
        return store.default_profile()
    return store.profile_by_name(body["type"]) or store.save_profile({"name": body["type"]})


def _parse_credentials(body: dict[str, Any]) -> Credentials:
    try:
        kind = CredentialsType(body.get("credentialsType"))
    except ValueError as error:
        raise bad_params("Device credentials type should be specified!") from error
    if kind is CredentialsType.ACCESS_TOKEN:
        return creds.access_token(body.get("credentialsId") or "")
    if kind is CredentialsType.X509_CERTIFICATE:
        return creds.x509_certificate(body.get("credentialsValue") or "")
    if kind is CredentialsType.MQTT_BASIC:
        return creds.mqtt_basic(_parse_basic(body.get("credentialsValue")))
    raise bad_params("LwM2M credentials are not served here")


def _parse_basic(text: Any) -> creds.BasicFields:
    """The fields in the JSON string that an MQTT_BASIC record has as its value."""
    fields = json.loads(text) if isinstance(text, str) else None
    if not isinstance(fields, dict):
        raise bad_params("Invalid credentials body for simple mqtt credentials!")
    return creds.BasicFields(fields.get("clientId"), fields.get("userName"), fields.get("password"))


ROUTES = [
    web.post("/api/device", save),
    web.post("/api/device-with-credentials", save_with_credentials),
    web.post("/api/device/credentials", save_credentials),
    web.get("/api/device/{id}", read),
    web.delete("/api/device/{id}", delete),
    web.get("/api/device/{id}/credentials", read_credentials),
    web.get("/api/tenant/device", read_by_name),
    web.get("/api/tenant/devices", search),
    web.get("/api/tenant/deviceInfos", search_infos),
]
