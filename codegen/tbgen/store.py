"""Brings a folder to a planned state: compares, shows the difference, or writes all of it or nothing."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tbgen.errors import GenError

_STAGED = ".tb-gen-new"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it has to be."""

    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What has to stand in a folder, and what must not stand there any more."""

    files: dict[str, File]
    removed: frozenset[str] = field(default_factory=frozenset)


def stale(root: Path, plan: Plan) -> list[str]:
    """Return the paths at which *root* differs from *plan*."""
    changed = [path for path, file in plan.files.items() if _content(root / path) != file.content]
    gone = [path for path in plan.removed if (root / path).exists()]
    return sorted(changed + gone)


def diff(root: Path, plan: Plan) -> Iterator[str]:
    """Yield the lines of a unified diff from *root* to *plan*."""
    for path in stale(root, plan):
        old, new = _content(root / path), plan.files.get(path)
        yield from difflib.unified_diff(
            _lines(old),
            _lines(new.content if new else None),
            f"a/{path}" if old is not None else "/dev/null",
            f"b/{path}" if new else "/dev/null",
        )


def write(root: Path, plan: Plan) -> list[str]:
    """Bring *root* to *plan*, touching only what differs; return the paths that were written or removed.

    On failure everything is put back and GenError raised.
    """
    changed = stale(root, plan)
    undo: list[Callable[[], object]] = []
    try:
        for path in changed:
            if path in plan.files:
                _stage(root / path, plan.files[path], undo)
        for path in changed:
            _commit(root / path, path in plan.files, undo)
    except BaseException as error:
        for step in reversed(undo):
            step()
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise GenError(f"{error.filename}: cannot be written: {reason}; nothing was changed") from None
        raise
    return changed


def _stage(target: Path, file: File, undo: list[Callable[[], object]]) -> None:
    """Write the new content beside *target*: what fails, fails before anything is replaced."""
    if target.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(target))
    _make_folder(target.parent, undo)
    staged = target.with_name(target.name + _STAGED)
    undo.append(lambda: staged.unlink(missing_ok=True))
    staged.write_bytes(file.content)
    if file.executable:
        staged.chmod(staged.stat().st_mode | 0o111)


def _make_folder(folder: Path, undo: list[Callable[[], object]]) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent, undo)
    folder.mkdir()
    undo.append(folder.rmdir)


def _commit(target: Path, is_planned: bool, undo: list[Callable[[], object]]) -> None:
    old = _content(target)
    if is_planned:
        target.with_name(target.name + _STAGED).replace(target)
    else:
        target.unlink()
    undo.append(lambda: target.unlink() if old is None else target.write_bytes(old))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _lines(content: bytes | None) -> list[str]:
    return [f"{line}\n" for line in (content or b"").decode(errors="replace").splitlines()]
