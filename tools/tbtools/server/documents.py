"""Devices, profiles and credentials as the REST API shows them."""

import copy
from typing import Any

from tbtools.server.model import Credentials, Device, Profile, Scope, now_ms

TENANT_ID = {"entityType": "TENANT", "id": "0f2c1a00-5c1f-11ef-8000-6f2d0e8a1c01"}
NO_CUSTOMER_ID = {"entityType": "CUSTOMER", "id": "13814000-1dd2-11b2-8080-808080808080"}

_PROFILE_DEFAULTS: dict[str, Any] = {
    "description": None,
    "image": None,
    "type": "DEFAULT",
    "transportType": "DEFAULT",
    "provisionType": "DISABLED",
    "defaultRuleChainId": None,
    "defaultDashboardId": None,
    "defaultQueueName": None,
    "defaultEdgeRuleChainId": None,
    "provisionDeviceKey": None,
    "firmwareId": None,
    "softwareId": None,
    "externalId": None,
    "default": False,
}
_PROFILE_DATA_DEFAULTS: dict[str, Any] = {
    "configuration": {"type": "DEFAULT"},
    "transportConfiguration": {"type": "DEFAULT"},
    "provisionConfiguration": {"type": "DISABLED", "provisionDeviceSecret": None},
    "alarms": None,
}
_DEVICE_DEFAULTS: dict[str, Any] = {
    "label": None,
    "additionalInfo": None,
    "firmwareId": None,
    "softwareId": None,
    "externalId": None,
    "deviceData": {"configuration": {"type": "DEFAULT"}, "transportConfiguration": {"type": "DEFAULT"}},
}


def profile_document(body: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
    """What is stored for a profile that was posted as *body* over *old*; the id is kept elsewhere."""
    document = {key: copy.deepcopy(body.get(key, default)) for key, default in _PROFILE_DEFAULTS.items()}
    document["name"] = body["name"]
    document["profileData"] = copy.deepcopy(_PROFILE_DATA_DEFAULTS | (body.get("profileData") or {}))
    document["createdTime"] = old["createdTime"] if old else now_ms()
    document["version"] = old["version"] + 1 if old else 1
    return document


def device_document(body: dict[str, Any]) -> dict[str, Any]:
    """What is stored for a device that was posted as *body*, beside its name and profile."""
    return {key: copy.deepcopy(body.get(key, default)) for key, default in _DEVICE_DEFAULTS.items()}


def show_profile(profile: Profile) -> dict[str, Any]:
    """DeviceProfile."""
    return {"id": {"entityType": "DEVICE_PROFILE", "id": profile.id}, "tenantId": TENANT_ID, **profile.document}


def show_profile_info(profile: Profile) -> dict[str, Any]:
    """DeviceProfileInfo."""
    keys = ("name", "image", "defaultDashboardId", "type", "transportType")
    return {
        "id": {"entityType": "DEVICE_PROFILE", "id": profile.id},
        "tenantId": TENANT_ID,
        **{key: profile.document[key] for key in keys},
    }


def show_device(device: Device) -> dict[str, Any]:
    """Device."""
    return {
        "id": {"entityType": "DEVICE", "id": device.id},
        "createdTime": device.created_ms,
        "tenantId": TENANT_ID,
        "customerId": NO_CUSTOMER_ID,
        "name": device.name,
        "type": device.profile.name,
        "deviceProfileId": {"entityType": "DEVICE_PROFILE", "id": device.profile.id},
        **device.document,
        "version": device.version,
    }


def show_device_info(device: Device) -> dict[str, Any]:
    """DeviceInfo."""
    active = device.attributes[Scope.SERVER_SCOPE].get("active")
    return {
        **show_device(device),
        "customerTitle": None,
        "customerIsPublic": False,
        "deviceProfileName": device.profile.name,
        "active": active is not None and active.value is True,
    }


def show_credentials(device: Device) -> dict[str, Any]:
    """DeviceCredentials."""
    credentials: Credentials = device.credentials
    return {
        "id": {"id": credentials.id},
        "createdTime": credentials.created_ms,
        "deviceId": {"entityType": "DEVICE", "id": device.id},
        "credentialsType": credentials.type.value,
        "credentialsId": credentials.lookup_id,
        "credentialsValue": credentials.value,
        "version": credentials.version,
    }
