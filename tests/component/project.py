"""A project of somebody else's that has the component, and how its program does beside the stand-in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tbtools.server.model import CredentialsType
from tbtools.server.thread import StandInThread

from tests import canary
from tests.provision.device import Setting
from tests.provision.linux import linux_device
from tests.provision.options import LINUX, load_app

ROOT = Path(__file__).resolve().parents[2]
NAME = "tb_mqtt_client_helper"
DEVICE, KEY, SECRET, TOKEN = "MY_DEVICE_NAME", "MY_PROVISION_KEY", "MY_PROVISION_SECRET", "MY_ACCESS_TOKEN"


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run *command*, which has to succeed, and return what it printed."""
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}"
    return done.stdout


def add_component(project: Path, model: str) -> Path:
    """Add the component for *model* to *project*, and return its folder."""
    run(sys.executable, ROOT / "codegen/gen.py", "--model", model, "--component", project / "components")
    return project / "components" / NAME


def copy_example(component: Path, project: Path) -> None:
    """Make *project*, which has the *component*, what the component's example shows."""
    shutil.copytree(component / "examples/minimal", project, dirs_exist_ok=True)


def c_of_the_readme(component: Path) -> str:
    """The C that the component's README tells people to write."""
    readme = (component / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```c\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    return str(block)


def build_for_host(project: Path, build: Path) -> None:
    """Build *project* in *build* without ESP-IDF, for this computer."""
    config = build / "config"
    config.mkdir(parents=True)
    component = project / "components" / NAME
    menus = f'config IDF_TARGET_LINUX\n bool\n default y\nconfig IDF_TARGET\n string\n default "{LINUX}"\n'
    menus += "config APP_BUILD_TYPE_ELF_ONLY\n bool\n default y\n"
    menus += "".join(f'orsource "{component / name}"\n' for name in ("Kconfig.projbuild", "Kconfig"))
    (build / "Kconfig").write_text(f'mainmenu "Project"\n{menus}', encoding="utf-8")
    (build / "sdkconfig").touch()
    outputs = [("header", config / "sdkconfig.h"), ("json", config / "sdkconfig.json")]
    run(
        *(sys.executable, "-m", "kconfgen", "--kconfig", build / "Kconfig", "--config", build / "sdkconfig"),
        *(part for kind, path in outputs for part in ("--output", kind, path)),
    )
    run("cmake", "-G", "Ninja", "-S", ROOT / "tests/component/host", "-B", build, f"-DPROJECT={project}")
    run("ninja", "-C", build)


def build_with_esp_idf(project: Path, build: Path) -> None:
    """Build *project* in *build* with the ESP-IDF of IDF_PATH, for its target linux.

    TB_IDF_ARGS: further arguments of idf.py, such as -D EXTRA_COMPONENT_DIRS=... without the component manager.
    """
    options = os.environ.get("TB_IDF_ARGS", "").split()
    target = ("-D", f"IDF_TARGET={LINUX}", "-D", f"SDKCONFIG={build / 'sdkconfig'}")
    run("idf.py", "--preview", "-C", project, "-B", build, *target, *options, "build")


def provisions_and_works(project: Path, build: Path, work: Path) -> None:
    """Assert that the program of *project* in *build* provisions and sends, and at its second boot only sends."""
    device = linux_device(load_app(project, LINUX, str(build)), work)
    with StandInThread() as server:
        server.create_profile("theirs", KEY, SECRET)
        settings: dict[str, Setting] = {
            **{"host": "127.0.0.1", "port": server.mqtt_port, "device_name": DEVICE},
            **{"prov_key": KEY, "prov_secret": SECRET, "token": TOKEN},
        }
        canary.plant(settings)
        device.configure(**settings)
        try:
            device.boot()
            for line in ("TB_OUTCOME_PROVISIONED", "TB_OUTCOME_ONLINE", "TBCM_EVENT_PUBLISHED"):
                device.expect(line)
            device.boot()
            for line in ("TB_OUTCOME_ONLINE", "TBCM_EVENT_PUBLISHED"):
                device.expect(line)
            assert device.log.count("TB_OUTCOME_PROVISIONED") == 1
        finally:
            device.close()
        held = server.device(DEVICE)
    assert held is not None
    assert (held.credentials.type, held.credentials.lookup_id) == (CredentialsType.ACCESS_TOKEN, TOKEN)
    assert {key: list(points.values())[-1] for key, points in held.telemetry.items()} == {
        "temprature": 25,
        "humidity": 26,
    }
