"""A batch on disk: a folder with images, keys, import file, labels, and a manifest without secrets."""

import contextlib
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from tbtools.console import ToolError
from tbtools.factory.files import make_folder, read_file, write_new

MANIFEST = "manifest.json"
IMPORT = "thingsboard_import.csv"
LABELS = "labels.pdf"
_IMAGES, _KEYS = "images", "keys"
_NO_GIT = b"# Secrets: nothing here is for git.\n*\n"
_FORMAT = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ManifestDevice(_Strict):
    """A device and the digests of its files."""

    name: str
    serial: str
    label: str
    image_sha256: str
    key_sha256: str | None = None

    @property
    def image(self) -> str:
        """Its image, in the batch's folder."""
        return f"{_IMAGES}/{file_name(self.name)}"

    @property
    def key(self) -> str:
        """The partition with the key of its image, in the batch's folder."""
        return f"{_KEYS}/{file_name(self.name)}"


class Manifest(_Strict):
    """What a batch is made of. Its text is the batch's identity."""

    format: int = _FORMAT
    batch: str
    model: str
    profile: str
    nvs_bytes: int
    encrypted: bool
    devices: list[ManifestDevice]

    def text(self) -> bytes:
        """The manifest as it is stored."""
        return (self.model_dump_json(indent=1, exclude_none=True) + "\n").encode()

    def digest(self) -> str:
        """SHA-256 of the text."""
        return sha256(self.text())


def sha256(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def file_name(device: str) -> str:
    """The name of a device's files, that of no other device.

    >>> file_name("sensor-000001"), file_name("../Küche 1")
    ('sensor-000001.bin', '..%2FK%C3%BCche%201.bin')
    """
    return f"{quote(device, safe='')}.bin"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the batch in *folder*. ToolError when it is none."""
    file = folder / MANIFEST
    if not file.exists():
        raise ToolError(f"{folder} is no batch: it has no {MANIFEST}", "`tb.py factory make` makes one.")
    try:
        manifest = Manifest.model_validate_json(read_file(file))
    except ValidationError as error:
        raise ToolError(f"{file} is no manifest: {error.errors()[0]['msg']}") from error
    if manifest.format != _FORMAT:
        raise ToolError(f"{file} has format {manifest.format}, and this program knows {_FORMAT}")
    return manifest


def read_checked(folder: Path, file: str, digest: str | None) -> bytes:
    """The content of a batch's *file*. ToolError when it is not what was made."""
    data = read_file(folder / file)
    if sha256(data) != digest:
        raise ToolError(f"{folder / file} is not what was made", "Make the batch again: the same command does it.")
    return data


@contextlib.contextmanager
def new_folder(folder: Path, with_keys: bool) -> Iterator[Path]:
    """A new folder beside *folder*, to be filled and then put in its place by replace(); removed if it is not."""
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for each in (_IMAGES, *([_KEYS] if with_keys else [])):
            make_folder(partial / each)
        write_new(partial / ".gitignore", _NO_GIT)
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def replace(folder: Path, filled: Path) -> bool:
    """Put the folder *filled* in the place of *folder*. Returns False when nothing would change by that."""
    if folder.exists() and _content(folder) == _content(filled):
        return False
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    filled.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return True


def _content(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}
