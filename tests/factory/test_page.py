"""docs/factory.md speaks of options and columns that there are."""

import re

import typer
from tbtools.factory import cli
from tbtools.factory.devices import _NUMBERS, _OWN_COLUMNS
from tbtools.factory.model import read_wanted
from typer.main import get_command

from tests.docs.markdown import read

PAGE = read("docs/factory.md")
BASIC = "dev_sup_basic_mqtt_credential_cup_wo_ssl"


def options() -> set[str]:
    app = typer.Typer()
    cli.register(app)
    group = get_command(app).commands["factory"]  # type: ignore[attr-defined]
    return {option for command in group.commands.values() for each in command.params for option in each.opts}


def test_options() -> None:
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", PAGE.code)) - {"--json", "--help"} <= options()


def test_columns() -> None:
    texts = {*read_wanted(BASIC, None).texts, *read_wanted("dev_sup_access_token_wo_ssl", None).texts}
    described = [cell.strip("` ") for row in PAGE.table("Column", "Holds") for cell in row["Column"].split(",")]
    assert set(described) == {*_OWN_COLUMNS, "host", *_NUMBERS, *texts}
