"""Telling a person what is wrong with what they gave us."""

from pydantic import ValidationError


def explain(error: ValueError) -> str:
    """The message of *error* in one line; of a pydantic error, field by field."""
    if not isinstance(error, ValidationError):
        return str(error)
    return "; ".join(": ".join([*map(str, item["loc"]), item["msg"]]) for item in error.errors())
