"""The flaws of other clients that ours must not have: each is a test, whose name begins with the flaw's number."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FLAWS = {
    "S1": "a topic of the broker's is copied without a bound",
    "S2": "a status that is no string is compared as one",
    "S3": "an RPC without a method crashes the device",
    "S4": "firmware attributes of a wrong type crash the device",
    "S5": "a topic is read past its end",
    "S6": "credentials are gone after a reboot",
    "S8": "events come before there is anybody to take them",
    "S11": "a lost connection leaves its client behind",
    "S12": "something of a closed connection still calls back",
    "S13": "what is pending leaks at the end",
    "S14": "a full queue leaks messages",
    "S17": "time-outs follow the wall clock",
    "S19": "all failures are called a time-out",
    "S22": "secrets are in the log",
    "T1": "the time-out of the answer is dropped",
    "T2": "the request leaves before there is a connection",
    "T3": "the answer after a reconnect is lost",
    "T4": "keys that are missing are compared as texts",
}


@pytest.mark.parametrize("number", FLAWS)
def test_flaw_is_tested_by_its_name(number: str) -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests/c").glob("test_*.c")))
    written = set(re.findall(rf"^static void ({number}_\w+)\(void \*\*state\)", sources, re.MULTILINE))
    run = set(re.findall(rf"\w+\(({number}_\w+)\b[^;]*?\),", sources))
    assert written, FLAWS[number]
    assert written <= run, f"written, and not run: {written - run}"
