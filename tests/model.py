"""The device model in place, as tests need it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tbgen import layout
from tbgen.decide import decide
from tbgen.ir import Device
from tbgen.load import load
from tbgen.project import find_model
from tbgen.protocol import read_protocol
from tbgen.schema import parse

ROOT = Path(__file__).resolve().parents[1]


def read_model(name: str | None) -> Device:
    """Read the model of that name in codegen/models, or the one in place."""
    path = find_model(ROOT, name)
    document = load(path)
    return decide(document, parse(document), read_protocol(ROOT / layout.PROTOCOL), path.name)


DEVICE = read_model(None)
SAMPLE: dict[str, Any] = json.loads(DEVICE.sample)
"""What the sensors of the starting point give, as the server gets it."""

of_the_default_model = pytest.mark.skipif(
    DEVICE.name != layout.DEFAULT_MODEL, reason=f"goes with the model {layout.DEFAULT_MODEL}; {DEVICE.name} is in place"
)
"""Marks a test that names values of the default model, or holds it to a figure."""
