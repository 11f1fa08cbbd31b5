"""Fixtures: one browser for all tests of the page; a server of its own for each."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import TELEMETRY, RawClient
from tests.server.provisioning import ask, request
from tests.web.chromium import launch

DESKTOP: ViewportSize = {"width": 1280, "height": 720}
LOOPBACK = "http://127.0.0.1:"
TIMEOUT_MS = 10_000

expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The one of this computer."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def tb() -> Iterator[StandInThread]:
    """A server with the page, and a profile "boilers" with key K and secret S that creates devices."""
    with StandInThread(StandInConfig(page=True)) as standin:
        standin.create_profile("boilers", "K", "S")
        yield standin


@pytest.fixture(scope="package")
def tab(browser: Browser) -> Page:
    """One tab for all tests: a new one for each would cost more than all they do in it."""
    tab = browser.new_page()
    tab.set_default_timeout(TIMEOUT_MS)
    return tab


@pytest.fixture
def open_page(tab: Page, tb: StandInThread) -> Iterator[Callable[..., Page]]:
    """A function that opens the page of *server*. No script may fail, and nothing foreign be asked for."""
    problems: list[str] = []
    watched: dict[str, Callable[..., None]] = {
        "pageerror": lambda error: problems.append(str(error)),
        "dialog": lambda dialog: problems.append(dialog.message),
        "request": lambda asked: None if asked.url.startswith(LOOPBACK) else problems.append(asked.url),
        "console": lambda said: problems.append(said.text) if "Content Security" in said.text else None,
    }
    for event, handler in watched.items():
        tab.on(event, handler)  # type: ignore[call-overload]

    def open_one(server: StandInThread = tb) -> Page:
        tab.goto(server.url)
        expect(tab.get_by_text("Live", exact=True)).to_be_visible()
        return tab

    yield open_one
    tab.goto("about:blank")
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(color_scheme="light")
    for event, handler in watched.items():
        tab.remove_listener(event, handler)
    assert not problems


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """The page, open."""
    return open_page()


@pytest.fixture
def connect(tb: StandInThread) -> Iterator[Callable[..., RawClient]]:
    """A function that opens an MQTT connection and sends CONNECT."""
    clients: list[RawClient] = []

    def open_client(**fields: Any) -> RawClient:
        client = RawClient(tb.mqtt_port)
        clients.append(client)
        client.connect(**fields)
        return client

    yield open_client
    for client in clients:
        client.close()


@pytest.fixture
def provision(connect: Callable[..., RawClient]) -> Callable[..., None]:
    """A function that provisions device *name* with token T<name>, or asks for it as *fields* say."""

    def provision_one(name: str, **fields: Any) -> None:
        client = connect(username="provision")
        assert client.connack() == 0
        keys = {"provisionDeviceKey": "K", "provisionDeviceSecret": "S", "token": f"T{name}"}
        ask(client, request(name, **{**keys, **fields}))
        client.send(b"\xe0\x00")
        client.expect_closed()

    return provision_one


@pytest.fixture
def device(tb: StandInThread, connect: Callable[..., RawClient]) -> RawClient:
    """The connection of a device called "boiler"."""
    tb.create_device("boiler", "Tboiler")
    client = connect(username="Tboiler")
    assert client.connack() == 0
    return client


def send_telemetry(device: RawClient, values: object) -> None:
    """Upload *values*, and see them acknowledged."""
    assert device.publish(TELEMETRY, json.dumps(values).encode()) == device.puback()
