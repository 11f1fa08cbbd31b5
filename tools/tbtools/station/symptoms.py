"""What a log says when the firmware has crashed, or does not even start."""

import re
from dataclasses import dataclass

_LENGTH_MAX = 160


@dataclass(frozen=True)
class Failure:
    """Why a board fails, in a sentence, and what a person can do now."""

    cause: str
    advice: str = ""


_FIRMWARE = "It is the firmware's fault: keep the board, and its log (--show-log) for who has written it."
_POWER = "Try another cable, port or power supply."
_FLASH = "Flash the board again; if that does not help, it is broken."
_CRASHES = (
    (r"Guru Meditation Error: .*", _FIRMWARE),
    (r"abort\(\) was called.*", _FIRMWARE),
    (r"assert failed: .*", _FIRMWARE),
    (r"Assertion .* failed.*", _FIRMWARE),
    (r"A stack overflow in task .*", _FIRMWARE),
    (r"Stack smashing protect failure.*", _FIRMWARE),
    (r"CORRUPT HEAP: .*", _FIRMWARE),
    (r"Task watchdog got triggered.*", _FIRMWARE),
    (r"[A-Za-z]+Sanitizer: .*", _FIRMWARE),
    (r"runtime error: .*", _FIRMWARE),
)
_NO_STARTS = (
    (r"Brownout detector was triggered.*", _POWER),
    (r"invalid header: 0x[0-9a-f]+", "There is no firmware on it: flash it."),
    (r"No bootable app partitions.*", "There is no firmware on it: flash it."),
    (r"flash read err.*", _FLASH),
    (r"csum err.*", _FLASH),
    (r"waiting for download", "It is in its boot loader: press its reset button without its boot button."),
)


def _compiled(symptoms: tuple[tuple[str, str], ...]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern, re.IGNORECASE), advice) for pattern, advice in symptoms]


_CRASH_PATTERNS = _compiled(_CRASHES)
_ALL_PATTERNS = _CRASH_PATTERNS + _compiled(_NO_STARTS)


def crash(text: str) -> str | None:
    """Where *text*, of any number of lines, first says that the firmware has crashed: from there to the line's end."""
    found = [match for pattern, _ in _CRASH_PATTERNS if (match := pattern.search(text))]
    return min(found, key=lambda match: match.start())[0] if found else None


def failure(line: str) -> Failure | None:
    """What a line of the log says about a firmware that has crashed or does not start."""
    for pattern, advice in _ALL_PATTERNS:
        match = pattern.search(line)
        if match is not None:
            return Failure(match[0][:_LENGTH_MAX].strip(), advice)
    return None
