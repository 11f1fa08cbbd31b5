"""The lines that a log must have, in order: use_case_log.txt, with what a model puts in it."""

import re
from pathlib import Path

from tbgen.ir import Device


def use_case(model: Device) -> list[str]:
    """What the use cases of the firmware of *model* print."""
    text = Path(__file__).with_name("use_case_log.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    start = lines.index("${telemetry}")
    wanted = (*lines[:start], *_telemetry(model), *lines[start + 1 :])
    scheme = "mqtts" if model.provisioning.has_tls else "mqtt"
    return [line.replace("${tag}", model.c_tag).replace(" mqtt://", f" {scheme}://") for line in wanted]


def _telemetry(model: Device) -> list[str]:
    return [
        f"NORMAL-CONN: Send telemetry: {re.escape(model.log_keys)}",
        *(rf"NORMAL-CONN: Get {item.name} \(a time-series data\)" for item in model.telemetry),
        rf"tb_mqtt_wapper: \[Telemetry\]\[Tx\] {re.escape(model.sample)}",
    ]


def first_missing(patterns: list[str], log: str) -> str | None:
    """The first of *patterns* that no line matches which comes after the match of the pattern before it."""
    lines = iter(log.splitlines())
    return next((pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)), None)
