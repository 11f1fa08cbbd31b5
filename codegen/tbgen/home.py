"""What generated files are part of: a project, or a component in somebody else's project."""

from __future__ import annotations

from dataclasses import dataclass

from tbgen.layout import GEN, MODELS


@dataclass(frozen=True, slots=True)
class Home:
    """Where things stand in it, the command that generates it again, and what a build advises when it is stale.

    All paths start from its own folder, to which `up` leads from the generated C in `gen`.
    """

    name: str
    gen: str
    models: str
    up: str
    command: str
    advice: str

    @property
    def manifest(self) -> str:
        """The record of what was generated."""
        return f"{self.gen}/MANIFEST"


PROJECT = Home("project", GEN, MODELS, "../../..", "python codegen/gen.py", "run `make gen`, or `idf.py tb-gen`")
COMPONENT = Home(
    *("component", "gen", "model", "..", "python codegen/gen.py --component DIR"),
    "run `python codegen/gen.py --component DIR` in the project that it was made by",
)
