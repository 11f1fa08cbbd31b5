"""The record of what was generated, from what. `sha256sum -c` can read it, and so does the build (check_gen.cmake)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tbgen import VERSION
from tbgen.home import Home
from tbgen.layout import STARTING_POINT


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in gen/MANIFEST; everything is empty when there is none."""

    model: str = ""
    model_digest: str = ""
    starting_point_digest: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    def text(self, home: Home) -> str:
        """Return the manifest as it is stored in *home*."""
        head = (
            f"# Written by codegen/gen.py. Do not edit. Check it with `sha256sum -c` in the {home.name}'s folder.\n"
            f"# generator: {VERSION}\n# folder: {home.up}\n# when stale: {home.advice}\n"
            f"# model: {self.model_digest}  {self.model}\n"
        )
        start = f"# starting point: {self.starting_point_digest}  {STARTING_POINT}\n"
        lines = (f"{digest}  {path}\n" for path, digest in sorted(self.outputs.items()))
        return head + (start if self.starting_point_digest else "") + "".join(lines)


def digest(content: bytes) -> str:
    """Return the SHA-256 of *content* in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(file: Path) -> Manifest:
    """Return what stands in *file*; lines that are none, or name what is outside of the folder, are skipped."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Manifest()
    outputs: dict[str, str] = {}
    named = {"model": ("", ""), "starting point": ("", "")}
    for match in re.finditer(r"^(?:# ([a-z ]+): )?([0-9a-f]{64})  (.+)$", text, re.MULTILINE):
        name, sha256, path = match.groups()
        if path.startswith("/") or ".." in PurePosixPath(path).parts:
            continue
        if name in named:
            named[name] = (path, sha256)
        elif name is None:
            outputs[path] = sha256
    return Manifest(*named["model"], named["starting point"][1], outputs)
