#!/usr/bin/env python3
"""Makes the pictures and recordings of the README again: `make media`.

A recording is an asciicast, which `asciinema play` shows, and its end as a picture. Ports are fixed, so that one
recording differs from the last by what has changed, and by times.
"""

import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from playwright.sync_api import Browser, expect, sync_playwright
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from boards import bench  # noqa: E402
from tbtools.demo.firmware import Firmware  # noqa: E402
from tbtools.rest import RestClient  # noqa: E402

from tests.web.chromium import launch  # noqa: E402

MQTT_PORT, HTTP_PORT = 18830, 18080
STORE = ROOT / f"tb_store/127.0.0.1_{MQTT_PORT}_MY_DEVICE_NAME"
URL = f"http://127.0.0.1:{HTTP_PORT}"
COLUMNS, ROWS = 118, 40
PATIENCE_MS = 30_000
SETTINGS = {"host": "127.0.0.1", "port": str(MQTT_PORT), "prov_key": "MY_PROVISION_KEY", "run_time_s": "0"}
_ERASED_LINE = re.compile(r"[^\n]*\n(?:\x1b\[\?25h)?\r?\x1b\[1A\x1b\[2K")
_FONT_OF_ELSEWHERE = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


@contextmanager
def server(*options: str) -> Iterator[None]:
    """Run the stand-in as a program, until the end of the block."""
    command = [sys.executable, "tools/tb.py", "server", "--mqtt-port", str(MQTT_PORT), "--http-port", str(HTTP_PORT)]
    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ports"
        process = subprocess.Popen([*command, *options, "--port-file", str(ready)], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()


def record(name: str, title: str, command: str, end: str, environment: Mapping[str, str] | None = None) -> None:
    """Record *command*, the last line of whose output has *end*, to NAME.cast and NAME.svg."""
    cast = HERE / f"{name}.cast"
    recorder = [sys.executable, "-m", "asciinema", "rec", "--quiet", "--overwrite", "--title", title]
    size = ["--cols", str(COLUMNS), "--rows", str(ROWS), "--idle-time-limit", "2"]
    subprocess.run(
        [*recorder, *size, "--env", "TERM", "--command", command, cast],
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), **(environment or {})},
        check=True,
    )
    header, *events = cast.read_text(encoding="utf-8").splitlines()
    kept = {key: value for key, value in json.loads(header).items() if key != "timestamp"}
    cast.write_text("\n".join([json.dumps(kept), *events]) + "\n", encoding="utf-8")
    output = "".join(json.loads(event)[2] for event in events)
    if end not in output.rstrip().rpartition("\n")[2]:
        raise SystemExit(f"{command} did not come to its end:\n{output}")
    picture(HERE / f"{name}.svg", title, _ERASED_LINE.sub("", output.replace("\r\n", "\n")))


def picture(file: Path, title: str, output: str) -> None:
    """Draw what a terminal shows after *output*, with a font that is on the reader's computer."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    console.print(Text.from_ansi(output.rstrip("\n")))
    svg = console.export_svg(
        title=title, code_format=_FONT_OF_ELSEWHERE.sub("", CONSOLE_SVG_FORMAT), unique_id=file.stem
    )
    file.write_text(svg.rstrip("\n") + "\n", encoding="utf-8")


def firmware() -> Path:
    """The Linux program."""
    return next((ROOT / "build_host").glob("*.elf"))


def allow_creating(client: RestClient) -> None:
    """Let devices with the provision secret in."""
    client.login()
    client.save_profile("sensors", "ALLOW_CREATE_NEW_DEVICES", "MY_PROVISION_KEY", "MY_PROVISION_SECRET")


@contextmanager
def devices(folder: Path) -> Iterator[None]:
    """Let devices provision and send: one loses its first answer, one has the wrong secret, one's name is taken."""
    with RestClient(URL) as client:
        allow_creating(client)
        client.save_device("garage")
    processes = []
    for name, secret in (("kitchen", "RIGHT"), ("cellar", "RIGHT"), ("attic", "WRONG"), ("garage", "RIGHT")):
        settings = {**SETTINGS, "device_name": name, "telemetry_s": "1", "token": f"TOKEN_OF_{name}"}
        settings["prov_secret"] = "MY_PROVISION_SECRET" if secret == "RIGHT" else "ANOTHER_SECRET"
        Firmware(firmware()).configure(folder / name, settings)
        environment = {**os.environ, "TB_STORE_DIR": str(folder / name)}
        processes.append(subprocess.Popen([firmware()], env=environment, stdout=subprocess.DEVNULL))
        time.sleep(0.3)
    send_a_day("TOKEN_OF_cellar")
    yield
    for process in processes:
        process.terminate()
        process.wait()


def send_a_day(token: str) -> None:
    """Let the device send what a day is like, as far as now: its sensors are made up, and always read the same."""
    begin_ms = 1000 * (int(time.time()) - 24 * 3600)
    samples = []
    for quarter in range(24 * 4):
        hour = quarter / 4
        warm = 22 - 3 * math.cos((hour - 3) / 24 * 2 * math.pi) + 0.4 * math.sin(2 * hour)
        values = {"temprature": round(warm, 2), "humidity": round(80 - 2.2 * warm, 1)}
        samples.append({"ts": begin_ms + quarter * 900_000, "values": values})
    requests.post(f"{URL}/api/v1/{token}/telemetry", json=samples, timeout=5).raise_for_status()


def photograph(browser: Browser) -> None:
    """Take the stand-in's page: on a desk, in the dark, on a phone."""
    for name, width, height, scheme in (
        ("page", 1280, 1320, "light"),
        ("page-dark", 1280, 1320, "dark"),
        ("page-phone", 390, 844, "light"),
    ):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if scheme == "dark" else "light"
        )
        page = context.new_page()
        page.goto(URL)
        expect(page.locator("#connection[data-state=live]")).to_be_visible()
        expect(page.locator("figure svg").first).to_be_visible()
        expect(page.locator("#devices")).to_contain_text(
            "3, 2 connected", timeout=PATIENCE_MS
        )  # a lost answer is made good
        page.locator("#charts").get_by_label("Device").select_option("cellar")
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=HERE / f"{name}.png")
        context.close()


def main() -> None:
    """Make all of it."""
    record("make-run", "make run", "make --silent run", "Both use cases: OK")
    shutil.rmtree(STORE, ignore_errors=True)
    with server(), tempfile.TemporaryDirectory() as folder:
        environment = {
            "TB_URL": URL,
            "TB_PASSWORD": "tenant",
            "SERVER": f"mqtt://127.0.0.1:{MQTT_PORT}",
            "TMPDIR": folder,
            "RUN_TIME": "2",
        }
        record("tools", "Use case 2 with commands", "docs/media/session.sh", "deleted: device", environment)
    shutil.rmtree(STORE)
    with server(), RestClient(URL) as client, bench(firmware(), SETTINGS) as boards:
        allow_creating(client)
        environment = {"TB_URL": URL, "TB_PASSWORD": "tenant", **boards}
        record("station", "The station", "docs/media/station.sh", "2 PASS, 1 FAIL", environment)
    with (
        tempfile.TemporaryDirectory() as folder,
        server("--web", "--fault", "answer:drop"),
        devices(Path(folder)),
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        photograph(browser)
        browser.close()


if __name__ == "__main__":
    main()
