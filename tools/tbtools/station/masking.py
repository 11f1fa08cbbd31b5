"""A log without its secrets: firmware built for the bench may print them (CONFIG_TB_LOG_SECRETS)."""

import json
import re

from tbtools.secret import HIDDEN
from tbtools.station.boot import RECORD

_OPEN_KEYS = ("deviceName", "credentialsType", "status", "provisionDeviceStatus", "errorMsg")
_SECRET_WORDS = re.compile(r"provisionDevice|credentials|token|password|username|clientId|hash", re.IGNORECASE)


def masked(line: str) -> str:
    """*line* with `***` for each value that may be secret; a torn line that may hold one is `***` alone."""
    if RECORD.match(line) is None:
        return HIDDEN if '"' in line else line
    if "[Provision]" in line:
        head, brace, rest = line.partition("{")
        return head + _masked_object(brace + rest) if brace else line
    if '"' in line and "[Telemetry]" not in line and _SECRET_WORDS.search(line):
        return HIDDEN
    return line


def _masked_object(text: str) -> str:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return HIDDEN
    shown = {key: value if key in _OPEN_KEYS else HIDDEN for key, value in content.items()}
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
