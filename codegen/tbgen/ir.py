"""What the templates print: every name, size, literal and order, already decided."""

from __future__ import annotations

from dataclasses import dataclass

from tbgen.home import Home


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
class RequestKind:
    """What a request for credentials of the kind `c_kind` has behind the members of every request."""

    c_kind: str
    members: tuple[RequestMember, ...]
    example: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that the device asks for: its key in `tb_cfg`, its names in Kconfig and in tb_cred_t."""

    key: str
    config: str
    c_member: str
    title: str
    help: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What menuconfig can choose: its name there, and the kind, the fields and the settings that it stands for."""

    config: str
    prompt: str
    kind: int
    fields: int
    settings: tuple[Setting, ...]


@dataclass(frozen=True, slots=True)
class Provisioning:
    """How the device gets its credentials; `request_max` holds when no character needs an escape.

    `fields` are those of the model, in words. `members` are in every request, those of one of `kinds` follow; `values`
    are the names in C of all that is given at run time. `answer` names what is read of the server's answer. `choices`
    are there if menuconfig chooses the kind. `c_kind`, `c_fields` and `c_uses_tls` are C expressions.
    """

    credentials: str
    fields: tuple[str, ...]
    members: tuple[RequestMember, ...]
    kinds: tuple[RequestKind, ...]
    values: tuple[str, ...]
    request_max: int
    example: str
    answer: tuple[str, ...]
    settings: tuple[Setting, ...]
    choices: tuple[Choice, ...]
    c_kind: str
    c_fields: str
    c_uses_tls: str
    has_tls: bool
    has_basic: bool
    has_certificate: bool
    has_request: bool
    port: int

    @property
    def is_chosen(self) -> bool:
        """Whether menuconfig chooses the kind."""
        return bool(self.choices)

    def choices_with(self, setting: Setting) -> tuple[str, ...]:
        """Return the names of those choices that have *setting*."""
        return tuple(choice.config for choice in self.choices if setting in choice.settings)


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
class Comparison:
    """A value against a number, by the name of the operation in ThingsBoard and the number in JSON."""

    operation: str
    json_number: str


@dataclass(frozen=True, slots=True)
class Condition:
    """Comparisons of which one has to hold (`operation` is OR), or all (AND)."""

    operation: str
    comparisons: tuple[Comparison, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """The alarm of one telemetry key, named `type`; `key` and `details` are text of any kind."""

    id: str
    type: str
    key: str
    range: str
    details: str
    raised: Condition
    cleared: Condition


@dataclass(frozen=True, slots=True)
class Widget:
    """A widget of the dashboard and its place in the grid of a state."""

    id: str
    row: int
    col: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Panel:
    """What the dashboard has of one telemetry key; `key` and `unit` are text of any kind.

    `card` shows its latest value and `history` those before, in a chart of numbers, a chart of states, or a table:
    that is `kind`. `json_decimals` is empty for what is no number; `thresholds` are numbers in JSON.
    """

    key: str
    label: str
    unit: str
    json_decimals: str
    color: str
    kind: str
    thresholds: tuple[str, ...]
    card: Widget | None
    history: Widget


@dataclass(frozen=True, slots=True)
class Dashboard:
    """Two states: all devices in a table, and one of them with a panel for each telemetry key."""

    devices_alias: str
    device_alias: str
    open_device: str
    devices: Widget
    alarms: Widget | None
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Server:
    """What ThingsBoard has to know of the device; `description` is text of any kind."""

    description: str
    provision_type: str
    severity: str
    alarms: tuple[Alarm, ...]
    dashboard: Dashboard


@dataclass(frozen=True, slots=True)
class Device:
    """Everything about one device model. Sizes are in bytes of UTF-8."""

    name: str
    title: str
    description: str
    c_tag: str
    source: str
    home: Home
    digest: str
    provisioning: Provisioning
    telemetry: tuple[TelemetryItem, ...]
    telemetry_max: int
    telemetry_topic: str
    sample: str
    short_sample: str
    log_keys: str
    server: Server
    protocol: tuple[MacroGroup, ...]

    @property
    def can_be_nan(self) -> bool:
        """Whether a sample may hold what is not a number."""
        return any(item.can_be_nan for item in self.telemetry)

    @property
    def strings(self) -> tuple[TelemetryItem, ...]:
        """The items that are text."""
        return tuple(item for item in self.telemetry if item.type == "string")
