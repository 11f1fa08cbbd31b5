"""What the stand-in keeps: device profiles, devices, credentials, attributes, telemetry."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tbtools.server.kv import Value
from tbtools.server.limits import DeviceLimits

SAMPLES_PER_KEY_MAX = 10_000


class CredentialsType(str, Enum):
    """How a device authenticates."""

    ACCESS_TOKEN = "ACCESS_TOKEN"
    X509_CERTIFICATE = "X509_CERTIFICATE"
    MQTT_BASIC = "MQTT_BASIC"
    LWM2M_CREDENTIALS = "LWM2M_CREDENTIALS"


class ProvisionType(str, Enum):
    """A profile's provisioning strategy."""

    DISABLED = "DISABLED"
    ALLOW_CREATE_NEW_DEVICES = "ALLOW_CREATE_NEW_DEVICES"
    CHECK_PRE_PROVISIONED_DEVICES = "CHECK_PRE_PROVISIONED_DEVICES"
    X509_CERTIFICATE_CHAIN = "X509_CERTIFICATE_CHAIN"


class Scope(str, Enum):
    """Who writes an attribute and who sees it."""

    CLIENT_SCOPE = "CLIENT_SCOPE"
    SHARED_SCOPE = "SHARED_SCOPE"
    SERVER_SCOPE = "SERVER_SCOPE"


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def new_id() -> str:
    """A fresh entity id."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class Credentials:
    """One device's credentials; *lookup_id* is the key they are found by (contract 1.3)."""

    type: CredentialsType
    lookup_id: str
    value: str | None = None
    id: str = field(default_factory=new_id)
    created_ms: int = field(default_factory=now_ms)
    version: int = 1


@dataclass(slots=True)
class Profile:
    """A device profile. *document* is the object as REST shows it; the other fields are read from it."""

    id: str
    name: str
    transport_type: str
    provision_type: ProvisionType
    provision_key: str | None
    provision_secret: str | None
    document: dict[str, Any]
    is_default: bool = False

    def transport(self, key: str) -> Any:
        """A setting of an MQTT profile's transport configuration, None for any other transport type."""
        if self.transport_type != "MQTT":
            return None
        return (self.document["profileData"].get("transportConfiguration") or {}).get(key)


@dataclass(slots=True)
class Attribute:
    """A value and when it was last written, in ms since the epoch."""

    value: Value
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a provisioning request for a device was decided, and when, in ms since the epoch."""

    status: str
    cause: str
    decided_ms: int = field(default_factory=now_ms)


@dataclass(slots=True)
class Device:
    """A device with all its data. *telemetry_ms* is when some came last, by the server's clock."""

    name: str
    profile: Profile
    credentials: Credentials
    document: dict[str, Any]
    id: str = field(default_factory=new_id)
    created_ms: int = field(default_factory=now_ms)
    version: int = 1
    attributes: dict[Scope, dict[str, Attribute]] = field(default_factory=lambda: {scope: {} for scope in Scope})
    telemetry: dict[str, dict[int, Value]] = field(default_factory=dict)
    telemetry_ms: int | None = None
    last_attempt: Attempt | None = None
    limits: DeviceLimits = field(default_factory=DeviceLimits)
    watchers: list[Callable[[int, dict[str, Value]], None]] = field(default_factory=list)
    """Called with each batch of samples, and its time in ms."""

    @property
    def is_gateway(self) -> bool:
        """Whether the device may speak for others."""
        return (self.document.get("additionalInfo") or {}).get("gateway") is True

    def set_attributes(self, scope: Scope, values: dict[str, Value]) -> None:
        """Write *values* with the present time."""
        now = now_ms()
        self.attributes[scope].update({key: Attribute(value, now) for key, value in values.items()})

    def add_samples(self, ts_ms: int, values: dict[str, Value]) -> None:
        """Store one sample of each key; the same time overwrites, and the oldest arrival goes when a key is full."""
        self.telemetry_ms = now_ms()
        for key, value in values.items():
            series = self.telemetry.setdefault(key, {})
            series[ts_ms] = value
            if len(series) > SAMPLES_PER_KEY_MAX:
                del series[next(iter(series))]
        for watcher in self.watchers:
            watcher(ts_ms, values)

    def latest(self, key: str) -> tuple[int, Value] | None:
        """The sample of *key* with the greatest time."""
        series = self.telemetry.get(key)
        if not series:
            return None
        ts_ms = max(series)
        return ts_ms, series[ts_ms]
