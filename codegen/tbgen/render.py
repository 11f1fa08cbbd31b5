"""Prints the device model into files. Templates look like what they make; all thinking is done before."""

from __future__ import annotations

import json
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tbgen import ir
from tbgen.filters import FILTERS
from tbgen.layout import GEN, SCHEMA, SENSORS_HEADER, SERVER, STARTING_POINT
from tbgen.schema import Model
from tbgen.validate import json_schema

# What is printed from which template; {name} is the model's.
_OUTPUTS = {
    f"{GEN}/sources.cmake": "gen/sources.cmake.j2",
    f"{GEN}/tb_model.h": "gen/tb_model.h.j2",
    f"{GEN}/tb_model_prov.c": "gen/tb_model_prov.c.j2",
    f"{GEN}/tb_model_prov.h": "gen/tb_model_prov.h.j2",
    f"{GEN}/tb_model_telemetry.c": "gen/tb_model_telemetry.c.j2",
    f"{GEN}/tb_protocol.h": "gen/tb_protocol.h.j2",
    "docs/model-{name}.md": "docs/model.md.j2",
    "main/Kconfig.projbuild": "main/Kconfig.projbuild.j2",
    "main/app_main.c": "main/app_main.c.j2",
    SENSORS_HEADER: "main/app_sensors.h.j2",
    "main/front_connection.c": "main/front_connection.c.j2",
    "main/normal_connection.c": "main/normal_connection.c.j2",
    "sdkconfig.defaults": "sdkconfig.defaults.j2",
    f"{SERVER}/alarm_rules.json": "server/alarm_rules.json.j2",
    f"{SERVER}/dashboard.json": "server/dashboard.json.j2",
    f"{SERVER}/profile.json": "server/profile.json.j2",
    STARTING_POINT: "main/app_sensors.c.j2",
}

_COMPONENT = "component"
"""The folder of templates whose files stand in a component of its own as they stand here."""


def environment(templates: Path) -> Environment:
    """Return what prints the templates of the folder *templates*."""
    made = Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # neither HTML nor XML: each text passes the filter of its place
    )
    made.filters.update(FILTERS)
    return made


def render(device: ir.Device, templates: Path) -> dict[str, bytes]:
    """Return the content of each output for *device*, by its path inside the project."""
    printer = environment(templates)
    return {
        path.format(name=device.name): printer.get_template(template).render(device=device).encode()
        for path, template in _OUTPUTS.items()
    }


def render_component(device: ir.Device, templates: Path) -> dict[str, bytes]:
    """Return the content of what only a component of its own has, by its path inside the component."""
    printer = environment(templates / _COMPONENT)
    return {
        name.removesuffix(".j2"): printer.get_template(name).render(device=device).encode()
        for name in printer.list_templates(extensions=["j2"])
    }


def render_schema() -> dict[str, bytes]:
    """Return the JSON Schema of the model format, for editors."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **json_schema(Model)}
    return {SCHEMA: (json.dumps(schema, indent=2, ensure_ascii=False) + "\n").encode()}
