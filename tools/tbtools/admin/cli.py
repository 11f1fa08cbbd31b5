"""``tb.py profile``, ``tb.py device`` and ``tb.py dashboard``: each manual step on a ThingsBoard as one command."""

import typer

from tbtools.admin import dashboards, device_data, devices, profiles, watch

_GROUPS = {
    "profile": (
        "The device profile of a model: how its devices provision.",
        (profiles.apply, profiles.show, profiles.delete),
    ),
    "device": (
        "Devices: create, look at, watch, delete.",
        (
            devices.create,
            devices.credentials,
            devices.delete,
            devices.reset_provisioning,
            device_data.status,
            device_data.telemetry,
            device_data.attributes,
            watch.watch,
        ),
    ),
    "dashboard": ("The dashboard of a model: what its devices measure.", (dashboards.apply,)),
}


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    for name, (purpose, functions) in _GROUPS.items():
        group = typer.Typer(no_args_is_help=True)
        group.callback(help=purpose)(lambda: None)
        for function in functions:
            group.command()(function)
        app.add_typer(group, name=name)
