"""What is generated for a few tiny models, byte by byte. UPDATE_GOLDEN=1 writes what is generated now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.codegen.support import MODELS, REPOSITORY, Run

GOLDEN = Path(__file__).parent / "golden"
GEN = "components/tb_mqtt_client_helper/gen"
KEPT = (
    f"{GEN}/tb_model.h",
    f"{GEN}/tb_model_telemetry.c",
    "main/app_sensors.c",
    "main/app_sensors.h",
    "main/normal_connection.c",
    "docs/model-{}.md",
    "server/alarm_rules.json",
    "server/dashboard.json",
    "server/profile.json",
)
KEPT_OF_KINDS = (
    f"{GEN}/sources.cmake",
    f"{GEN}/tb_model_prov.c",
    f"{GEN}/tb_model_prov.h",
    "main/Kconfig.projbuild",
    "sdkconfig.defaults",
    "server/profile.json",
)
OWN_MODELS = sorted(MODELS.glob("*.yaml"))
KINDS = sorted((REPOSITORY / "codegen" / "models").glob("*.yaml"))


@pytest.mark.parametrize("model", OWN_MODELS, ids=lambda path: path.stem)
def test_generated_is_as_agreed(model: Path, root: Path, run: Callable[..., Run]) -> None:
    assert run("--model", model).code == 0
    compare(root, model.stem, KEPT)


@pytest.mark.parametrize("model", KINDS, ids=lambda path: path.stem)
def test_generated_for_each_kind_of_credentials_is_as_agreed(model: Path, root: Path, run: Callable[..., Run]) -> None:
    assert run("--model", model).code == 0
    compare(root, model.stem, KEPT_OF_KINDS)


def compare(root: Path, model: str, kept: tuple[str, ...]) -> None:
    for path in (each.format(model) for each in kept):
        golden = GOLDEN / model / Path(path).name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            golden.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / path, golden)
        assert (root / path).read_text(encoding="utf-8") == golden.read_text(encoding="utf-8")


def test_no_golden_without_a_model() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {path.stem for path in (*OWN_MODELS, *KINDS)}
