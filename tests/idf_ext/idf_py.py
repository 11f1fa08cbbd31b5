"""What idf.py of ESP-IDF 5.1 to 6.x does with an extension, as far as its API goes: a chain of commands by click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

LISTS = {"version", "global_options", "actions", "global_action_callbacks"}
OF_AN_ACTION = {"callback", "aliases", "deprecated", "dependencies", "order_dependencies", "hidden"}
OF_AN_OPTION = {"names", "scope", "deprecated", "hidden"}


@dataclass
class Task:
    """A command of the line, parsed; all are parsed before the first one runs."""

    name: str
    callback: Callable[..., None]
    arguments: dict[str, Any]

    def run(self) -> None:
        """Call it as idf.py does."""
        self.callback(self.name, None, None, **self.arguments)


def parse(extension: dict[str, Any], line: Sequence[str]) -> list[Task]:
    """Return the commands of *line*: those of *extension*, and `build`. click.UsageError when the line is wrong."""
    tasks: list[Task] = []
    group = click.Group(chain=True)
    actions = extension["actions"] | {"build": {"callback": lambda *_, **__: None}}
    for name, action in actions.items():
        group.add_command(_command(name, action, tasks))
    group.main(list(line), prog_name="idf.py", standalone_mode=False)
    return tasks


def _command(name: str, action: dict[str, Any], tasks: list[Task]) -> click.Command:
    of_click = {key: value for key, value in action.items() if key not in OF_AN_ACTION | {"arguments", "options"}}
    params: list[click.Parameter] = [_argument(**each) for each in action.get("arguments", [])]
    params.append(click.Option(["-C", "--project-dir"], expose_value=False))  # idf.py gives it to each command
    params += [_option(**each) for each in action.get("options", [])]

    def parsed(**arguments: Any) -> None:
        tasks.append(Task(name, action["callback"], arguments))

    return click.Command(name, callback=parsed, params=params, **of_click)


def _argument(names: list[str], **of_click: Any) -> click.Argument:
    return click.Argument(names, **of_click)


def _option(names: list[str], **of_click: Any) -> click.Option:
    return click.Option(names, **{key: value for key, value in of_click.items() if key not in OF_AN_OPTION})
