"""What is generated for a few tiny models, byte by byte. UPDATE_GOLDEN=1 writes what is generated now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.codegen.support import MODELS, Run

GOLDEN = Path(__file__).parent / "golden"
GEN = "components/tb_mqtt_client_helper/gen"
KEPT = (
    f"{GEN}/tb_model.h",
    f"{GEN}/tb_model_telemetry.c",
    "main/app_sensors.c",
    "main/app_sensors.h",
    "main/normal_connection.c",
    "docs/model-{}.md",
)


@pytest.mark.parametrize("model", sorted(path.stem for path in MODELS.glob("*.yaml")))
def test_generated_is_as_agreed(model: str, root: Path, run: Callable[..., Run]) -> None:
    assert run("--model", MODELS / f"{model}.yaml").code == 0
    for path in (each.format(model) for each in KEPT):
        golden = GOLDEN / model / Path(path).name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            golden.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, golden)
        assert (root / path).read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_no_golden_without_a_model() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {path.stem for path in MODELS.glob("*.yaml")}
