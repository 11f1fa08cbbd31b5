"""Runs each C unit test of the sanitized build as a test of its own."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

BUILD = Path(__file__).resolve().parents[2] / "build_test"


def _listed() -> list[dict[str, Any]]:
    listing = subprocess.run(
        ["ctest", "--test-dir", BUILD, "--show-only=json-v1"], capture_output=True, text=True, check=True
    )
    tests: list[dict[str, Any]] = json.loads(listing.stdout)["tests"]
    return tests


TESTS = _listed() if (BUILD / "CTestTestfile.cmake").exists() else []


def test_there_are_unit_tests() -> None:
    assert TESTS, "no C unit tests are built: run `make test`"


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test["name"])
def test_c_unit(test: dict[str, Any]) -> None:
    properties = {entry["name"]: entry["value"] for entry in test["properties"]}
    added = dict(pair.split("=", 1) for pair in properties.get("ENVIRONMENT", []))
    done = subprocess.run(
        test["command"],
        cwd=properties["WORKING_DIRECTORY"],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **added},
    )
    assert done.returncode == 0, done.stdout + done.stderr
