"""The record of what was generated, from what. `sha256sum -c` can read it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from tbgen import VERSION
from tbgen.layout import MANIFEST, STARTING_POINT

_HEADER = "# Written by codegen/gen.py. Do not edit. Check it with `sha256sum -c` in the project's folder.\n"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in gen/MANIFEST; everything is empty when there is none."""

    model: str = ""
    model_digest: str = ""
    starting_point_digest: str = ""
    outputs: dict[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the manifest as it is stored."""
        head = (
            f"{_HEADER}# generator: {VERSION}\n# model: {self.model_digest}  {self.model}\n"
            f"# starting point: {self.starting_point_digest}  {STARTING_POINT}\n"
        )
        return head + "".join(f"{digest}  {path}\n" for path, digest in sorted(self.outputs.items()))


def digest(content: bytes) -> str:
    """Return the SHA-256 of *content* in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(root: Path) -> Manifest:
    """Return the manifest of the project *root*; lines that are none are skipped."""
    try:
        text = (root / MANIFEST).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return Manifest()
    outputs: dict[str, str] = {}
    named = {"model": ("", ""), "starting point": ("", "")}
    for match in re.finditer(r"^(?:# ([a-z ]+): )?([0-9a-f]{64})  (.+)$", text, re.MULTILINE):
        name, sha256, path = match.groups()
        if name in named:
            named[name] = (path, sha256)
        elif name is None:
            outputs[path] = sha256
    return Manifest(*named["model"], named["starting point"][1], outputs)
