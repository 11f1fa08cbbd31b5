"""What we want an object of the server to say, against what it says: only the differences, and nothing lost.

None and an empty list say nothing: whatever the server has stays. So does every field that we do not name, and every
element of a list whose elements have an id, such as an alarm rule that somebody has added. A field that a server does
not have is false there, as older ones have fewer.
"""

import copy
from dataclasses import dataclass
from typing import Any

from tbtools import secret

Json = dict[str, Any]

_SECRET_FIELDS = ("provisionDeviceKey", "provisionDeviceSecret")


@dataclass(frozen=True)
class Difference:
    """A field whose value on the server, *there*, is not what is *wanted*."""

    path: str
    there: Any
    wanted: Any

    def shown(self) -> Json:
        """As it may be printed."""
        is_secret = self.path.rpartition(".")[2] in _SECRET_FIELDS
        there, wanted = (secret.HIDDEN if is_secret and each else each for each in (self.there, self.wanted))
        return {"field": self.path, "there": there, "wanted": wanted}


def differences(wanted: Json, there: Json, path: str = "") -> list[Difference]:
    """What has to change in *there*.

    >>> differences({"a": 1, "b": {"c": 2}, "d": None}, {"a": 1, "b": {"c": 3, "e": 4}, "d": 5})
    [Difference(path='b.c', there=3, wanted=2)]
    >>> differences({"a": False, "b": 0}, {})
    [Difference(path='b', there=None, wanted=0)]
    >>> differences({"a": [{"id": "x", "b": 1}]}, {"a": [{"id": "y"}, {"id": "x", "b": 2}]})
    [Difference(path='a.x.b', there=2, wanted=1)]
    """
    found = []
    for key, value in wanted.items():
        old = there.get(key)
        if isinstance(value, dict):
            found += differences(value, _object(old), f"{path}{key}.")
        elif _has_ids(value):
            found += differences(_by_id(value), _by_id(old), f"{path}{key}.")
        elif not _covers(old, value):
            found.append(Difference(f"{path}{key}", old, value))
    return found


def merged(wanted: Json, there: Json) -> Json:
    """*there*, changed to what is *wanted*. An object of another type is replaced, as its fields mean nothing then.

    >>> merged({"a": 1, "b": {"c": 2}, "d": None}, {"b": {"c": 3, "e": 4}, "d": 5})
    {'b': {'c': 2, 'e': 4}, 'd': 5, 'a': 1}
    >>> merged({"a": {"type": "x", "b": 1}}, {"a": {"type": "y", "c": 2}})
    {'a': {'type': 'x', 'b': 1}}
    >>> merged({"a": {"b": None}, "c": []}, {})
    {'a': {'b': None}, 'c': []}
    >>> merged({"a": [{"id": "x", "b": 1}]}, {"a": [{"id": "y"}, {"id": "x", "b": 2}]})
    {'a': [{'id': 'y'}, {'id': 'x', 'b': 1}]}
    """
    result = copy.deepcopy(there)
    for key, value in wanted.items():
        old = result.get(key)
        if isinstance(value, dict):
            kept = _object(old)
            is_same_type = value.get("type") in (None, kept.get("type"))
            result[key] = merged(value, kept if is_same_type else {})
        elif _has_ids(value):
            result[key] = list(merged(_by_id(value), _by_id(old)).values())
        elif key not in result or not _covers(old, value):
            result[key] = copy.deepcopy(value)
    return result


def status(exists: bool, differs: bool, dry_run: bool) -> str:
    """What was done to an object, or would be done, in a word or two."""
    if not differs:
        return "unchanged"
    done = "changed" if exists else "created"
    return f"would be {done}" if dry_run else done


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(_object(each).get("id"), str) for each in value)


def _by_id(value: Any) -> Json:
    """The elements of a list by their id, or by their place where they have none."""
    elements = value if isinstance(value, list) else []
    return {_object(each).get("id") or str(place): each for place, each in enumerate(elements)}


def _covers(there: Any, wanted: Any) -> bool:
    """Whether *there* says all that *wanted* says."""
    if wanted is None or wanted == []:
        return True
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(_covers(there.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        same_length = isinstance(there, list) and len(there) == len(wanted)
        return same_length and all(map(_covers, there, wanted))
    if isinstance(wanted, bool):
        return there is wanted or (there is None and not wanted)
    return bool(there == wanted) and not isinstance(there, bool)
