"""The lines that a log must have, in order: use_case_log.txt, with what the model in place puts in it."""

import re
from pathlib import Path

from tests.model import DEVICE


def _telemetry() -> list[str]:
    return [
        f"NORMAL-CONN: Send telemetry: {re.escape(DEVICE.log_keys)}",
        *(rf"NORMAL-CONN: Get {item.name} \(a time-series data\)" for item in DEVICE.telemetry),
        rf"tb_mqtt_wapper: \[Telemetry\]\[Tx\] {re.escape(DEVICE.sample)}",
    ]


def _use_case() -> list[str]:
    text = Path(__file__).with_name("use_case_log.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    start = lines.index("${telemetry}")
    return [line.replace("${tag}", DEVICE.c_tag) for line in (*lines[:start], *_telemetry(), *lines[start + 1 :])]


USE_CASE = _use_case()


def first_missing(patterns: list[str], log: str) -> str | None:
    """The first of *patterns* that no line matches which comes after the match of the pattern before it."""
    lines = iter(log.splitlines())
    return next((pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)), None)
