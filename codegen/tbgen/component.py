"""A component of its own: the library, the application on it and the C of one model, for a project that exists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from tbgen import layout
from tbgen.errors import GenError
from tbgen.home import COMPONENT
from tbgen.manifest import Manifest, digest, read_manifest
from tbgen.project import Project, imported, inside, read_file, resolved, understand
from tbgen.render import render, render_component
from tbgen.store import File, Plan

NAME = "tb_mqtt_client_helper"

_LIBRARY = f"components/{NAME}/"
_APPLICATION = "main/"
_AS_THEY_ARE = ("CHANGELOG.md", "LICENSE")
_MOVED = {
    "main/Kconfig.projbuild": "Kconfig.projbuild",
    "main/app_sensors.c": "examples/minimal/main/app_sensors.c",
}
_OF_THE_PROJECT = ("main/app_main.c",)
_PARTS_OF_THE_APPLICATION = (".c", ".cmake", ".h")

T = TypeVar("T")


def component_path(path: str) -> str | None:
    """Return where the file *path* of a project stands in a component of its own; None: it is not part of it.

    >>> component_path("components/tb_mqtt_client_helper/src/tb_buf.c"), component_path("main/app_device.c")
    ('src/tb_buf.c', 'app/app_device.c')
    >>> component_path("main/app_main.c"), component_path("tools/tb.py")
    (None, None)
    """
    if path in _OF_THE_PROJECT:
        return None
    if path in _MOVED:
        return _MOVED[path]
    if path.startswith(_LIBRARY):
        return path.removeprefix(_LIBRARY)
    if path.startswith(_APPLICATION) and path.endswith(_PARTS_OF_THE_APPLICATION):
        return f"app/{path.removeprefix(_APPLICATION)}"
    is_kept = path in _AS_THEY_ARE or (path.startswith("docs/") and layout.is_of_the_model(path))
    return path if is_kept else None


def component_model(folder: Path) -> Path | None:
    """Return the model that the component in *folder* was made of, if there is one."""
    model = read_manifest(folder / NAME / COMPONENT.manifest).model
    return folder / NAME / model if model else None


def component(root: Path, folder: Path, model: Path) -> Project:
    """Return the component for *model* in *folder*, with all that does not depend on the model taken from *root*."""
    target = folder / NAME
    before = read_manifest(target / COMPONENT.manifest)
    _check_folder(root, target, before)
    source = understand(root, target, model, COMPONENT)
    templates = root / layout.TEMPLATES
    outputs = _moved(render(source.device, templates)) | render_component(source.device, templates)
    digests = {path: digest(each) for path, each in outputs.items()}
    manifest = Manifest(source.place, source.device.digest, outputs=digests)

    shipped = {path: root / path for path in layout.shipped_files(root)}
    files = {path: read_file(origin) for path, origin in _moved(shipped).items()}
    files |= {path: File(content) for path, content in outputs.items()}
    files[COMPONENT.manifest] = File(manifest.text(COMPONENT).encode())
    if source.place != inside(target, model):
        files[source.place] = imported(target, source.place, model, before)
    removed = frozenset(path for path in before.outputs if path not in files)
    return Project(target, COMPONENT, source.place, Plan(files, removed))


def _check_folder(root: Path, target: Path, before: Manifest) -> None:
    here, there = resolved(root), resolved(target)
    if there.is_relative_to(here) or here.is_relative_to(there):
        raise GenError(f"{target}: overlaps the project {here.name}; choose a folder outside of it")
    if there.exists() and not there.is_dir():
        raise GenError(f"{target}: is not a folder; choose another place")
    if there.is_dir() and any(there.iterdir()) and f"{COMPONENT.gen}/sources.cmake" not in before.outputs:
        raise GenError(f"{target}: is neither empty nor a component of this generator; choose another place")


def _moved(files: Mapping[str, T]) -> dict[str, T]:
    """Return those of *files* that are part of a component, by where they stand there."""
    return {there: each for path, each in files.items() if (there := component_path(path)) is not None}
