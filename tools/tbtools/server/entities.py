"""What holds for entities of every kind: how one is found, named and changed, and how the server refuses."""

from enum import Enum
from typing import Any, TypeVar

from tbtools.server.kv import looks_like_markup

NAME_LENGTH_MAX = 255
T = TypeVar("T")


class Reason(Enum):
    """Why the store refuses, with ThingsBoard's HTTP status and error code."""

    BAD_PARAMS = (400, 31)
    NOT_FOUND = (404, 32)
    VERSION_CONFLICT = (409, 35)
    ENTITY_LIMIT = (403, 41)


class StoreError(Exception):
    """A save or look-up that ThingsBoard refuses; the message is ThingsBoard's, or close to it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def found(entity: T | None, kind: str, entity_id: str) -> T:
    """Return *entity*, unless there is none."""
    if entity is None:
        raise StoreError(Reason.NOT_FOUND, f"{kind} with id [{entity_id}] is not found")
    return entity


def checked_name(name: Any, kind: str, field: str = "name") -> str:
    """Return *name*, the *field* of an entity of that *kind*, if it may be one."""
    if not isinstance(name, str) or not name.strip():
        raise StoreError(Reason.BAD_PARAMS, f"{kind} {field} should be specified!")
    if len(name) > NAME_LENGTH_MAX:
        raise StoreError(Reason.BAD_PARAMS, f"Validation error: {field} length must be equal or less than 255")
    if "\x00" in name:
        raise StoreError(Reason.BAD_PARAMS, f"Validation error: {field} should not contain 0x00 symbol")
    return checked_text(name, field)


def checked_text(text: str, field: str) -> str:
    """Return *text* if it passes the server's guard against markup and templates."""
    if looks_like_markup(text):
        raise StoreError(Reason.BAD_PARAMS, f"Validation error: {field} is malformed")
    return text


def check_version(body: dict[str, Any], current: int) -> None:
    """Refuse what was made of an older version of the entity."""
    if body.get("version") not in (None, current):
        raise StoreError(Reason.VERSION_CONFLICT, "The entity was already changed by someone else!")
