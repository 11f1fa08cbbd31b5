"""The device under test for pytest_provision.py: a process on Linux, or a board on a serial port.

`pytest` and `pytest --target linux` run the host build in build_host; --build-dir=DIR names another one, be it of
ESP-IDF's linux target. `pytest --target esp32c3` flashes the build in build on the board at --port, or on the one board
that there is, and runs on it; the stand-in then listens where the board can reach it.

pytest-embedded's own fixture `dut` starts the firmware before a test can configure it. So on Linux the device makes a
DUT of pytest-embedded's classes for each boot; on a board it is `dut`, and the device resets it once it is configured.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_embedded_idf import IdfApp

from tests import canary
from tests.provision import options
from tests.provision.board import BoardDevice, BoardPower
from tests.provision.build import Build
from tests.provision.device import Device
from tests.provision.images import FlashLayout
from tests.provision.linux import linux_device
from tests.provision.world import World

pytest.register_assert_rewrite("tests.provision.suite")

_ROOT = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make pytest-embedded's options optional, keep its use of an experimental fixture to itself, watch the logs."""
    options.set_defaults(config.option)
    config.pluginmanager.register(canary, "canary")
    config.addinivalue_line("filterwarnings", "ignore:record_xml_attribute is an experimental feature")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say at once, and once, what is missing, if anything that needs the firmware is going to run. Leave out of the
    suite what is for another model.

    Workers of pytest-xdist cannot stop the session: there each test says it.
    """
    if not any("firmware" in getattr(item, "fixturenames", ()) for item in items):
        return
    try:
        app = options.load_app(_ROOT, config.option.target, config.option.build_dir)
        build = Build.of(app)
        options.server_host(app.target, config.option.server_host)
        if app.target != options.LINUX:
            options.wifi(app.sdkconfig, config.option.wifi_ssid, config.option.wifi_password)
    except pytest.UsageError:
        if hasattr(config, "workerinput"):
            return
        raise
    dropped = [item for item in items if item.path == _ROOT / "pytest_provision.py" and not build.suits(item)]
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def firmware(pytestconfig: pytest.Config) -> IdfApp:
    """The build under test."""
    return options.load_app(_ROOT, pytestconfig.option.target, pytestconfig.option.build_dir)


@pytest.fixture(scope="session")
def server_host(pytestconfig: pytest.Config) -> str:
    """Where the device under test finds its server."""
    return options.server_host(pytestconfig.option.target, pytestconfig.option.server_host)


@pytest.fixture
def device(request: pytest.FixtureRequest, firmware: IdfApp, tmp_path: Path) -> Iterator[Device]:
    """The device under test, off. Its log is printed when the test has failed."""
    if firmware.target == options.LINUX:
        device: Device = linux_device(firmware, tmp_path)
    else:
        dut = request.getfixturevalue("dut")
        option = request.config.option
        layout = FlashLayout.of_build(Path(firmware.binary_path), firmware.sdkconfig)
        wifi = options.wifi(firmware.sdkconfig, option.wifi_ssid, option.wifi_password)
        device = BoardDevice(dut, layout, BoardPower(dut.serial), wifi)
    yield device
    print(device.log)
    device.close()


@pytest.fixture
def world(device: Device, server_host: str, firmware: IdfApp) -> Iterator[World]:
    """That device beside a ThingsBoard."""
    world = World(device, server_host, Build.of(firmware))
    yield world
    device.power_cut()
    world.stop_server()
