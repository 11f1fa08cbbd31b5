"""The shape of a device model: which keys, which types, which ranges.

The description of each field is shown by editors as help, and by us as "what is allowed" when the field is wrong.
What needs more than one value to judge (collisions, ranges against each other) is decided in `ir`.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tbgen.load import Document
from tbgen.names import NAME_MAX, NAME_PATTERN, NAME_RULE
from tbgen.validate import validate

KEY_MAX_BYTES = 255
ITEMS_MAX = 64
FIELDS_RULE = "of mqtt_basic: [client_id], [username], [username, password], [client_id, username] or all three"
FLOAT_MAX = 3.4028234663852886e38
DOUBLE_MAX = 1.7976931348623157e308

N = TypeVar("N", int, float)


class Strict(BaseModel):
    """Takes no key that it does not know, and no value that it would have to convert."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _rule(description: str, **limits: Any) -> Any:
    return Field(description=description, **limits)


def _option(description: str, **limits: Any) -> Any:
    return Field(default=None, description=description, **limits)


class Item(Strict):
    """What all items of telemetry have."""

    name: str = _rule(f"name in C and in the log: {NAME_RULE}", pattern=NAME_PATTERN, max_length=NAME_MAX)
    key: str | None = _option(f"key on the wire: any text, 1 to {KEY_MAX_BYTES} bytes (the name if left out)")
    unit: str | None = _option("unit of the value: any text, 1 to 32 characters", min_length=1, max_length=32)
    description: str | None = _option("what the value is: any text, at most 1000 characters", max_length=1000)


class BoolItem(Item):
    """true or false."""

    type: Literal["bool"] = _rule("true or false")
    example: bool | None = _option("value to start with: true or false (false if left out)")


class Number(Item, Generic[N]):
    """What all numbers have."""

    min: N | None = _option("smallest value that occurs, not enforced: a number")
    max: N | None = _option("largest value that occurs, not enforced: a number")
    example: N | None = _option("value to start with, near 0 if left out: a number")


class Int32Item(Number[Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]]):
    """A whole number."""

    type: Literal["int32"] = _rule("whole number, -2147483648 to 2147483647")


class Uint32Item(Number[Annotated[int, Field(ge=0, le=2**32 - 1)]]):
    """A whole number."""

    type: Literal["uint32"] = _rule("whole number, 0 to 4294967295")


class Int64Item(Number[Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]]):
    """A whole number."""

    type: Literal["int64"] = _rule("whole number, -9223372036854775808 to 9223372036854775807")


class FloatItem(Number[Annotated[float, Field(ge=-FLOAT_MAX, le=FLOAT_MAX, allow_inf_nan=False)]]):
    """A number with a fraction."""

    type: Literal["float"] = _rule("number with a fraction, 32 bits")
    decimals: int = _rule("digits after the point: a whole number", ge=0, le=6)


class DoubleItem(Number[Annotated[float, Field(ge=-DOUBLE_MAX, le=DOUBLE_MAX, allow_inf_nan=False)]]):
    """A number with a fraction."""

    type: Literal["double"] = _rule("number with a fraction, 64 bits")
    decimals: int = _rule("digits after the point: a whole number", ge=0, le=9)


class StringItem(Item):
    """A text."""

    type: Literal["string"] = _rule("text, UTF-8")
    max_len: int = _rule("longest text in bytes: a whole number", ge=1, le=1024)
    example: str | None = _option("value to start with: text of at most max_len bytes (empty if left out)")


IntegerItem = Int32Item | Uint32Item | Int64Item
FixedItem = FloatItem | DoubleItem
TelemetryItem = BoolItem | IntegerItem | FixedItem | StringItem


BasicField = Literal["client_id", "username", "password"]


class Provisioning(Strict):
    """How the device gets its credentials."""

    credentials: Literal["access_token", "mqtt_basic", "server_generated", "x509", "x509_chain", "menuconfig"] = _rule(
        "what the device is known by: access_token, mqtt_basic or x509 (its own), server_generated, "
        "x509_chain (its certificate alone, without a request), or menuconfig (chosen there)"
    )
    fields: list[Annotated[BasicField, _rule("client_id, username or password")]] | None = _option(
        FIELDS_RULE, min_length=1
    )
    transport: Literal["mqtt", "mqtts"] = _rule("how it connects: mqtt (plain, without TLS) or mqtts (TLS)")


class Model(Strict):
    """A device: how it is provisioned, and what it sends."""

    name: str = _rule(f"name of the project: {NAME_RULE}", pattern=NAME_PATTERN, max_length=NAME_MAX)
    title: str | None = _option("any text, at most 120 characters (the name if left out)", max_length=120)
    description: str | None = _option("what the device is: any text, at most 4000 characters", max_length=4000)
    provisioning: Provisioning = _rule("how the device gets its credentials: a mapping")
    telemetry: list[Annotated[TelemetryItem, Field(discriminator="type")]] = _rule(
        f"what the device sends: a list of 1 to {ITEMS_MAX} items, in the order of the wire",
        min_length=1,
        max_length=ITEMS_MAX,
    )


def parse(document: Document) -> Model:
    """Return the model that *document* holds; raise ModelError at the first line that is wrong."""
    return validate(document, Model)
