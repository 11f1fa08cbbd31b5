"""Values of the server as people read them."""

import json
from datetime import datetime

_BRIEF = 60


def moment(ts_ms: object) -> str:
    """A time in ms since the epoch, as it is here; empty for none."""
    try:
        return datetime.fromtimestamp(int(str(ts_ms)) / 1000).isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return ""


def plain(value: object) -> str:
    """A text as it is, anything else as JSON; empty for None.

    >>> plain("x"), plain(25.0), plain(False), plain({"a": [1]}), plain(None)
    ('x', '25.0', 'false', '{"a": [1]}', '')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def brief(value: object) -> str:
    """The same, cut off where it is long."""
    text = plain(value)
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]} ..."
