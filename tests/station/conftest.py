"""Fixtures: a ThingsBoard, a port, boards for it, and stations."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tbtools.server.thread import StandInThread

from tests import canary
from tests.provision.linux import StoreDirectory
from tests.station.bench import Port, Station

KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
PASSWORD = "tenant"

NewBoard = Callable[..., StoreDirectory]
NewStation = Callable[..., Station]


@pytest.fixture
def server() -> Iterator[StandInThread]:
    """A ThingsBoard whose device profile takes new devices."""
    with StandInThread() as standin:
        standin.create_profile("devices", KEY, SECRET)
        yield standin


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    """Where boards are plugged in; nothing is there yet."""
    port = Port(tmp_path / "ttyUSB0")
    yield port
    port.unplug()


@pytest.fixture
def new_board(server: StandInThread, tmp_path: Path) -> NewBoard:
    """Makes the store of a board that is configured for *server*, with changes."""

    def make(name: str, **changes: str) -> StoreDirectory:
        settings = {
            "host": "127.0.0.1",
            "port": str(server.mqtt_port),
            "device_name": name,
            "prov_key": KEY,
            "prov_secret": SECRET,
            "token": f"TOKEN_OF_{name}",
            "run_time_s": "0",
            "telemetry_s": "60",
            **changes,
        }
        canary.plant(settings)
        store = StoreDirectory(tmp_path / name)
        store.format(settings)
        return store

    return make


@pytest.fixture
def new_station(server: StandInThread, port: Port) -> Iterator[NewStation]:
    """Starts a station at *port* that asks *server*, with options."""
    stations: list[Station] = []

    def make(*options: str) -> Station:
        environment = {"TB_URL": server.url, "TB_PASSWORD": PASSWORD, "COLUMNS": "200"}
        stations.append(Station(str(port.name), environment, *options))
        return stations[-1]

    yield make
    for station in stations:
        station.stop()
