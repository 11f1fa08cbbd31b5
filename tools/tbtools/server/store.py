"""The entities and the rules under which they may be saved. One tenant, in memory, used from one thread."""

import copy
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, TypeVar

from tbtools.server import credentials as creds
from tbtools.server.documents import device_document, profile_document
from tbtools.server.kv import looks_like_markup
from tbtools.server.model import Credentials, Device, Profile, ProvisionType, new_id

NAME_LENGTH_MAX = 255
T = TypeVar("T")


class Reason(Enum):
    """Why the store refuses, with ThingsBoard's HTTP status and error code."""

    BAD_PARAMS = (400, 31)
    NOT_FOUND = (404, 32)
    VERSION_CONFLICT = (409, 35)
    ENTITY_LIMIT = (403, 41)


class StoreError(Exception):
    """A save or look-up that ThingsBoard refuses; the message is ThingsBoard's, or close to it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Store:
    """Profiles and devices with their unique keys.

    *max_devices* is asked at each creation; 0 is no limit.
    """

    def __init__(self, max_devices: Callable[[], int] = lambda: 0) -> None:
        self._max_devices = max_devices
        self._profiles: dict[str, Profile] = {}
        self._devices: dict[str, Device] = {}
        self._by_name: dict[str, Device] = {}
        self._by_lookup_id: dict[str, Device] = {}
        self.save_profile({"name": "default", "default": True})

    # -- profiles

    def profiles(self) -> Iterable[Profile]:
        """All profiles, oldest first."""
        return self._profiles.values()

    def default_profile(self) -> Profile:
        """The profile of devices that name none."""
        return next(profile for profile in self._profiles.values() if profile.is_default)

    def profile(self, profile_id: str) -> Profile:
        """Find a profile by id."""
        return _found(self._profiles.get(profile_id), "Device profile", profile_id)

    def profile_by_name(self, name: str) -> Profile | None:
        """Find a profile by its exact name."""
        return next((profile for profile in self._profiles.values() if profile.name == name), None)

    def profile_by_provision_key(self, key: str) -> Profile | None:
        """Find the profile that *key* selects."""
        return next((profile for profile in self._profiles.values() if profile.provision_key == key), None)

    def save_profile(self, body: dict[str, Any]) -> Profile:
        """Create a profile, or replace it when *body* has an id."""
        old = self.profile(body["id"]["id"]) if body.get("id") else None
        if old is not None:
            _check_version(body, old.document["version"])
        name = _checked_name(body.get("name"), "Device profile")
        same_name = self.profile_by_name(name)
        if same_name is not None and same_name is not old:
            raise StoreError(Reason.BAD_PARAMS, "Device profile with such name already exists!")
        document = profile_document(body, old.document if old else None)
        saved = _profile_of(old.id if old else new_id(), document)
        same_key = self.profile_by_provision_key(saved.provision_key) if saved.provision_key else None
        if same_key is not None and same_key is not old:
            raise StoreError(Reason.BAD_PARAMS, "Device profile with such provision device key already exists!")
        if old is None:
            self._profiles[saved.id] = saved
            return saved
        _assign(old, saved)
        return old

    def delete_profile(self, profile_id: str) -> None:
        """Delete a profile that is neither the default one nor in use."""
        profile = self.profile(profile_id)
        if profile.is_default:
            raise StoreError(Reason.BAD_PARAMS, "Deletion of Default Device Profile is prohibited!")
        if any(device.profile is profile for device in self._devices.values()):
            raise StoreError(Reason.BAD_PARAMS, "The device profile referenced by the devices cannot be deleted!")
        del self._profiles[profile_id]

    # -- devices

    def devices(self) -> Iterable[Device]:
        """All devices, oldest first."""
        return self._devices.values()

    def device(self, device_id: str) -> Device:
        """Find a device by id."""
        return _found(self._devices.get(device_id), "Device", device_id)

    def device_by_name(self, name: str) -> Device | None:
        """Find a device by its exact name."""
        return self._by_name.get(name)

    def device_by_lookup_id(self, lookup_id: str) -> Device | None:
        """Find the device whose credentials have *lookup_id*."""
        return self._by_lookup_id.get(lookup_id)

    def create_device(
        self, name: str, profile: Profile, credentials: Credentials | None = None, body: dict[str, Any] | None = None
    ) -> Device:
        """Create a device, with a random access token unless *credentials* are given; all or nothing."""
        name = _checked_name(name, "Device")
        if name in self._by_name:
            raise StoreError(Reason.BAD_PARAMS, "Device with such name already exists!")
        if 0 < self._max_devices() <= len(self._devices):
            raise StoreError(Reason.ENTITY_LIMIT, "Devices limit reached")
        credentials = credentials or creds.access_token(creds.random_text())
        self._check_unused(credentials, None)
        device = Device(name, profile, credentials, device_document(body or {}))
        self._devices[device.id] = self._by_name[name] = self._by_lookup_id[credentials.lookup_id] = device
        return device

    def update_device(self, device: Device, body: dict[str, Any], profile: Profile) -> None:
        """Replace a device's name, profile and document."""
        _check_version(body, device.version)
        name = _checked_name(body.get("name"), "Device")
        if self._by_name.get(name, device) is not device:
            raise StoreError(Reason.BAD_PARAMS, "Device with such name already exists!")
        del self._by_name[device.name]
        self._by_name[name] = device
        device.name, device.profile, device.document = name, profile, device_document(body)
        device.version += 1

    def delete_device(self, device: Device) -> None:
        """Delete a device and all its data."""
        del self._devices[device.id], self._by_name[device.name], self._by_lookup_id[device.credentials.lookup_id]

    def set_credentials(self, device: Device, credentials: Credentials) -> None:
        """Give *device* other credentials."""
        self._check_unused(credentials, device)
        del self._by_lookup_id[device.credentials.lookup_id]
        credentials.id, credentials.created_ms = device.credentials.id, device.credentials.created_ms
        credentials.version = device.credentials.version + 1
        device.credentials = credentials
        self._by_lookup_id[credentials.lookup_id] = device

    def _check_unused(self, credentials: Credentials, owner: Device | None) -> None:
        if self._by_lookup_id.get(credentials.lookup_id, owner) is not owner:
            raise StoreError(Reason.BAD_PARAMS, "Device credentials are already assigned to another device!")


