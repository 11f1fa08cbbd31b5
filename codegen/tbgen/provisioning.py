"""How a device gets its credentials: what its kind asks for, and what the firmware needs for that."""

from __future__ import annotations

from collections.abc import Iterable

from tbgen import ir, schema
from tbgen.load import Document
from tbgen.names import upper
from tbgen.protocol import Protocol

_PATH = ("provisioning",)

# What each kind adds to name, key and secret in the request (contract 2.2): key on the wire, then either the word that
# always stands there, or the name in C and the limit of what the device puts there.
_ADDED: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "access_token": (("credentials_type", "access_token", "", ""), ("token", "", "username", "credential")),
    "mqtt_basic": (
        ("credentials_type", "mqtt_basic", "", ""),
        ("client_id", "", "client_id", "credential"),
        ("username", "", "username", "credential"),
        ("password", "", "password", "credential"),
    ),
    "x509": (("credentials_type", "x509_certificate", "", ""), ("hash", "", "certificate", "certificate")),
    "server_generated": (),
}
_ALWAYS = (
    ("device_name", "", "device_name", "device_name"),
    ("provision_device_key", "", "provision_key", "provision_key"),
    ("provision_device_secret", "", "provision_secret", "provision_secret"),
)

# Which of them menuconfig chooses from.
_CHOICE = ("server_generated", "access_token", "mqtt_basic", "x509")

# What is read of the answer (contract 2.6).
_ANSWER = ("status", "credentials_type", "credentials_value", "error_msg")

_KINDS = {
    "access_token": "TB_CRED_ACCESS_TOKEN",
    "mqtt_basic": "TB_CRED_MQTT_BASIC",
    "x509": "TB_CRED_X509",
    "x509_chain": "TB_CRED_X509",
    "server_generated": "TB_CRED_NONE",
    "menuconfig": "((tb_cred_kind_t)CONFIG_TBC_PROVISION_KIND)",
}
_BASIC_FIELDS = ("client_id", "username", "password")

# contract 1.3: a password belongs to a user name, and without that the client id is all there is.
_POSSIBLE = ({"client_id"}, {"username"}, {"username", "password"}, {"client_id", "username"}, set(_BASIC_FIELDS))


def _setting(key: str, c_config: str, c_member: str, title: str, what: str) -> ir.Setting:
    help_text = (f"The {what} that this device asks for; no two devices may share one.",)
    return ir.Setting(key, c_config, c_member, title, (*help_text, "Empty: the device makes one of its own, once."))


_SETTINGS = {
    "token": _setting("token", "CONFIG_TBC_PROVISION_TOKEN", "username", "Access Token", "access token"),
    "client_id": _setting("client_id", "CONFIG_TBC_PROVISION_CLIENT_ID", "client_id", "Client ID", "MQTT client id"),
    "username": _setting("username", "CONFIG_TBC_PROVISION_USER_NAME", "username", "User name", "MQTT user name"),
    "password": ir.Setting(
        "password",
        "CONFIG_TBC_PROVISION_PASSWORD",
        "password",
        "Password",
        ("The MQTT password that this device asks for.", "Empty: the device makes one of its own, once."),
    ),
}
_MQTT_PORT, _MQTTS_PORT = 1883, 8883


