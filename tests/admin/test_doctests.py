"""The examples in the docstrings."""

import doctest
from types import ModuleType

import pytest
from tbtools.admin import certificates, documents, shown


@pytest.mark.parametrize("module", [certificates, documents, shown], ids=lambda module: module.__name__)
def test_examples(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
