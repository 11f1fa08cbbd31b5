"""How a device gets its credentials: what its kind asks for, and what the firmware needs for that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tbgen import ir, schema
from tbgen.load import Document, KeyPath
from tbgen.names import upper, words
from tbgen.protocol import Protocol

PATH: KeyPath = ("provisioning",)
MQTT_PORT, MQTTS_PORT = 1883, 8883
BASIC_FIELDS = ("client_id", "username", "password")

_KINDS = {
    "server_generated": "TB_CRED_NONE",
    "access_token": "TB_CRED_ACCESS_TOKEN",
    "mqtt_basic": "TB_CRED_MQTT_BASIC",
    "x509": "TB_CRED_X509",
    "x509_chain": "TB_CRED_X509",
    "menuconfig": "((tb_cred_kind_t)CONFIG_TBC_PROVISION_KIND)",
}
_WITH_CERTIFICATE = ("x509", "x509_chain", "menuconfig")

# What is read of the answer (contract 2.6).
_ANSWER = ("status", "credentials_type", "credentials_value", "error_msg")


@dataclass(frozen=True, slots=True)
class _Member:
    """A member of the request, by the names in protocol.yaml: a word, or else what the C name holds, up to a limit."""

    key: str
    word: str = ""
    c_name: str = ""
    limit: str = ""


_ALWAYS = (
    _Member("device_name", c_name="device_name", limit="device_name"),
    _Member("provision_device_key", c_name="provision_key", limit="provision_key"),
    _Member("provision_device_secret", c_name="provision_secret", limit="provision_secret"),
)

_MAKES_ITS_OWN = "Empty: the device makes one of its own, once."
_SETTINGS = {
    setting.key: setting
    for setting in (
        ir.Setting(
            "token",
            "TBC_PROVISION_TOKEN",
            "username",
            "Access Token",
            ("The access token that this device asks for; no two devices may share one.", _MAKES_ITS_OWN),
        ),
        ir.Setting(
            "client_id",
            "TBC_PROVISION_CLIENT_ID",
            "client_id",
            "Client ID",
            ("The MQTT client id that this device asks for; no two devices may share one.", _MAKES_ITS_OWN),
        ),
        ir.Setting(
            "username",
            "TBC_PROVISION_USER_NAME",
            "username",
            "User name",
            ("The MQTT user name that this device asks for; no two devices may share one.", _MAKES_ITS_OWN),
        ),
        ir.Setting(
            "password",
            "TBC_PROVISION_PASSWORD",
            "password",
            "Password",
            ("The MQTT password that this device asks for.", _MAKES_ITS_OWN),
        ),
    )
}

_CHOICES = (
    ir.Choice("TBC_PROVISION_ACCESS_TOKEN", "Access token, chosen by the device", 1, 2, (_SETTINGS["token"],)),
    ir.Choice(
        "TBC_PROVISION_BASIC_C",
        "MQTT basic, chosen by the device: client id",
        2,
        1,
        (_SETTINGS["client_id"],),
    ),
    ir.Choice(
        "TBC_PROVISION_BASIC_UP",
        "MQTT basic, chosen by the device: user name and password",
        2,
        6,
        (_SETTINGS["username"], _SETTINGS["password"]),
    ),
    ir.Choice(
        "TBC_PROVISION_BASIC_CUP",
        "MQTT basic, chosen by the device: client id, user name and password",
        2,
        7,
        tuple(_SETTINGS[field] for field in BASIC_FIELDS),
    ),
    ir.Choice("TBC_PROVISION_X509", "X.509 certificate of the device", 3, 0, ()),
    ir.Choice("TBC_PROVISION_BY_SERVER", "Whatever the server generates", 0, 0, ()),
)
"""The numbers are those of tb_cred_kind_t and of its bits of fields."""


def decide_provisioning(document: Document, wanted: schema.Provisioning, protocol: Protocol) -> ir.Provisioning:
    """Return all that follows from *wanted*; raise ModelError where it contradicts itself."""
    kind = wanted.credentials
    fields = _fields(document, wanted)
    has_tls = wanted.transport == "mqtts"
    if kind in _WITH_CERTIFICATE and not has_tls:
        raise document.error((*PATH, "transport"), f"{kind} needs TLS: a certificate is shown by it alone", "mqtts")
    added = _added(kind, fields)
    every_member = (*_ALWAYS, *(member for members in added.values() for member in members))
    is_chosen = kind == "menuconfig"
    return ir.Provisioning(
        credentials=kind,
        fields=tuple(words(field) for field in fields),
        members=_members(_ALWAYS),
        kinds=tuple(
            ir.RequestKind(_KINDS[each], _members(members), _example(members, protocol))
            for each, members in added.items()
        ),
        values=tuple(dict.fromkeys(member.c_name for member in every_member if member.c_name)),
        request_max=_size(_ALWAYS, protocol) + max((_size(each, protocol) for each in added.values()), default=0) + 1,
        example=_example(_ALWAYS, protocol),
        answer=tuple(upper(key) for key in _ANSWER),
        settings=tuple(_SETTINGS.values()) if is_chosen else tuple(_SETTINGS[key] for key in _settings(kind, fields)),
        choices=_CHOICES if is_chosen else (),
        c_kind=_KINDS[kind],
        c_fields="CONFIG_TBC_PROVISION_FIELDS" if is_chosen else _c_fields(kind, fields),
        c_uses_tls="CONFIG_TBC_TRANSPORT_USES_TLS" if is_chosen else str(int(has_tls)),
        has_tls=has_tls,
        has_basic=kind not in ("access_token", "x509_chain"),
        has_certificate=kind in _WITH_CERTIFICATE,
        has_request=bool(added),
        port=MQTTS_PORT if has_tls else MQTT_PORT,
    )


def _fields(document: Document, wanted: schema.Provisioning) -> tuple[str, ...]:
    """Return the texts that make up the credentials of mqtt_basic, in the order of the wire."""
    path = (*PATH, "fields")
    if wanted.credentials != "mqtt_basic":
        if wanted.fields is not None:
            raise document.error(path, f"{wanted.credentials} has no fields", "fields with mqtt_basic only")
        return ()
    if wanted.fields is None:
        raise document.error(path, "is missing", schema.FIELDS_RULE)
    if len(set(wanted.fields)) != len(wanted.fields):
        raise document.error(path, "names a field twice", schema.FIELDS_RULE)
    if "password" in wanted.fields and "username" not in wanted.fields:
        raise document.error(path, "ThingsBoard refuses a password without a user name", schema.FIELDS_RULE)
    return tuple(field for field in BASIC_FIELDS if field in wanted.fields)


def _added(kind: str, fields: tuple[str, ...]) -> dict[str, tuple[_Member, ...]]:
    """Return what each kind that may be asked for adds to name, key and secret (contract 2.2)."""
    if kind == "menuconfig":
        kinds = ("server_generated", "access_token", "mqtt_basic", "x509")
        return {each: members for one in kinds for each, members in _added(one, BASIC_FIELDS).items()}
    if kind == "access_token":
        token = _Member("token", c_name="username", limit="credential")
        return {kind: (_Member("credentials_type", word="access_token"), token)}
    if kind == "mqtt_basic":
        texts = (_Member(field, c_name=field, limit="credential") for field in fields)
        return {kind: (_Member("credentials_type", word="mqtt_basic"), *texts)}
    if kind == "x509":
        certificate = _Member("hash", c_name="certificate", limit="certificate")
        return {kind: (_Member("credentials_type", word="x509_certificate"), certificate)}
    return {kind: ()} if kind == "server_generated" else {}


def _members(members: Iterable[_Member]) -> tuple[ir.RequestMember, ...]:
    return tuple(
        ir.RequestMember(
            separator="{" if member is _ALWAYS[0] else ",",
            c_key=f"TB_KEY_{upper(member.key)}",
            c_word=f"TB_WORD_{upper(member.word)}" if member.word else "",
            c_name=member.c_name,
        )
        for member in members
    )


def _example(members: Iterable[_Member], protocol: Protocol) -> str:
    """Return *members* as they are on the wire, each value by the first letter of the last word of its key."""
    return ",".join(
        f'"{protocol.keys[member.key].text}":'
        f'"{protocol.words[member.word].text if member.word else member.key.rpartition("_")[2][0].upper()}"'
        for member in members
    )


def _size(members: Iterable[_Member], protocol: Protocol) -> int:
    """Return how many bytes *members* take when each has its longest value."""
    return sum(
        len(',"":""')
        + len(protocol.keys[member.key].text)
        + (len(protocol.words[member.word].text) if member.word else protocol.limits[member.limit].value)
        for member in members
    )


def _settings(kind: str, fields: tuple[str, ...]) -> tuple[str, ...]:
    return ("token",) if kind == "access_token" else fields


def _c_fields(kind: str, fields: tuple[str, ...]) -> str:
    names = ("username",) if kind == "access_token" else fields
    bits = " | ".join(f"TB_CRED_{upper(name)}" for name in names) or "0"
    return f"({bits})" if len(names) > 1 else bits
