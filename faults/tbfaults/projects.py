"""The firmware's projects: the tree itself, and others that are generated from it."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tbbench.tools import ROOT, BenchError

FAULTS = ROOT / "faults"
BUILD = ROOT / "build_faults"
_GENERATED = Path(tempfile.gettempdir()) / f"tb_faults_{os.getuid()}_{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"


@dataclass(frozen=True)
class Project:
    """A project of the device model *model*, "" for the tree's own.

    *app* is a folder in faults/apps whose app_sensors.c it has, as a user would have his own.
    """

    model: str = ""
    app: str = ""

    @property
    def folder(self) -> Path:
        """Where its host/ is; that of a generated project is outside of the tree."""
        return _GENERATED / self._name if self.model else ROOT

    @property
    def build(self) -> Path:
        """Where its firmware is built."""
        return BUILD / (self._name if self.model else "tree")

    @property
    def _name(self) -> str:
        return f"{self.model}.{self.app}" if self.app else self.model

    def generate(self) -> None:
        """Make it what the tree has now; BenchError says why it cannot be."""
        if not self.model:
            return
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(ROOT / "codegen/gen.py"), "--model", self.model, "--out", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"no project of {self.model}: {done.stderr.strip()}")
        if self.app:
            shutil.copy2(FAULTS / "apps" / self.app / "app_sensors.c", self.folder / "main")
        if not (self.folder / ".venv").exists():
            (self.folder / ".venv").symlink_to(ROOT / ".venv")


TREE = Project()
