"""Files that nobody else may read."""

import os
from pathlib import Path

from tbtools.console import ToolError

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Make *folder*, and what is missing above it, for this user alone; an existing one keeps its rights."""
    for each in [*reversed(folder.parents), folder]:
        if not each.exists():
            each.mkdir(mode=FOLDER_MODE)


def write_new(file: Path, data: bytes) -> None:
    """Write a file that must not exist yet."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as stream:
        stream.write(data)


def read_private(file: Path) -> bytes:
    """Read a file that holds a secret. ToolError when it is not there, or when others may read it."""
    try:
        with file.open("rb") as stream:
            if os.fstat(stream.fileno()).st_mode & _OTHERS:
                raise ToolError(f"others may read {file}, which holds a secret", f"chmod 600 {file}")
            return stream.read()
    except OSError as error:
        raise ToolError(f"{file} cannot be read: {error.strerror}") from error


def read_file(file: Path) -> bytes:
    """Read a file. ToolError when that fails."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise ToolError(f"{file} cannot be read: {error.strerror}") from error
