"""What the suite is run on: the target, its build, and the address that the device reaches the server at."""

import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_embedded_idf import IdfApp

from tests.provision import qemu
from tests.provision.board import WiFi

LINUX = "linux"
BOARDS = ("esp32", "esp32c2", "esp32c3", "esp32h2", "esp32s3")
LOOPBACK = "127.0.0.1"
ASKS_FOR_WIFI = "EXAMPLE_WIFI_SSID_PWD_FROM_STDIN"
_PUBLIC_ADDRESS = ("192.0.2.1", 9)  # TEST-NET-1: nothing is sent there


def add_options(parser: pytest.Parser) -> None:
    """Add what a board needs to pytest-embedded's options."""
    group = parser.getgroup("provision", "pytest_provision on a board")
    group.addoption(
        "--server-host",
        default=os.environ.get("TB_SERVER_HOST"),
        metavar="ADDRESS",
        help="This machine's address in the board's network, where the stand-in ThingsBoard then listens; "
        "by default that of the default route (environment: TB_SERVER_HOST)",
    )
    group.addoption(
        "--wifi-ssid",
        default=os.environ.get("TB_WIFI_SSID"),
        help="Access point for firmware built with sdkconfig.ci.wifi (environment: TB_WIFI_SSID)",
    )
    group.addoption(
        "--wifi-password",
        default=os.environ.get("TB_WIFI_PASSWORD"),
        help="Its password (better in the environment: TB_WIFI_PASSWORD)",
    )


@dataclass(frozen=True)
class ServerAddress:
    """The stand-in listens at *listen*, and the device finds it at *seen*."""

    listen: str
    seen: str


def set_defaults(option: Any) -> None:
    """Choose target, services and build directory where the command line does not. UsageError for a bad target."""
    target = option.target or LINUX
    targets = tuple(qemu.PROGRAMS) if is_qemu(option) else (LINUX, *BOARDS)
    if target not in targets:
        raise pytest.UsageError(f"--target {target}: must be one of {', '.join(targets)}")
    defaults = {
        "target": target,
        "embedded_services": "idf" if target == LINUX else "esp,idf",
        "build_dir": "build_host" if target == LINUX else "build",
    }
    for name, value in defaults.items():
        if not getattr(option, name):
            setattr(option, name, value)


def is_qemu(option: Any) -> bool:
    """Whether it runs in QEMU, and not on a board: --embedded-services idf,qemu."""
    return "qemu" in (option.embedded_services or "").split(",")


def is_board(option: Any) -> bool:
    """Whether it runs on boards."""
    return option.target != LINUX and not is_qemu(option)


def how_to_build(target: str, build_dir: str, for_qemu: bool = False) -> str:
    """The command that makes the build."""
    if target == LINUX:
        return f"cmake -S host -B {build_dir} -G Ninja && ninja -C {build_dir}"
    if for_qemu:
        defaults = '-D SDKCONFIG_DEFAULTS="sdkconfig.defaults;sdkconfig.ci.qemu"'
        return f"idf.py -B {build_dir} -D SDKCONFIG={build_dir}/sdkconfig {defaults} -D IDF_TARGET={target} build"
    return f"idf.py -B {build_dir} set-target {target} build"


def qemu_program(option: Any) -> str:
    """The QEMU for the target. UsageError when it is not there."""
    program = option.qemu_prog_path or qemu.PROGRAMS[option.target]
    if shutil.which(program) is None:
        package = qemu.PROGRAMS[option.target].replace("-system", "")
        raise pytest.UsageError(
            f"no {program}; install Espressif's with `python $IDF_PATH/tools/idf_tools.py install {package}` and run "
            "`. $IDF_PATH/export.sh`, or name it: --qemu-prog-path"
        )
    return str(program)


def load_app(root: Path, target: str, build_dir: str, for_qemu: bool = False) -> IdfApp:
    """The build in *build_dir*. UsageError when there is none, or one for another target."""
    path = root / build_dir
    how = how_to_build(target, build_dir, for_qemu)
    if not (any(path.glob("*.elf")) and (path / "config" / "sdkconfig.json").is_file()):
        raise pytest.UsageError(f"no firmware in {build_dir}; build it first: {how}")
    app = IdfApp(app_path=str(root), build_dir=build_dir)
    if app.target != target:
        raise pytest.UsageError(
            f"the firmware in {build_dir} is for {app.target}, not for {target}; name another directory with "
            f"--build-dir, or build it: {how}"
        )
    return app


def server_address(option: Any) -> ServerAddress:
    """Where the server is: on loopback, or where a board can reach it, at one address of this machine."""
    if is_board(option):
        address = option.server_host or default_route_address()
        return ServerAddress(address, address)
    return ServerAddress(LOOPBACK, qemu.HOST if is_qemu(option) else LOOPBACK)


def default_route_address() -> str:
    """This machine's address on the interface of its default route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_PUBLIC_ADDRESS)
        except OSError as error:
            raise pytest.UsageError("this machine has no default route; name its address: --server-host") from error
        return str(probe.getsockname()[0])


def wifi(sdkconfig: Mapping[str, object], ssid: str | None, password: str | None) -> WiFi | None:
    """The access point for firmware that asks for it. UsageError when it asks and none is given."""
    if not sdkconfig.get(ASKS_FOR_WIFI):
        return None
    if not ssid:
        raise pytest.UsageError("this firmware asks for its access point: add --wifi-ssid and --wifi-password")
    if " " in ssid + (password or ""):
        raise pytest.UsageError("--wifi-ssid and --wifi-password must not have spaces: they go into one line")
    return WiFi(ssid, password or "")
