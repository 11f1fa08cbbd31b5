"""The device against a real ThingsBoard, of which only the MQTT address is known."""

from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from tbtools.demo.firmware import Firmware

_DEFAULT_PORT = 1883

_console = Console(highlight=False, soft_wrap=True)


def parse_address(text: str) -> tuple[str, int]:
    """Split mqtt://HOST[:PORT].

    >>> parse_address("mqtt://demo.example:1884")
    ('demo.example', 1884)
    """
    wanted = f"{text!r} is not a server's address; give mqtt://HOST or mqtt://HOST:PORT"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(wanted) from error
    excess = parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None
    if parts.scheme != "mqtt" or not parts.hostname or excess or port == 0:
        raise ValueError(wanted)
    return parts.hostname, port or _DEFAULT_PORT


def run(firmware: Firmware, address: tuple[str, int], settings: dict[str, str], store: Path, run_time_s: int) -> int:
    """Run the device once. Its credentials stay in *store*, since the server gives them only once.

    Returns the exit code.
    """
    host, port = address
    folder = store / f"{host}_{port}_{settings['device_name'] or 'unnamed'}".replace("/", "_")
    if (folder / "tb" / "cred").exists():
        _console.print(f"This device has its credentials already, in {folder}: it will not provision again")
    elif not settings["prov_key"] or not settings["prov_secret"]:
        _console.print("[red]KEY and SECRET are needed: provision key and secret of the device profile[/]")
        return 2
    given = {"host": host, "port": str(port), "run_time_s": str(run_time_s), **settings}
    firmware.configure(folder, given)
    try:
        done = firmware.run(folder, run_time_s)
    finally:
        firmware.configure(folder, dict.fromkeys(("prov_key", "prov_secret", "token"), ""))
    if done.status != 0:
        _console.print(f"[bold red]It did not work:[/] {done.outcome}")
        return 1
    name = settings["device_name"] or "the name that the log shows"
    _console.print(
        f"[bold green]OK[/]: in ThingsBoard see Entities, Devices, {name}, Latest telemetry: "
        + (done.telemetry[-1] if done.telemetry else "nothing sent")
    )
    _console.print(f"The device's credentials stay in {folder}")
    return 0
