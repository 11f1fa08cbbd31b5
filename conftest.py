"""The device under test for pytest_provision.py: a process on Linux, or a board on a serial port.

`pytest` and `pytest --target linux` run the host build in build_host; --build-dir=DIR names another one, be it of
ESP-IDF's linux target. `pytest --target esp32c3` flashes the build in build on each --board, or on the one board that
there is, and runs on them; the stand-in then listens where a board can reach it. `--embedded-services idf,qemu` runs it
in QEMU instead.

pytest-embedded's own fixture `dut` starts the firmware before a test can configure it. So on Linux and in QEMU the
device makes a DUT of pytest-embedded's classes for each boot; on a board it is `dut`, and the device resets it once it
is configured.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_embedded_idf import IdfApp

from tests import canary
from tests.provision import boards, options
from tests.provision.board import BoardDevice, BoardPower
from tests.provision.build import Build
from tests.provision.device import Device
from tests.provision.images import FlashLayout
from tests.provision.linux import linux_device
from tests.provision.options import ServerAddress
from tests.provision.qemu import QemuDevice
from tests.provision.world import World

pytest.register_assert_rewrite("tests.provision.suite")

_ROOT = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add our options."""
    options.add_options(parser)
    boards.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Decide on what it runs, and by how many workers, before pytest-xdist starts them."""
    options.set_defaults(config.option)
    if options.is_board(config.option) and not hasattr(config, "workerinput"):
        boards.share(config.option)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give this process its board, keep pytest-embedded's use of an experimental fixture to itself, watch the logs."""
    worker = getattr(config, "workerinput", {}).get("workerid")
    if config.option.target != options.LINUX:
        folders = boards.folders(config.option)
        boards.claim(config.option, worker)
        if worker is None:
            config.pluginmanager.register(boards.BoardReports(folders), "board reports")
    config.pluginmanager.register(canary, "canary")
    config.addinivalue_line("filterwarnings", "ignore:record_xml_attribute is an experimental feature")
    config.addinivalue_line("markers", "esp_idf: needs an ESP-IDF; left out where IDF_PATH is not set")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say at once, and once, what is missing, if anything that needs the firmware is going to run. Leave out of the
    suite what is for another model, and what needs an ESP-IDF where there is none.

    Workers of pytest-xdist cannot stop the session: there each test says it.
    """
    if "IDF_PATH" not in os.environ:
        _leave_out(config, items, [item for item in items if item.get_closest_marker("esp_idf")])
    if not any("firmware" in getattr(item, "fixturenames", ()) for item in items):
        return
    try:
        app = _app(config)
        build = Build.of(app)
        options.server_address(config.option)
        if options.is_board(config.option):
            options.wifi(app.sdkconfig, config.option.wifi_ssid, config.option.wifi_password)
        if options.is_qemu(config.option):
            options.qemu_program(config.option)
    except pytest.UsageError:
        if hasattr(config, "workerinput"):
            return
        raise
    suite = [item for item in items if item.path == _ROOT / "pytest_provision.py"]
    _leave_out(config, items, [item for item in suite if not build.suits(item)])


def _leave_out(config: pytest.Config, items: list[pytest.Item], dropped: list[pytest.Item]) -> None:
    config.hook.pytest_deselected(items=dropped)
    items[:] = [item for item in items if item not in dropped]


def _app(config: pytest.Config) -> IdfApp:
    return options.load_app(_ROOT, config.option.target, config.option.build_dir, options.is_qemu(config.option))


@pytest.fixture(scope="session")
def firmware(pytestconfig: pytest.Config) -> IdfApp:
    """The build under test."""
    return _app(pytestconfig)


@pytest.fixture(scope="session")
def server_address(pytestconfig: pytest.Config) -> ServerAddress:
    """Where the device under test finds its server."""
    return options.server_address(pytestconfig.option)


@pytest.fixture
def device(request: pytest.FixtureRequest, firmware: IdfApp, tmp_path: Path) -> Iterator[Device]:
    """The device under test, off. Its log is printed when the test has failed."""
    option = request.config.option
    if firmware.target == options.LINUX:
        device: Device = linux_device(firmware, tmp_path)
    elif options.is_qemu(option):
        logs = Path(request.getfixturevalue("test_case_tempdir"))
        device = QemuDevice(firmware, tmp_path, logs, options.qemu_program(option), option.qemu_extra_args)
    else:
        dut = request.getfixturevalue("dut")
        layout = FlashLayout.of_build(Path(firmware.binary_path), firmware.sdkconfig)
        wifi = options.wifi(firmware.sdkconfig, option.wifi_ssid, option.wifi_password)
        device = BoardDevice(dut, layout, BoardPower(dut.serial), wifi)
    yield device
    print(device.log)
    device.close()


@pytest.fixture
def world(device: Device, server_address: ServerAddress, firmware: IdfApp) -> Iterator[World]:
    """That device beside a ThingsBoard."""
    world = World(device, server_address, Build.of(firmware))
    yield world
    device.power_cut()
    world.stop_server()
