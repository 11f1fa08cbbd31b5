"""Devices that are known by a client certificate (contract 1.4, 2.8).

The stand-in judges the leaf alone: a profile's CA has to have signed it itself, which an intermediate one may be.
"""

import base64
import re
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from tbtools.server import credentials as creds
from tbtools.server.entities import StoreError
from tbtools.server.model import CredentialsType, Device, Profile, ProvisionType, Scope
from tbtools.server.store import Store

_PROVISION_STATE = "provisionState"


def device_of(store: Store, certificate: bytes) -> Device | None:
    """Return the device that shows *certificate* (DER); one may be made for it, by the profile's word."""
    body = base64.b64encode(certificate).decode()
    known = store.device_by_lookup_id(creds.sha3(body))
    if known is not None:
        return known if known.credentials.type is CredentialsType.X509_CERTIFICATE else None
    leaf = x509.load_der_x509_certificate(certificate)
    for profile in store.profiles():
        if profile.provision_type is ProvisionType.X509_CERTIFICATE_CHAIN and _is_issuer(profile, leaf):
            return _by_chain(store, profile, leaf, body)
    return None


def _is_issuer(profile: Profile, leaf: x509.Certificate) -> bool:
    try:
        issuer = x509.load_pem_x509_certificate((profile.provision_secret or "").encode())
        leaf.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _by_chain(store: Store, profile: Profile, leaf: x509.Certificate, body: str) -> Device | None:
    configuration: dict[str, Any] = profile.document["profileData"].get("provisionConfiguration") or {}
    name = _name_of(leaf, str(configuration.get("certificateRegExPattern") or "(.*)"))
    device = store.device_by_name(name) if name else None
    credentials = creds.x509_certificate(body)
    if device is not None:
        if device.profile is not profile or device.credentials.type is not CredentialsType.X509_CERTIFICATE:
            return None
        store.set_credentials(device, credentials)
        return device
    if not name or not configuration.get("allowCreateNewDevicesByX509Certificate"):
        return None
    try:
        device = store.create_device(name, profile, credentials)
    except StoreError:
        return None
    device.set_attributes(Scope.SERVER_SCOPE, {_PROVISION_STATE: "provisioned"})
    return device


def _name_of(leaf: x509.Certificate, pattern: str) -> str:
    """Return group 1 of *pattern* in the leaf's common name, or nothing."""
    names = leaf.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    found = re.search(pattern, str(names[0].value)) if names else None
    return found.group(1) if found and found.groups() else ""
