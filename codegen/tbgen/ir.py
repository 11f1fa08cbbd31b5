"""What the templates print: every name, size, literal and order, already decided."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Macro:
    """A word or a limit of ThingsBoard's protocol, padded to the width of its group."""

    c_definition: str
    source: str


@dataclass(frozen=True, slots=True)
class MacroGroup:
    """Macros under one heading."""

    title: str
    macros: tuple[Macro, ...]


@dataclass(frozen=True, slots=True)
class RequestMember:
    """A member of the provisioning request: `c_word` always, or else the value `c_name` given at run time."""

    separator: str
    c_key: str
    c_word: str
    c_name: str


@dataclass(frozen=True, slots=True)
class Provisioning:
    """How the device gets its credentials; `request_max` holds when no character needs an escape.

    `answer` names what is read of the server's answer, whose type of credentials has to be `c_credentials_type`.
    """

    credentials: str
    transport: str
    members: tuple[RequestMember, ...]
    request_max: int
    answer: tuple[str, ...]
    c_credentials_type: str


@dataclass(frozen=True, slots=True)
class TelemetryItem:
    """One value of a sample. `key`, `unit` and `description` are text of any kind, the rest is safe as it is."""

    name: str
    key: str
    type: str
    unit: str
    range: str
    decimals: str
    description: str
    doc: tuple[str, ...]
    c_type: str
    c_literal: str
    c_put: str
    c_max: str
    max_len: int
    can_fail: bool
    wire_key: str
    json_max: int
    json_example: str

    @property
    def can_be_nan(self) -> bool:
        """Whether C's type has values that are not numbers."""
        return self.type in ("float", "double")


@dataclass(frozen=True, slots=True)
class Device:
    """Everything about one device model. Sizes are in bytes of UTF-8."""

    name: str
    title: str
    description: str
    c_tag: str
    source: str
    digest: str
    provisioning: Provisioning
    telemetry: tuple[TelemetryItem, ...]
    telemetry_max: int
    telemetry_topic: str
    sample: str
    short_sample: str
    log_keys: str
    protocol: tuple[MacroGroup, ...]

    @property
    def can_be_nan(self) -> bool:
        """Whether a sample may hold what is not a number."""
        return any(item.can_be_nan for item in self.telemetry)

    @property
    def strings(self) -> tuple[TelemetryItem, ...]:
        """The items that are text."""
        return tuple(item for item in self.telemetry if item.type == "string")