def _found(entity: T | None, kind: str, entity_id: str) -> T:
    if entity is None:
        raise StoreError(Reason.NOT_FOUND, f"{kind} with id [{entity_id}] is not found")
    return entity


def _checked_name(name: Any, kind: str) -> str:
    if not isinstance(name, str) or not name.strip():
        raise StoreError(Reason.BAD_PARAMS, f"{kind} name should be specified!")
    if len(name) > NAME_LENGTH_MAX:
        raise StoreError(Reason.BAD_PARAMS, "Validation error: name length must be equal or less than 255")
    if "\x00" in name:
        raise StoreError(Reason.BAD_PARAMS, "Validation error: name should not contain 0x00 symbol")
    if looks_like_markup(name):
        raise StoreError(Reason.BAD_PARAMS, "Validation error: name is malformed")
    return name


def _check_version(body: dict[str, Any], current: int) -> None:
    if body.get("version") not in (None, current):
        raise StoreError(Reason.VERSION_CONFLICT, "The entity was already changed by someone else!")


def _profile_of(profile_id: str, document: dict[str, Any]) -> Profile:
    try:
        provision_type = ProvisionType(document["provisionType"])
    except ValueError as error:
        raise StoreError(Reason.BAD_PARAMS, f"Unknown provision type {document['provisionType']!r}") from error
    configuration = document["profileData"].get("provisionConfiguration") or {}
    secret = configuration.get("provisionDeviceSecret")
    if configuration.get("type") == ProvisionType.X509_CERTIFICATE_CHAIN.value and secret is not None:
        document["provisionDeviceKey"] = creds.sha3(creds.first_certificate(secret))  # whatever it was (contract 2.8)
    return Profile(
        id=profile_id,
        name=document["name"],
        transport_type=document["transportType"],
        provision_type=provision_type,
        provision_key=document["provisionDeviceKey"] or None,
        provision_secret=secret,
        document=document,
        is_default=document["default"],
    )


def _assign(old: Profile, new: Profile) -> None:
    """Change *old* in place, as devices refer to it."""
    for name in Profile.__slots__:
        setattr(old, name, copy.copy(getattr(new, name)))
