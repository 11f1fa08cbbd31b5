"""The lines that a log must have, in order: use_case_log.txt."""

import re
from pathlib import Path

USE_CASE = [
    line
    for line in Path(__file__).with_name("use_case_log.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def first_missing(patterns: list[str], log: str) -> str | None:
    """The first of *patterns* that no line matches which comes after the match of the pattern before it."""
    lines = iter(log.splitlines())
    return next((pattern for pattern in patterns if not any(re.search(pattern, line) for line in lines)), None)
