"""JSON documents: changing one, and comparing what was sent with what comes back."""

import copy
from typing import Any


def put(data: Any, path: str, value: Any) -> Any:
    """Return a copy of *data* with *value* at the dotted *path*."""
    changed = copy.deepcopy(data)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place = changed
    for part in parents:
        place = place[part]
    place[last] = value
    return changed


def contains(shown: Any, posted: Any) -> bool:
    """Whether all that was *posted* is in what is *shown*, which may have more members."""
    if isinstance(posted, dict):
        return all(key in shown and contains(shown[key], value) for key, value in posted.items())
    if isinstance(posted, list):
        return len(shown) == len(posted) and all(map(contains, shown, posted))
    return bool(shown == posted)
