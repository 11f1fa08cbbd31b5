"""The server's side of a device model, as the generator makes it: device profile, dashboard, alarm rules."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from tbtools.console import EXIT_USAGE, ToolError

ROOT = Path(__file__).resolve().parents[3]

PROFILE = "server/profile.json"
DASHBOARD = "server/dashboard.json"
ALARM_RULES = "server/alarm_rules.json"

Json = dict[str, Any]

Model = Annotated[
    str | None,
    typer.Option("--model", help="A device model: a file, or a name in codegen/models; none: the one in place."),
]


class ServerSide:
    """The files of one model; each is read when it is asked for."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read

    def profile(self) -> Json:
        """The body for a new device profile; its provision key and secret are None."""
        return self._object(PROFILE, "name")

    def dashboard(self) -> Json:
        """The body for a new dashboard."""
        return self._object(DASHBOARD, "title")

    def alarm_rules(self) -> list[Json]:
        """The bodies for new alarm rules (4.3 and later), without the profile that they belong to."""
        body = self._parsed(ALARM_RULES)
        if body is None:
            return []
        rules = body.get("calculatedFields") if isinstance(body, dict) else None
        if not isinstance(rules, list) or not all(isinstance(rule, dict) and "name" in rule for rule in rules):
            raise ToolError(f"{ALARM_RULES} has no list calculatedFields", "Run make gen.")
        return rules

    def _object(self, path: str, name_key: str) -> Json:
        body = self._parsed(path)
        if body is None:
            raise ToolError(f"there is no {path}", "Run make gen, which makes it out of the device model.")
        if not isinstance(body, dict) or not isinstance(body.get(name_key), str):
            raise ToolError(f"{path} has no {name_key}", "Run make gen.")
        return body

    def _parsed(self, path: str) -> Any:
        content = self._read(path)
        if content is None:
            return None
        try:
            return json.loads(content)
        except ValueError as error:
            raise ToolError(f"{path} is no JSON: {error}", "Run make gen.") from error


def of(model: str | None) -> ServerSide:
    """The server's side of *model*; of the model in place it is read from the project's files."""
    return ServerSide(_in_place if model is None else _generated(model))


def _in_place(path: str) -> bytes | None:
    try:
        return (ROOT / path).read_bytes()
    except FileNotFoundError:
        return None


def _generated(model: str) -> Callable[[str], bytes | None]:
    """What the generator would write for *model*; nothing is written."""
    sys.path.append(str(ROOT / "codegen"))
    from tbgen.errors import GenError
    from tbgen.project import find_model, in_place

    try:
        files = in_place(ROOT, find_model(ROOT, model)).plan.files
    except GenError as error:
        raise ToolError(str(error), "Give a file, or a name in codegen/models.", EXIT_USAGE) from error
    return lambda path: files[path].content if path in files else None
