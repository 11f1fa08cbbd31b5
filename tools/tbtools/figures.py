"""Measured figures, with the budget that each must keep: a table to read, JSON to compare."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

_FILE_WIDTH = 140


@dataclass(frozen=True)
class Figure:
    """One measured *value*. *limit* is the largest that is allowed, None where nothing is promised; *command* is what
    a person types, in the project's directory, to measure it again.
    """

    name: str
    value: float
    unit: str
    command: str
    limit: float | None = None
    note: str = ""

    @property
    def held(self) -> bool:
        """Whether the budget is kept."""
        return self.limit is None or self.value <= self.limit


def show(title: str, figures: Sequence[Figure], console: Console | None = None) -> None:
    """Print the table, and below it each command once."""
    table = Table(title=title, title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("at most", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("note")
    for figure in figures:
        limit = "" if figure.limit is None else _number(figure.limit)
        verdict = Text("" if figure.limit is None else "ok" if figure.held else "OVER")
        verdict.stylize("green" if figure.held else "bold red")
        note = Text(figure.note)
        table.add_row(Text(figure.name), _number(figure.value), figure.unit, limit, verdict, note)
    console = console or Console()
    if not console.is_terminal:
        console.width = _FILE_WIDTH
    console.print(table)
    for command in dict.fromkeys(figure.command for figure in figures):
        console.print(f"$ {command}", style="dim", highlight=False, markup=False, soft_wrap=True)


def write_json(path: Path, title: str, figures: Sequence[Figure], built_with: Mapping[str, str]) -> None:
    """Write the figures to *path*; *built_with* names the tools and their versions, without which none compares."""
    document = {
        "title": title,
        "built_with": dict(built_with),
        "figures": [
            {
                "name": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "limit": figure.limit,
                "held": figure.held,
                "note": figure.note,
                "command": figure.command,
            }
            for figure in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}" if value < 10 else f"{value:,.1f}"
