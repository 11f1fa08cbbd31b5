"""A project and its device model: what has to stand in it, in place or in another folder."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tbgen import ir, layout
from tbgen.decide import decide
from tbgen.errors import GenError
from tbgen.home import PROJECT, Home
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
    home: Home
    model: str
    plan: Plan
    keeps_starting_point: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """A model that was understood, and its `place` in the folder that things are generated in."""

    place: str
    device: ir.Device


def find_model(root: Path, wanted: str | None) -> Path:
    """Return the file of the model *wanted*: a path, a name in codegen/models, or None for the one in place."""
    models = root / layout.MODELS
    if wanted is None:
        in_place = read_manifest(root / PROJECT.manifest).model
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
    files = {path: read_file(root / path) for path in layout.shipped_files(root)}
    return _project(root, out, model, files)


def unknown_files(project: Project) -> list[str]:
    """Return the files in gen/ that are not ours."""
    gen = project.root / project.home.gen
    found = (path.relative_to(project.root).as_posix() for path in gen.rglob("*") if path.is_file())
    return sorted(path for path in found if path not in project.plan.files and path not in project.plan.removed)


def _check_folder(root: Path, out: Path) -> None:
    root, target = resolved(root), resolved(out)
    if target.is_relative_to(root) or root.is_relative_to(target):
        raise GenError(f"{out}: overlaps the project {root.name}; choose a folder outside of it")
    if target.exists() and not target.is_dir():
        raise GenError(f"{out}: is not a folder; choose a new or an empty one")
    if target.is_dir() and any(target.iterdir()) and not (target / PROJECT.manifest).is_file():
        raise GenError(f"{out}: is neither empty nor a project of this generator; choose a new or an empty folder")


def _project(root: Path, target: Path, model: Path, files: dict[str, File]) -> Project:
    before = read_manifest(target / PROJECT.manifest)
    source = understand(root, target, model, PROJECT)
    outputs = render(source.device, root / layout.TEMPLATES) | render_schema()
    start = outputs.pop(layout.STARTING_POINT)
    digests = {path: digest(each) for path, each in outputs.items()}
    manifest = Manifest(source.place, source.device.digest, digest(start), digests)

    files = files | {path: File(content) for path, content in outputs.items()}
    files[PROJECT.manifest] = File(manifest.text(PROJECT).encode())
    if source.place != inside(target, model):
        files[source.place] = imported(target, source.place, model, before)
    keeps = _is_the_users(target / layout.STARTING_POINT, before)
    if not keeps:
        files[layout.STARTING_POINT] = File(start)
    removed = frozenset(path for path in before.outputs if path not in files and layout.is_of_the_model(path))
    return Project(target, PROJECT, source.place, Plan(files, removed), keeps)


def understand(root: Path, target: Path, model: Path, home: Home) -> Source:
    """Read *model* by the protocol of *root*, and decide all that its files in *target* say."""
    document = load(model, _shown(model))
    parsed = parse(document)
    place = _place(target, model, f"{home.models}/{parsed.name}.yaml")
    return Source(place, decide(document, parsed, read_protocol(root / layout.PROTOCOL), place, home))


def _shown(path: Path) -> str:
    """Return *path* as seen from where the user stands."""
    return os.path.relpath(path) if resolved(path).is_relative_to(Path.cwd()) else str(path)


def _place(target: Path, model: Path, otherwise: str) -> str:
    """Return where the model stands inside *target*, or *otherwise*, where it will stand."""
    place = inside(target, model)
    return place if re.fullmatch(r"[A-Za-z0-9_./-]+", place) else otherwise


def inside(target: Path, path: Path) -> str:
    """Return *path* as seen from *target*; empty: it is elsewhere."""
    try:
        return resolved(path).relative_to(resolved(target)).as_posix()
    except ValueError:
        return ""


def resolved(path: Path) -> Path:
    """Return *path* with links followed; unlike Path.resolve(), links in a circle are left to whoever opens it."""
    return Path(os.path.realpath(path))


def imported(target: Path, place: str, model: Path, before: Manifest) -> File:
    """Return the model from elsewhere as a file of *target*, unless that would overwrite somebody's work."""
    new, existing = read_file(model), target / place
    if existing.exists():
        old = digest(read_file(existing).content)
        if old != digest(new.content) and (before.model, before.model_digest) != (place, old):
            raise GenError(f"{existing}: is another model of the same name; rename one of them")
    return new


def _is_the_users(path: Path, before: Manifest) -> bool:
    """Tell whether *path* is no longer the starting point that was generated."""
    return path.exists() and digest(read_file(path).content) != before.starting_point_digest


def read_file(path: Path) -> File:
    """Return the file as it is."""
    try:
        return File(path.read_bytes(), os.access(path, os.X_OK))
    except OSError as error:
        raise GenError(f"{path}: cannot be read: {error.strerror}") from None
