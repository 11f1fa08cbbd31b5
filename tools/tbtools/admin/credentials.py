"""A device's credentials: which ones a person wants, how they compare with those on the server, what may be shown."""

import json
import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from tbtools import secret
from tbtools.admin import certificates
from tbtools.console import EXIT_USAGE, ToolError

Json = dict[str, Any]

_BASIC = {
    "clientId": "TB_DEVICE_CLIENT_ID",
    "userName": "TB_DEVICE_USER_NAME",
    "password": "TB_DEVICE_PASSWORD",
}
_ASKED_FOR = {"userName": "user name", "password": "password"}


class Kind(str, Enum):
    """What a device shows when it connects, as the command line names it."""

    ACCESS_TOKEN = "access-token"
    MQTT_BASIC = "mqtt-basic"
    X509 = "x509"

    @property
    def word(self) -> str:
        """ThingsBoard's own word for it."""
        return {Kind.X509: "X509_CERTIFICATE"}.get(self, self.name)


@dataclass(frozen=True)
class Wanted:
    """The credentials that a device shall have; *values* is None where any will do."""

    kind: Kind
    values: Json | None

    def agrees(self, there: Json) -> bool:
        """Whether the credentials on the server are these."""
        if there["credentialsType"] != self.kind.word:
            return False
        if self.values is None:
            return True
        if self.kind is Kind.MQTT_BASIC:
            stored = _basic_of(there)
            return all((stored.get(key) or "") == (self.values.get(key) or "") for key in _BASIC)
        if self.kind is Kind.X509:
            return certificates.bare(there.get("credentialsValue") or "") == certificates.bare(
                self.values["certificate"]
            )
        return bool(there["credentialsId"] == self.values["token"])

    def body(self) -> Json:
        """As ThingsBoard is told of them."""
        values = self.values or {}
        if self.kind is Kind.ACCESS_TOKEN:
            return {"credentialsType": self.kind.word, "credentialsId": values["token"]}
        value = values["certificate"] if self.kind is Kind.X509 else json.dumps(values)
        return {"credentialsType": self.kind.word, "credentialsValue": value}


def given(kind: Kind, certificate: Path | None) -> Wanted:
    """What environment and arguments say, if anything."""
    if kind is Kind.X509:
        return Wanted(kind, {"certificate": certificates.read(certificate)} if certificate else None)
    if kind is Kind.MQTT_BASIC:
        values = {key: os.environ.get(variable) or None for key, variable in _BASIC.items()}
        if values["password"] and not values["userName"]:
            raise ToolError(
                "ThingsBoard refuses a password without a user name", "Set TB_DEVICE_USER_NAME.", EXIT_USAGE
            )
        return Wanted(kind, values if any(values.values()) else None)
    token = os.environ.get("TB_DEVICE_TOKEN")
    return Wanted(kind, {"token": token} if token else None)


def made(kind: Kind, certificate: Path | None, generate: bool) -> Wanted:
    """What environment and arguments say, else what is generated, else what a person answers."""
    wanted = given(kind, certificate)
    if wanted.values is not None:
        return wanted
    if kind is Kind.X509:
        raise ToolError("the certificate of the device is not known", "Give --certificate FILE (PEM).", EXIT_USAGE)
    if kind is Kind.ACCESS_TOKEN:
        return Wanted(kind, {"token": _text("access token", "TB_DEVICE_TOKEN", generate)})
    texts = {key: _text(what, _BASIC[key], generate) for key, what in _ASKED_FOR.items()}
    return Wanted(kind, {"clientId": None, **texts})


def described(there: Json, show_secrets: bool) -> Json:
    """The credentials on the server, as they may be printed: what lets somebody in alone is hidden."""
    kind = there["credentialsType"]
    if kind == Kind.ACCESS_TOKEN.word:
        return {"type": kind, "token": secret.shown(there["credentialsId"], show_secrets)}
    if kind == Kind.X509.word:
        value = there.get("credentialsValue") or ""
        return {"type": kind, "id": there["credentialsId"], **certificates.described(value)}
    if kind == Kind.MQTT_BASIC.word:
        stored = _basic_of(there)
        client_id, user_name, password = (stored.get(key) or None for key in _BASIC)
        return {
            "type": kind,
            "client_id": secret.shown(client_id, show_secrets or bool(user_name)),
            "user_name": secret.shown(user_name, show_secrets or bool(password)),
            "password": secret.shown(password, show_secrets),
        }
    return {"type": kind, "value": secret.shown(there.get("credentialsValue"), show_secrets)}


def _text(what: str, variable: str, generate: bool) -> str:
    if generate:
        return secret.random_text()
    return secret.ask(f"the {what} of the device", f"Set {variable}, or give --generate.")


def _basic_of(there: Json) -> Json:
    try:
        stored = json.loads(there.get("credentialsValue") or "{}")
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}
