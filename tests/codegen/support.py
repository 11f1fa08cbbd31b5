"""What the generator's tests share."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

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


def snapshot(folder: Path) -> Snapshot:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}
