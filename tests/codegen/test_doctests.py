"""The examples in the docstrings are the specification of filters, names and literals: they are executed."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = ("errors", "filters", "layout", "literals", "load", "names", "validate")


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    results = doctest.testmod(importlib.import_module(f"tbgen.{name}"))
    assert results.failed == 0
    assert results.attempted > 0
