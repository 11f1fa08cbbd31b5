"""Where things stand in a project, and what belongs to one."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

GEN = "components/tb_mqtt_client_helper/gen"
MANIFEST = f"{GEN}/MANIFEST"
MODELS = "codegen/models"
SCHEMA = "codegen/model.schema.json"
TEMPLATES = "codegen/templates"
PROTOCOL = "codegen/protocol.yaml"
MODEL_PAGE = "docs/model-{}.md"
STARTING_POINT = "main/app_sensors.c"
"""The application's own file: made once, then the user's."""

DEFAULT_MODEL = "dev_sup_access_token_wo_ssl"

# fmt: off
_SHIPPED = (
    ".ci", ".clang-format", ".clang-tidy", ".gitattributes", ".gitignore", "*.md", "CMakeLists.txt", "LICENSE",
    "Makefile", "codegen", "components", "conftest.py", "docs", "host", "idf_ext.py", "main", "partitions*.csv",
    "pyproject.toml", "pytest_*.py", "requirements.lock", "sdkconfig.ci*", "sdkconfig.defaults*", "tests", "tools",
)
_MADE_BY_TOOLS = ("__pycache__", "*.pyc", ".*_cache", ".hypothesis", "build*", "managed_components", "sdkconfig")
# fmt: on


def shipped_files(root: Path) -> Iterator[str]:
    """Yield the path of each file of the project *root* that every project has, whatever its model."""
    top = (path for path in root.iterdir() if any(fnmatch(path.name, pattern) for pattern in _SHIPPED))
    for path in sorted(file for each in top for file in ([each] if each.is_file() else each.rglob("*"))):
        relative = path.relative_to(root)
        made_by_tools = any(fnmatch(part, pattern) for part in relative.parts for pattern in _MADE_BY_TOOLS)
        if path.is_file() and not made_by_tools and not is_of_the_model(relative.as_posix()):
            yield relative.as_posix()


def is_of_the_model(path: str) -> bool:
    """Tell whether the file *path* of a project stands and falls with its device model.

    >>> is_of_the_model("docs/model-boiler.md"), is_of_the_model("docs/protocol.md")
    (True, False)
    """
    return path == STARTING_POINT or fnmatch(path, MODEL_PAGE.format("*")) or path.startswith((f"{GEN}/", f"{MODELS}/"))
