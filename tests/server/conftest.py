"""Fixtures: one server for each test module, and names nobody else uses."""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
import requests
from tbtools.rest import RestClient
from tbtools.server.model import Profile, ProvisionType
from tbtools.server.settings import Settings
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import Mqtt5Client
from tests.server.mqtt_client import RawClient

Client = TypeVar("Client", bound=RawClient)

Api = Callable[..., tuple[int, Any]]

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[StandInThread]:
    with StandInThread() as standin:
        yield standin


@pytest.fixture
def tb(server: StandInThread) -> StandInThread:
    """The module's server, as fresh as it matters: no faults, stock settings, an empty journal."""
    server.faults.clear()
    server.journal.clear()
    for field, stock in Settings():
        if getattr(server.settings, field) != stock:
            setattr(server.settings, field, stock)
    return server


@pytest.fixture
def connect(tb: StandInThread) -> Iterator[Callable[..., RawClient]]:
    """A function that opens a TCP connection and, given any argument, sends CONNECT with it."""
    yield from _connections(tb, RawClient)


@pytest.fixture
def connect5(tb: StandInThread) -> Iterator[Callable[..., Mqtt5Client]]:
    """The same in MQTT 5."""
    yield from _connections(tb, Mqtt5Client)


def _connections(tb: StandInThread, kind: type[Client]) -> Iterator[Callable[..., Client]]:
    clients: list[Client] = []

    def open_client(**fields: Any) -> Client:
        client = kind(tb.mqtt_port)
        clients.append(client)
        if fields:
            client.connect(**fields)
        return client

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def rest(tb: StandInThread) -> Iterator[RestClient]:
    with RestClient(tb.url) as client:
        client.login()
        yield client


@pytest.fixture
def api(tb: StandInThread) -> Api:
    """Call the API raw: api(method, path, json body) -> (status, answer)."""
    login = {"username": "tenant@thingsboard.org", "password": "tenant"}
    token = requests.post(tb.url + "/api/auth/login", json=login, timeout=5).json()["token"]

    def call(method: str, path: str, body: Any = None, scheme: str = "X-Authorization") -> tuple[int, Any]:
        headers = {scheme: f"Bearer {token}"}
        response = requests.request(method, tb.url + path, json=body, headers=headers, timeout=5)
        return response.status_code, response.json() if response.content else None

    return call


@pytest.fixture
def name() -> str:
    """A name that no other test uses."""
    return f"n{next(_NUMBERS)}"


@pytest.fixture
def profile(tb: StandInThread, name: str) -> Profile:
    """A profile that creates devices, with key K<name> and secret S<name>."""
    return tb.create_profile(f"profile {name}", f"K{name}", f"S{name}")


@pytest.fixture
def checked_profile(tb: StandInThread, name: str) -> Profile:
    """A profile for pre-provisioned devices, with key K<name> and secret S<name>."""
    kind = ProvisionType.CHECK_PRE_PROVISIONED_DEVICES
    return tb.create_profile(f"profile {name}", f"K{name}", f"S{name}", kind)


@pytest.fixture
def front(connect: Callable[..., RawClient]) -> RawClient:
    """A client in a provisioning session."""
    client = connect()
    client.login(username="provision")
    return client


@pytest.fixture
def token(tb: StandInThread, name: str) -> str:
    """The access token of a device called <name>."""
    tb.create_device(name, f"T{name}")
    return f"T{name}"


@pytest.fixture
def device(connect: Callable[..., RawClient], token: str) -> RawClient:
    """A client in that device's session."""
    client = connect()
    client.login(username=token)
    return client


@pytest.fixture
def front5(connect5: Callable[..., Mqtt5Client]) -> Mqtt5Client:
    """A client in a provisioning session that speaks MQTT 5."""
    client = connect5()
    client.login(username="provision")
    return client


@pytest.fixture
def device5(connect5: Callable[..., Mqtt5Client], token: str) -> Mqtt5Client:
    """A client in that device's session that speaks MQTT 5."""
    client = connect5()
    client.login(username=token)
    return client
