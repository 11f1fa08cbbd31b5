"""What the generator's tests share."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tbgen import layout
from tbgen.decide import decide
from tbgen.ir import Device
from tbgen.load import load
from tbgen.protocol import read_protocol
from tbgen.render import environment
from tbgen.schema import parse

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = Path(__file__).parent / "models"

Snapshot = dict[str, tuple[int, bytes]]
"""Time of the last change and content of each file of a folder."""


@dataclass
class Run:
    """What came of one run of the command line."""

    code: int
    out: str
    err: str


def make_project(folder: Path) -> None:
    """Make *folder* a project that holds the generator's data and nothing else."""
    shutil.copytree(REPOSITORY / "codegen" / "templates", folder / "codegen" / "templates")
    shutil.copy(REPOSITORY / "codegen" / "protocol.yaml", folder / "codegen")
    (folder / "codegen" / "models").mkdir()


def device_of(model: Path) -> Device:
    """What is decided of the file *model*."""
    document = load(model)
    return decide(
        document, parse(document), read_protocol(REPOSITORY / layout.PROTOCOL), f"codegen/models/{model.name}"
    )


@dataclass(frozen=True)
class ServerSide:
    """What is generated of a model for ThingsBoard."""

    profile: dict[str, Any]
    alarm_rules: dict[str, Any]
    dashboard: dict[str, Any]

    @property
    def widgets(self) -> dict[str, dict[str, Any]]:
        widgets: dict[str, dict[str, Any]] = self.dashboard["configuration"]["widgets"]
        return widgets


_PRINTER = environment(REPOSITORY / layout.TEMPLATES)


def server_side(device: Device) -> ServerSide:
    names = ("profile", "alarm_rules", "dashboard")
    texts = (_PRINTER.get_template(f"server/{name}.json.j2").render(device=device) for name in names)
    return ServerSide(*map(json.loads, texts))


def snapshot(folder: Path) -> Snapshot:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
