#!/usr/bin/env python3
"""Generate a device out of its model, C and server side. Run `python codegen/gen.py --help`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"

try:
    from tbgen.component import component, component_model
    from tbgen.errors import GenError
    from tbgen.layout import SENSORS_HEADER, STARTING_POINT
    from tbgen.project import Project, copied, find_model, in_place, unknown_files
    from tbgen.store import diff, stale, write
except ModuleNotFoundError as missing:
    python = VENV / "bin" / "python"
    if Path(sys.prefix) == VENV or not python.exists():
        print(f"this Python has no {missing.name}; run `make gen`, then {python} {sys.argv[0]}", file=sys.stderr)
        sys.exit(2)
    os.execv(python, [str(python), *sys.argv])  # the one that has the packages

EPILOG = """\
exit codes: 0 done, or nothing stale; 1 something is stale; 2 wrong model, wrong usage or unwritable output
main/app_sensors.c is yours: it is made when missing, and never overwritten once you changed it.
Without --model: the model in place; with --component, that of the component if it is there already.

examples:
  gen.py --model boiler                                    codegen/models/boiler.yaml, in place
  gen.py --model boiler --out ../boiler                    a project of its own
  gen.py --model boiler --component ../my_app/components   a component for a project that exists
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.out and options.check:
        parser.error("argument --check: not allowed with argument --out")
    try:
        project = _project(options)
        return _check(project) if options.check else _generate(project)
    except GenError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gen.py",
        description="Generate a device out of its model, C and server side; with no argument, the model in place.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", metavar="M", help="another model: a file, or a name in codegen/models")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--out", metavar="DIR", type=Path, help="write a complete project of its own to DIR")
    place.add_argument(
        "--component", metavar="DIR", type=Path, help="write the component alone, to DIR/tb_mqtt_client_helper"
    )
    parser.add_argument("--check", action="store_true", help="write nothing; show what is stale")
    return parser


def _project(options: argparse.Namespace) -> Project:
    try:
        if options.component:
            own = None if options.model else component_model(options.component)
            return component(ROOT, options.component, own or find_model(ROOT, options.model))
        model = find_model(ROOT, options.model)
        return copied(ROOT, options.out, model) if options.out else in_place(ROOT, model)
    except OSError as error:  # a name that is too long, a folder that may not be entered
        raise GenError(f"{error.filename}: cannot be used: {error.strerror}; nothing was changed") from None


def _generate(project: Project) -> int:
    written = write(project.root, project.plan)
    print(f"{project.model}: {len(written)} of {len(project.plan.files)} files written")
    if written and project.keeps_starting_point:
        print(f"{STARTING_POINT} is yours and stays; it has to have the functions of {SENSORS_HEADER}")
    return 0


def _check(project: Project) -> int:
    sys.stdout.writelines(diff(project.root, project.plan))
    unknown = unknown_files(project)
    for path in unknown:
        print(f"{path}: nothing generates this file; delete it")
    count = len(stale(project.root, project.plan)) + len(unknown)
    print(f"{project.model}: {f'{count} stale; run `{project.home.command}`' if count else 'up to date'}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
