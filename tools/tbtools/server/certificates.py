"""Devices that are known by a client certificate (contract 1.4, 2.8)."""

import base64
import re
from datetime import datetime, timezone
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tbtools.server import credentials as creds
from tbtools.server.model import CredentialsType, Device, Profile, ProvisionType, Scope
from tbtools.server.store import Store, StoreError

_PROVISION_STATE = "provisionState"


def provision(store: Store, chain: list[x509.Certificate]) -> None:
    """Do what ThingsBoard does in the TLS handshake: the first of *chain* that means something to it decides.

    That is a device's own certificate, or one of a profile, which then may make a device of the leaf.
    """
    for certificate in chain:
        lookup_id = creds.sha3(_body(certificate))
        if _owner(store, lookup_id) is not None:
            return
        profile = store.profile_by_provision_key(lookup_id)
        if profile is not None and profile.provision_type is ProvisionType.X509_CERTIFICATE_CHAIN:
            _provision(store, profile, chain[0])
            return


def device_of(store: Store, leaf: x509.Certificate) -> Device | None:
    """Return the device that has this very certificate, unless it is out of its time."""
    now = datetime.now(timezone.utc)
    if not leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc:
        return None
    return _owner(store, creds.sha3(_body(leaf)))


def _owner(store: Store, lookup_id: str) -> Device | None:
    found = store.device_by_lookup_id(lookup_id)
    return found if found is not None and found.credentials.type is CredentialsType.X509_CERTIFICATE else None


def _body(certificate: x509.Certificate) -> str:
    """What PEM has between its lines of armour, in one line."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _provision(store: Store, profile: Profile, leaf: x509.Certificate) -> None:
    configuration: dict[str, Any] = profile.document["profileData"]["provisionConfiguration"]
    name = _name_of(leaf, str(configuration.get("certificateRegExPattern") or ""))
    device = store.device_by_name(name) if name else None
    credentials = creds.x509_certificate(_body(leaf))
    if device is not None and device.profile is profile:
        if device.credentials.type is CredentialsType.X509_CERTIFICATE:
            store.set_credentials(device, credentials)
    elif name and configuration.get("allowCreateNewDevicesByX509Certificate"):
        try:
            device = store.create_device(name, profile, credentials)
        except StoreError:
            return  # the name is that of a device in another profile
        device.set_attributes(Scope.SERVER_SCOPE, {_PROVISION_STATE: "provisioned"})


def _name_of(leaf: x509.Certificate, pattern: str) -> str:
    """Return group 1 of *pattern* in the leaf's common name, or nothing."""
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    try:
        found = re.search(pattern, str(names[0].value)) if names else None
    except re.error:
        return ""
    return found.group(1) or "" if found and found.re.groups else ""
