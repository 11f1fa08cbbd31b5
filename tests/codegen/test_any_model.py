"""Whatever stands anywhere in a model, it is understood or refused in one line that names a line of the file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tbgen.errors import GenError
from tbgen.project import in_place

from tests.codegen.support import MODELS, make_project

GOOD: dict[str, Any] = YAML(typ="safe", pure=True).load(MODELS / "types.yaml")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["float", "string", "int64", "int", "has_b", "b", "{{", "\x00", "~", "a" * 300, 10**400, -(2**63)]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["name", "type", "key", "decimals", "min", "x", ""]), inner, max_size=4),
    ),
    max_leaves=6,
)


def places(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of each value in *data*."""
    members = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(place for key, value in members for place in places(value, (*path, key)))]


def put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of *data* with *value* at *path*."""
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = put(data[path[0]], path[1:], value)
    return copy


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("any") / "project"
    make_project(folder)
    return folder


@settings(deadline=None)
@given(st.sampled_from(places(GOOD)), VALUES)
def test_any_value_anywhere(project: Path, path: tuple[str | int, ...], value: Any) -> None:
    model = project / "codegen" / "models" / "any.yaml"
    model.write_text(json.dumps(put(GOOD, path, value), indent=1), encoding="utf-8")  # JSON is YAML
    check(project, model)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes(project: Path, content: bytes) -> None:
    model = project / "codegen" / "models" / "any.yaml"
    model.write_bytes(content)
    check(project, model)


def check(project: Path, model: Path) -> None:
    complaint = f"{model}:1: none"
    try:
        in_place(project, model)
    except GenError as error:
        complaint = str(error)
    assert re.fullmatch(rf"{re.escape(str(model))}:[0-9]+: \S.*", complaint), complaint
