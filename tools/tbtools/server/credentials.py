"""Building, checking and matching credentials (contract 1.3 and 2.4)."""

import hashlib
import json
import re
import secrets
import string
from collections.abc import Callable
from dataclasses import dataclass

from tbtools.server.kv import encode
from tbtools.server.model import Credentials, CredentialsType

GENERATED_LENGTH = 20
_ALPHANUMERIC = string.ascii_letters + string.digits
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ARMOUR = re.compile(r"-----(?:BEGIN|END) CERTIFICATE-----|[\r\n]")


class InvalidCredentials(ValueError):
    """The credentials may not be saved; the message says why and holds no secret."""


@dataclass(frozen=True, slots=True)
class BasicFields:
    """What an MQTT_BASIC record stores; None or "" matches anything."""

    client_id: str | None
    username: str | None
    password: str | None


def random_text() -> str:
    """20 random alphanumerics, as ThingsBoard makes tokens and names."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(GENERATED_LENGTH))


def strip_armour(certificate: str) -> str:
    """The base64 body of a PEM certificate in one line."""
    return _ARMOUR.sub("", certificate)


def first_certificate(chain: str) -> str:
    """The first of some PEM certificates."""
    begin, end, _ = chain.partition("-----END CERTIFICATE-----")
    return begin + end


def sha3(text: str) -> str:
    """ThingsBoard's lookup key for *text*: SHA3-256, lower-case hex."""
    return hashlib.sha3_256(strip_armour(text).encode("utf-8", "replace")).hexdigest()


def access_token(token: str) -> Credentials:
    """Credentials of type ACCESS_TOKEN."""
    if not token:
        raise InvalidCredentials("Device credentials id should be specified!")
    _refuse_control(token)
    return Credentials(CredentialsType.ACCESS_TOKEN, token)


def mqtt_basic(fields: BasicFields) -> Credentials:
    """Credentials of type MQTT_BASIC."""
    for text in (fields.client_id, fields.username, fields.password):
        _refuse_control(text or "")
    if not fields.client_id and not fields.username:
        raise InvalidCredentials("Both mqtt client id and user name are empty!")
    if fields.client_id and fields.password and not fields.username:
        raise InvalidCredentials("Password cannot be specified along with client id!")
    stored = {"clientId": fields.client_id, "userName": fields.username, "password": fields.password}
    lookup_id = _basic_lookup_id(fields.client_id or "", fields.username or "")
    return Credentials(CredentialsType.MQTT_BASIC, lookup_id, encode(stored).decode())


def x509_certificate(certificate: str) -> Credentials:
    """Credentials of type X509_CERTIFICATE, from PEM or its base64 body."""
    body = strip_armour(certificate)
    if not body:
        raise InvalidCredentials("Device credentials value should be specified!")
    _refuse_control(body)
    return Credentials(CredentialsType.X509_CERTIFICATE, sha3(body), body)


def basic_fields(credentials: Credentials) -> BasicFields:
    """Read the record of an MQTT_BASIC device."""
    stored = json.loads(credentials.value or "{}")
    return BasicFields(stored.get("clientId"), stored.get("userName"), stored.get("password"))


def match(
    find: Callable[[str], Credentials | None], client_id: str, username: str, password: str
) -> Credentials | None:
    """Return the credentials that CONNECT presents; *find* looks a record up by its lookup key."""
    if not username:
        found = find(sha3(client_id))
        return found if found and _is_basic_match(found, client_id, username, password) else None
    found = find(sha3(f"{client_id}|{username}"))
    if found and found.type is CredentialsType.MQTT_BASIC:
        fields = basic_fields(found)
        if not _field_matches(fields.password, password):
            return None
        if _is_basic_match(found, client_id, username, password):
            return found
    found = find(username)
    if found and found.type is CredentialsType.ACCESS_TOKEN:
        return found
    return found if found and _is_basic_match(found, client_id, username, password) else None


def _basic_lookup_id(client_id: str, username: str) -> str:
    if not client_id:
        return username
    return sha3(f"{client_id}|{username}") if username else sha3(client_id)


def _is_basic_match(found: Credentials, client_id: str, username: str, password: str) -> bool:
    if found.type is not CredentialsType.MQTT_BASIC:
        return False
    stored = basic_fields(found)
    return (
        _field_matches(stored.client_id, client_id)
        and _field_matches(stored.username, username)
        and _field_matches(stored.password, password)
    )


def _field_matches(stored: str | None, given: str) -> bool:
    return not stored or stored == given


def _refuse_control(text: str) -> None:
    if _CONTROL.search(text):
        raise InvalidCredentials("Credentials contain control characters!")
