"""Alarm rules, as ThingsBoard reads and shows them: in a device profile before 4.3, as calculated fields since.

Of the server's classes and fields, those that a rule about numbers needs. As there, a number becomes a double, what is
left out gets its default, and what is unknown is dropped.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from tbtools.server.entities import NAME_LENGTH_MAX, Reason, StoreError
from tbtools.server.kv import looks_like_markup
from tbtools.server.validation import explain

Operation = Literal["EQUAL", "NOT_EQUAL", "GREATER", "LESS", "GREATER_OR_EQUAL", "LESS_OR_EQUAL"]
Severity = Literal["CRITICAL", "MAJOR", "MINOR", "WARNING", "INDETERMINATE"]
ValueType = Literal["STRING", "NUMERIC", "BOOLEAN", "DATE_TIME"]


def _checked(text: str) -> str:
    if looks_like_markup(text):
        raise ValueError("is malformed")
    return text


Text = Annotated[str, AfterValidator(_checked)]
Name = Annotated[Text, Field(min_length=1, max_length=NAME_LENGTH_MAX)]


class _Entity(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, strict=True)


class FilterPredicateValue(_Entity):
    """A number to compare with."""

    default_value: float
    user_value: float | None = None
    dynamic_value: dict[str, Any] | None = None


class NumericFilterPredicate(_Entity):
    """A comparison."""

    type: Literal["NUMERIC"]
    operation: Operation
    value: FilterPredicateValue


class ComplexFilterPredicate(_Entity):
    """Several predicates, of which one has to hold, or all."""

    type: Literal["COMPLEX"]
    operation: Literal["AND", "OR"]
    predicates: list["KeyFilterPredicate"]


KeyFilterPredicate = Annotated[NumericFilterPredicate | ComplexFilterPredicate, Field(discriminator="type")]


class AlarmConditionFilterKey(_Entity):
    """What is compared."""

    type: Literal["ATTRIBUTE", "TIME_SERIES", "ENTITY_FIELD", "CONSTANT"]
    key: Text


class AlarmConditionFilter(_Entity):
    """A key and its predicate."""

    key: AlarmConditionFilterKey
    value_type: ValueType
    value: Any = None
    predicate: KeyFilterPredicate


class AlarmConditionSpec(_Entity):
    """How often or how long the condition has to hold: at once is enough."""

    type: Literal["SIMPLE"]


class ProfileAlarmCondition(_Entity):
    """Filters that have to hold all."""

    condition: list[AlarmConditionFilter]
    spec: AlarmConditionSpec


class ProfileAlarmRule(_Entity):
    """When an alarm is raised or cleared."""

    condition: ProfileAlarmCondition
    schedule: dict[str, Any] | None = None
    alarm_details: Text | None = None
    dashboard_id: dict[str, Any] | None = None


class _Alarm(_Entity):
    propagate: bool = False
    propagate_to_owner: bool = False
    propagate_to_tenant: bool = False
    propagate_relation_types: list[str] | None = None


class DeviceProfileAlarm(_Alarm):
    """An alarm in a device profile."""

    id: str | None = None
    alarm_type: Name
    create_rules: dict[Severity, ProfileAlarmRule]
    clear_rule: ProfileAlarmRule | None = None


class _ProfileAlarms(_Entity):
    alarms: list[DeviceProfileAlarm]

    @model_validator(mode="after")
    def _types_differ(self) -> "_ProfileAlarms":
        types = [alarm.alarm_type for alarm in self.alarms]
        if len(set(types)) < len(types):
            raise ValueError("Can't create device profile with the same alarm rule types")
        return self


class AlarmConditionValue(_Entity):
    """A number, or the name of an argument that holds it."""

    static_value: float | None = None
    dynamic_value_argument: str | None = None

    @model_validator(mode="after")
    def _has_one(self) -> "AlarmConditionValue":
        if (self.static_value is None) == (self.dynamic_value_argument is None):
            raise ValueError("Either staticValue or dynamicValueArgument must be set")
        return self


class AlarmRuleNumericFilterPredicate(_Entity):
    """A comparison."""

    type: Literal["NUMERIC"]
    operation: Operation
    value: AlarmConditionValue


class AlarmRuleFilter(_Entity):
    """Predicates of one argument."""

    argument: str = Field(min_length=1)
    value_type: ValueType
    operation: Literal["AND", "OR"] | None = None
    predicates: list[AlarmRuleNumericFilterPredicate] = Field(min_length=1)


class SimpleAlarmConditionExpression(_Entity):
    """Filters, of which one has to hold, or all."""

    type: Literal["SIMPLE"]
    filters: list[AlarmRuleFilter] = Field(min_length=1)
    operation: Literal["AND", "OR"] | None = None


class AlarmCondition(_Entity):
    """An expression that has to hold once."""

    type: Literal["SIMPLE"]
    expression: SimpleAlarmConditionExpression
    schedule: dict[str, Any] | None = None


class AlarmRule(_Entity):
    """When an alarm is raised or cleared."""

    condition: AlarmCondition
    alarm_details: str | None = None
    dashboard_id: dict[str, Any] | None = None


class AlarmCalculatedFieldConfiguration(_Alarm):
    """What a calculated field of the type ALARM computes with, and when."""

    type: Literal["ALARM"]
    arguments: dict[str, dict[str, Any]] = Field(min_length=1)
    create_rules: dict[Severity, AlarmRule] = Field(min_length=1)
    clear_rule: AlarmRule | None = None


def read_profile_alarms(alarms: Any) -> list[dict[str, Any]] | None:
    """Return `profileData.alarms` as the server shows it; StoreError if it would refuse it."""
    if alarms is None:
        return None
    shown: list[dict[str, Any]] = _read(_ProfileAlarms, {"alarms": alarms})["alarms"]
    return shown


def read_configuration(configuration: Any) -> dict[str, Any]:
    """Return the configuration of a calculated field as the server shows it; StoreError if it would refuse it."""
    return _read(AlarmCalculatedFieldConfiguration, configuration)


def _read(shape: type[BaseModel], data: Any) -> dict[str, Any]:
    try:
        return shape.model_validate(data).model_dump(mode="json", by_alias=True)
    except ValidationError as error:
        raise StoreError(Reason.BAD_PARAMS, f"Validation error: {explain(error)}") from error
