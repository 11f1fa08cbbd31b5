"""A project and its device model: what has to stand in it, in place or in another folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tbgen import layout
from tbgen.decide import decide
from tbgen.errors import GenError
from tbgen.load import load
from tbgen.manifest import Manifest, digest, read_manifest
from tbgen.names import nearest
from tbgen.protocol import read_protocol
from tbgen.render import render, render_schema
from tbgen.schema import parse
from tbgen.store import File, Plan


@dataclass(frozen=True, slots=True)
class Project:
    """A model that was understood, and all that follows from it for the folder `root`."""

    root: Path
    model: str
    plan: Plan
    keeps_starting_point: bool


def find_model(root: Path, wanted: str | None) -> Path:
    """Return the file of the model *wanted*: a path, a name in codegen/models, or None for the one in place."""
    models = root / layout.MODELS
    if wanted is None:
        in_place = read_manifest(root).model
        return root / in_place if in_place else models / f"{layout.DEFAULT_MODEL}.yaml"
    path = Path(wanted)
    if path.suffix or len(path.parts) != 1 or path.exists():
        return path
    names = sorted(each.stem for each in models.glob("*.yaml"))
    if wanted not in names:
        raise GenError(f"{wanted}: no such model; {nearest(wanted, names)}a file, or one of {', '.join(names)}")
    return models / f"{wanted}.yaml"


def in_place(root: Path, model: Path) -> Project:
    """Return *root* as it has to be for *model*."""
    return _project(root, root, model, {})


def copied(root: Path, out: Path, model: Path) -> Project:
    """Return *out* as a complete project of its own for *model*, with all else taken from *root*."""
    _check_folder(root, out)
    files = {path: _read(root / path) for path in layout.shipped_files(root)}
    return _project(root, out, model, files)


def unknown_files(project: Project) -> list[str]:
    """Return the files in gen/ that are not ours."""
    gen = project.root / layout.GEN
    found = (path.relative_to(project.root).as_posix() for path in gen.rglob("*") if path.is_file())
    return sorted(path for path in found if path not in project.plan.files and path not in project.plan.removed)


def _check_folder(root: Path, out: Path) -> None:
    root, target = _resolved(root), _resolved(out)
    if target.is_relative_to(root) or root.is_relative_to(target):
        raise GenError(f"{out}: overlaps the project {root.name}; choose a folder outside of it")
    if target.exists() and not target.is_dir():
        raise GenError(f"{out}: is not a folder; choose a new or an empty one")
    if target.is_dir() and any(target.iterdir()) and not (target / layout.MANIFEST).is_file():
        raise GenError(f"{out}: is neither empty nor a project of this generator; choose a new or an empty folder")


def _project(root: Path, target: Path, model: Path, files: dict[str, File]) -> Project:
    document = load(model, _shown(model))
    parsed = parse(document)
    before = read_manifest(target)
    place = _place(target, model, parsed.name)
    device = decide(document, parsed, read_protocol(root / layout.PROTOCOL), place)
    outputs = render(device, root / layout.TEMPLATES) | render_schema()
    start = outputs.pop(layout.STARTING_POINT)
    manifest = Manifest(place, document.digest, digest(start), {path: digest(each) for path, each in outputs.items()})

    files = files | {path: File(content) for path, content in outputs.items()}
    files[layout.MANIFEST] = File(manifest.text().encode())
    if place != _inside(target, model):
        files[place] = _imported(target, place, model, before)
    keeps = _is_the_users(target / layout.STARTING_POINT, before)
    if not keeps:
        files[layout.STARTING_POINT] = File(start)
    removed = frozenset(path for path in before.outputs if path not in files and layout.is_of_the_model(path))
    return Project(target, place, Plan(files, removed), keeps)


def _shown(path: Path) -> str:
    """Return *path* as seen from where the user stands."""
    return os.path.relpath(path) if _resolved(path).is_relative_to(Path.cwd()) else str(path)


def _place(target: Path, model: Path, name: str) -> str:
    """Return where the model stands, or will stand, inside the project *target*."""
    inside = _inside(target, model)
    return inside if re.fullmatch(r"[A-Za-z0-9_./-]+", inside) else f"{layout.MODELS}/{name}.yaml"


def _inside(target: Path, path: Path) -> str:
    try:
        return _resolved(path).relative_to(_resolved(target)).as_posix()
    except ValueError:
        return ""


def _resolved(path: Path) -> Path:
    """Return *path* with links followed; unlike Path.resolve(), links in a circle are left to whoever opens it."""
    return Path(os.path.realpath(path))


def _imported(target: Path, place: str, model: Path, before: Manifest) -> File:
    """Return the model from elsewhere as a file of the project, unless that would overwrite somebody's work."""
    new, existing = _read(model), target / place
    if existing.exists():
        old = digest(_read(existing).content)
        if old != digest(new.content) and (before.model, before.model_digest) != (place, old):
            raise GenError(f"{existing}: is another model of the same name; rename one of them")
    return new


def _is_the_users(path: Path, before: Manifest) -> bool:
    """Tell whether *path* is no longer the starting point that was generated."""
    return path.exists() and digest(_read(path).content) != before.starting_point_digest


def _read(path: Path) -> File:
    try:
        return File(path.read_bytes(), os.access(path, os.X_OK))
    except OSError as error:
        raise GenError(f"{path}: cannot be read: {error.strerror}") from None