def decide_provisioning(document: Document, wanted: schema.Provisioning, protocol: Protocol) -> ir.Provisioning:
    """Return all that follows from *wanted*; raise ModelError where it contradicts itself."""
    fields = _fields(document, wanted)
    has_certificate = wanted.credentials in ("x509", "x509_chain", "menuconfig")
    if has_certificate and wanted.transport != "mqtts":
        problem = f"{wanted.credentials} cannot do without TLS"
        raise document.error((*_PATH, "transport"), problem, "mqtts")
    kinds = _CHOICE if wanted.credentials == "menuconfig" else (wanted.credentials,)
    kinds = tuple(kind for kind in kinds if kind in _ADDED)
    always = tuple(_member("," if at else "{", key, word, name) for at, (key, word, name, _) in enumerate(_ALWAYS))
    requests = tuple(_request_kind(kind, fields) for kind in kinds)
    every_member = (*always, *(member for request in requests for member in request.members))
    has_tls = wanted.transport == "mqtts"
    return ir.Provisioning(
        credentials=wanted.credentials,
        members=always,
        kinds=requests,
        values=tuple(dict.fromkeys(member.c_name for member in every_member if member.c_name)),
        request_max=_size(_ALWAYS, fields, protocol)
        + max((_size(_ADDED[kind], fields, protocol) for kind in kinds), default=0)
        + len("}"),
        example=_example(every_member[: len(always) + len(requests[0].members)] if requests else (), protocol),
        answer=tuple(upper(key) for key in _ANSWER),
        settings=tuple(_SETTINGS[key] for key in _settings_of(wanted.credentials, fields)),
        c_kind=_KINDS[wanted.credentials],
        c_fields=_c_fields(wanted.credentials, fields),
        c_uses_tls="CONFIG_TBC_TRANSPORT_USES_TLS" if wanted.credentials == "menuconfig" else str(int(has_tls)),
        has_tls=has_tls,
        has_certificate=has_certificate,
        has_request=wanted.credentials != "x509_chain",
        port=_MQTTS_PORT if has_tls else _MQTT_PORT,
    )


def _fields(document: Document, wanted: schema.Provisioning) -> tuple[str, ...]:
    given = wanted.fields
    allowed = "[client_id], [username], [username, password], [client_id, username] or all three"
    if wanted.credentials == "menuconfig" and given is None:
        return _BASIC_FIELDS
    if wanted.credentials != "mqtt_basic":
        if given is not None:
            raise document.error(
                (*_PATH, "fields"), f"{wanted.credentials} has no fields", "fields with mqtt_basic only"
            )
        return ()
    if given is None:
        raise document.error(_PATH, "mqtt_basic needs `fields`", allowed)
    if len(set(given)) != len(given) or set(given) not in _POSSIBLE:
        raise document.error((*_PATH, "fields"), "ThingsBoard takes no such credentials", allowed)
    return tuple(field for field in _BASIC_FIELDS if field in given)


def _example(members: tuple[ir.RequestMember, ...], protocol: Protocol) -> str:
    """Return a request as it is on the wire, each value by its first letter."""
    keys = {f"TB_KEY_{upper(name)}": text.text for name, text in protocol.keys.items()}
    words = {f"TB_WORD_{upper(name)}": text.text for name, text in protocol.words.items()}
    shown = (
        f'"{keys[member.c_key]}":"{words.get(member.c_word) or keys[member.c_key].removeprefix("provisionDevice")[0].upper()}"'
        for member in members
    )
    return "{" + ",".join(shown) + "}"


def _request_kind(kind: str, fields: tuple[str, ...]) -> ir.RequestKind:
    added = (
        _member(",", key, word, name)
        for key, word, name, _ in _ADDED[kind]
        if kind != "mqtt_basic" or not name or name in fields
    )
    return ir.RequestKind(_KINDS[kind], tuple(added))


def _member(separator: str, key: str, word: str, name: str) -> ir.RequestMember:
    return ir.RequestMember(separator, f"TB_KEY_{upper(key)}", f"TB_WORD_{upper(word)}" if word else "", name)


def _size(members: Iterable[tuple[str, str, str, str]], fields: tuple[str, ...], protocol: Protocol) -> int:
    """Return how long *members* are when each has its longest value."""
    size = 0
    for key, word, name, limit in members:
        if name in _BASIC_FIELDS and key != "token" and name not in fields:
            continue
        content = len(protocol.words[word].text) if word else protocol.limits[limit].value
        size += len(',"":""') + len(protocol.keys[key].text) + content
    return size


def _settings_of(kind: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    if kind == "access_token":
        return ("token",)
    return fields


def _c_fields(kind: str, fields: tuple[str, ...]) -> str:
    if kind == "menuconfig":
        return "CONFIG_TBC_PROVISION_FIELDS"
    names = ("username",) if kind == "access_token" else fields
    return " | ".join(f"TB_CRED_{upper(name)}" for name in names) or "0"
