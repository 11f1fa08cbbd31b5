"""Use cases 1 and 2 of the example, against the stand-in ThingsBoard."""

import json
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tbtools.demo.firmware import Firmware, Run
from tbtools.rest import ProvisionType, RestClient
from tbtools.server.thread import StandInThread

_PROFILE = "MY_DEVICE_PROFILE"
_DEVICE = "MY_DEVICE_NAME"
_KEY = "MY_PROVISION_KEY"
_SECRET = "MY_PROVISION_SECRET"
_TOKEN = "MY_ACCESS_TOKEN"

_console = Console(highlight=False, soft_wrap=True)


def run(firmware: Firmware, run_time_s: int) -> int:
    """Run both use cases. Returns the exit code."""
    with StandInThread() as standin, RestClient(standin.url) as client:
        client.login()
        results = [
            _use_case(
                firmware,
                standin,
                client,
                run_time_s,
                "Use Case 1 - Allowing creating new devices",
                "ALLOW_CREATE_NEW_DEVICES",
            ),
            _use_case(
                firmware,
                standin,
                client,
                run_time_s,
                "Use Case 2 - Checking pre-provisioned devices",
                "CHECK_PRE_PROVISIONED_DEVICES",
            ),
        ]
    done = all(results)
    _console.print("\n[bold green]Both use cases: OK[/]" if done else "\n[bold red]Not all went well: see above[/]")
    return 0 if done else 1


def _use_case(
    firmware: Firmware, standin: StandInThread, client: RestClient, run_time_s: int, title: str, kind: ProvisionType
) -> bool:
    _console.rule(f"[bold]{title}")
    _prepare_server(client, kind)
    _console.print(f"ThingsBoard: device profile {_PROFILE}, provisioning {kind}, key {_KEY}")
    with tempfile.TemporaryDirectory(prefix="tb_store_") as folder:
        firmware.configure(Path(folder), _settings(standin, run_time_s))
        done = firmware.run(Path(folder), run_time_s)
    wrong = _show(client, done)
    for sentence in wrong:
        _console.print(f"[red]{sentence}[/]")
    return not wrong


def _prepare_server(client: RestClient, kind: ProvisionType) -> None:
    """What the example has a person do: no device of that name, the profile, and a pre-provisioned device."""
    device = client.find_device(_DEVICE)
    if device is not None:
        client.delete_device(device["id"]["id"])
    profile = client.save_profile(_PROFILE, kind, _KEY, _SECRET)
    if kind == "CHECK_PRE_PROVISIONED_DEVICES":
        client.save_device(_DEVICE, profile["id"]["id"], _TOKEN)
        _console.print(f"ThingsBoard: device {_DEVICE} pre-provisioned with access token {_TOKEN}")


def _settings(standin: StandInThread, run_time_s: int) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "port": str(standin.mqtt_port),
        "device_name": _DEVICE,
        "prov_key": _KEY,
        "prov_secret": _SECRET,
        "token": _TOKEN,
        "run_time_s": str(run_time_s),
    }


def _show(client: RestClient, done: Run) -> list[str]:
    """Say what ThingsBoard holds now. Returns what is wrong with it."""
    wrong = [] if done.status == 0 else [f"the firmware ended with status {done.status}: {done.outcome}"]
    device = client.find_device(_DEVICE)
    if device is None:
        return [*wrong, f"ThingsBoard holds no device {_DEVICE}"]
    device_id = device["id"]["id"]
    credentials = client.credentials(device_id)
    state = client.attributes(device_id, "SERVER_SCOPE").get("provisionState")
    telemetry = client.latest_telemetry(device_id)
    _print_holdings(credentials, state, telemetry)
    if credentials["credentialsId"] != _TOKEN:
        wrong.append("the device's access token on ThingsBoard is not the one that was configured")
    if state != "provisioned":
        wrong.append("ThingsBoard does not hold the device as provisioned")
    if not done.telemetry or json.loads(done.telemetry[-1]) != telemetry:
        wrong.append("ThingsBoard's latest telemetry is not what the device sent last")
    return wrong


def _print_holdings(credentials: dict[str, Any], state: Any, telemetry: dict[str, Any]) -> None:
    table = Table(title="What ThingsBoard now holds", title_justify="left", show_header=False)
    table.add_row("Device", _DEVICE)
    table.add_row("Credentials", f"{credentials['credentialsType']} {credentials['credentialsId']}")
    table.add_row("Provision state", str(state))
    table.add_row("Latest telemetry", json.dumps(telemetry, ensure_ascii=False))
    _console.print(table)
