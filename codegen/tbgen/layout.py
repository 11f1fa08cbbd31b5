"""Where things stand in a project, and what belongs to one."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from tbgen.errors import GenError

GEN = "components/tb_mqtt_client_helper/gen"
MODELS = "codegen/models"
SCHEMA = "codegen/model.schema.json"
TEMPLATES = "codegen/templates"
PROTOCOL = "codegen/protocol.yaml"
MODEL_PAGE = "docs/model-{}.md"
STARTING_POINT = "main/app_sensors.c"
"""The application's own file: made once, then the user's."""
SENSORS_HEADER = "main/app_sensors.h"
SERVER = "server"

DEFAULT_MODEL = "dev_sup_access_token_wo_ssl"


def project_files(root: Path) -> Iterator[str]:
    """Yield the path of each file of the project *root*.

    What git ignores is nobody else's business: build trees, caches, and a sdkconfig with its secrets.
    """
    try:
        ignored = [".git", *(root / ".gitignore").read_text(encoding="utf-8").split()]
    except OSError:
        raise GenError(f"{root / '.gitignore'}: cannot be read; it says what is no part of the project") from None
    yield from _walk(root, "", ignored)


def shipped_files(root: Path) -> Iterator[str]:
    """Yield the path of each file of the project *root* that every project has, whatever its model."""
    return (path for path in project_files(root) if not is_of_the_model(path))


def _walk(folder: Path, prefix: str, ignored: list[str]) -> Iterator[str]:
    for child in sorted(folder.iterdir()):
        path = prefix + child.name
        if _is_ignored(path, ignored):
            continue
        if child.is_dir():
            yield from _walk(child, f"{path}/", ignored)
        elif child.is_file():
            yield path


def _is_ignored(path: str, patterns: list[str]) -> bool:
    """Tell whether one of the *patterns* of a .gitignore without exceptions names *path* itself.

    >>> _is_ignored("build_host", ["/build*/"]), _is_ignored("host/build", ["/build*/"])
    (True, False)
    >>> _is_ignored("tools/tbtools/__pycache__", ["__pycache__/"])
    True
    """
    name = path.rpartition("/")[2]
    return any(fnmatch(path if "/" in each[:-1] else name, each.strip("/")) for each in patterns)


def is_of_the_model(path: str) -> bool:
    """Tell whether the file *path* of a project stands and falls with its device model.

    >>> is_of_the_model("docs/model-boiler.md"), is_of_the_model("docs/protocol.md")
    (True, False)
    """
    return path == STARTING_POINT or fnmatch(path, MODEL_PAGE.format("*")) or path.startswith((f"{GEN}/", f"{MODELS}/"))
