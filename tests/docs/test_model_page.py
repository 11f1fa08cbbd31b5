"""docs/model.md describes the format that the generator accepts."""

from pathlib import Path
from typing import get_args

from tbgen.decide import decide
from tbgen.load import load
from tbgen.protocol import read_protocol
from tbgen.schema import BoolItem, DoubleItem, FloatItem, Int32Item, Int64Item, Model, StringItem, Uint32Item, parse

from tests.docs.markdown import ROOT, read

PAGE = read("docs/model.md")
ITEMS = (BoolItem, Int32Item, Uint32Item, Int64Item, FloatItem, DoubleItem, StringItem)


def test_the_example_is_a_model(tmp_path: Path) -> None:
    (example,) = (block.text for block in PAGE.blocks if block.language == "yaml")
    file = tmp_path / "boiler.yaml"
    file.write_text(example, encoding="utf-8")
    document = load(file)
    assert decide(document, parse(document), read_protocol(ROOT / "codegen/protocol.yaml"), "m.yaml").name == "boiler"


def test_each_key_of_the_device_is_described() -> None:
    assert set(PAGE.first_column("name", "title")) == set(Model.model_fields)


def test_each_key_of_telemetry_is_described() -> None:
    assert set(PAGE.first_column("name", "key")) == {key for item in ITEMS for key in item.model_fields}


def test_each_type_is_described() -> None:
    types = {get_args(item.model_fields["type"].annotation)[0] for item in ITEMS}
    assert set(PAGE.first_column("bool")) == types
