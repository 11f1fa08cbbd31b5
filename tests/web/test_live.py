"""The page shows what happens while it happens, and what happened before."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Locator, Page, expect
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import RawClient
from tests.server.provisioning import REQUEST, request
from tests.web.conftest import send_telemetry

CLOCK = r"\d\d:\d\d:\d\d"


def rows(page: Page, table: str) -> Locator:
    return page.get_by_role("table", name=table).get_by_role("row")


def cells(row: Locator) -> list[str]:
    return row.get_by_role("rowheader").or_(row.get_by_role("cell")).all_inner_texts()


def attempt(page: Page, *texts: str) -> Locator:
    """The rows of the list of attempts that have all these texts."""
    found = rows(page, "Attempts")
    for text in texts:
        found = found.filter(has_text=text)
    return found


# -- devices


def test_device_appears_when_it_provisions(page: Page, provision: Callable[..., None]) -> None:
    expect(page.locator("#devices-count")).to_have_text("None yet")
    provision("boiler")
    row = rows(page, "Devices").filter(has_text="boiler")
    expect(row).to_have_count(1)
    name, profile, credentials, provisioned, last, connected, telemetry = cells(row)
    assert (name, profile, credentials, connected, telemetry) == ("boiler", "boilers", "ACCESS_TOKEN", "no", "none")
    assert re.fullmatch(f"created, {CLOCK}", provisioned)
    assert re.fullmatch(f"SUCCESS, {CLOCK}", last)


def test_device_is_connected_while_it_is(page: Page, device: RawClient) -> None:
    connected = rows(page, "Devices").filter(has_text="boiler").get_by_role("cell").nth(4)
    expect(connected).to_have_text("yes")
    expect(page.locator("#devices-count")).to_have_text("1, 1 connected")
    device.close()
    expect(connected).to_have_text("no")


def test_last_request_of_a_device_tells_its_failure(page: Page, provision: Callable[..., None]) -> None:
    provision("boiler")
    provision("boiler")
    last = rows(page, "Devices").filter(has_text="boiler").get_by_role("cell").nth(3)
    expect(last).to_have_text(re.compile(f"^FAILURE: device name is taken, {CLOCK}$"))


def test_deleted_device_disappears(page: Page, tb: StandInThread, device: RawClient) -> None:
    name = page.get_by_role("button", name="boiler: show its telemetry")
    expect(name).to_be_visible()
    tb.run(lambda standin: standin.store.delete_device(next(iter(standin.store.devices()))))
    expect(name).to_have_count(0)
    device.close()


# -- attempts


def test_what_was_before_the_page_is_told(provision: Callable[..., None], open_page: Callable[..., Page]) -> None:
    provision("boiler", provisionDeviceSecret="wrong")
    page = open_page()
    expect(attempt(page, "provisioning request", "boiler", "NOT_FOUND", "wrong secret")).to_have_count(1)


def test_refused_CONNECT_is_told_with_code_and_cause(page: Page, connect: Callable[..., RawClient]) -> None:
    assert connect(client_id="c-7", username="nobody").connack() == 5
    expect(
        attempt(page, "CONNECT", "refused with code 5", "no match for the credentials, client id c-7")
    ).to_have_count(1)
    expect(page.locator("#attempts-count")).to_have_text("1 of 1, newest first")


def test_connection_closed_by_a_fault_is_told(page: Page, tb: StandInThread, connect: Callable[..., RawClient]) -> None:
    tb.faults.add("answer:close")
    client = connect(username="provision")
    client.connack()
    client.publish(REQUEST, request("boiler", provisionDeviceKey="K", provisionDeviceSecret="S"))
    client.puback()
    client.expect_closed()
    expect(attempt(page, "fault", "boiler", "close at answer")).to_have_count(1)
    expect(attempt(page, "connection", "boiler", "closed by server", "fault at answer")).to_have_count(1)


def test_attempts_are_newest_first(page: Page, provision: Callable[..., None]) -> None:
    for name in ("first", "second", "third"):
        provision(name)
    expect(attempt(page, "provisioning request")).to_have_count(3)
    assert [cells(row)[2] for row in attempt(page, "SUCCESS").all()] == ["third", "second", "first"]


def test_attempts_are_filtered_by_kind_and_by_text(
    page: Page, provision: Callable[..., None], connect: Callable[..., RawClient]
) -> None:
    provision("boiler")
    provision("boiler")
    connect(username="nobody").connack()
    count = page.locator("#attempts-count")
    expect(count).to_have_text("3 of 3, newest first")
    page.get_by_label("Show", exact=True).select_option("what failed")
    expect(count).to_have_text("2 of 3, newest first")
    page.get_by_label("containing").fill("TAKEN")
    expect(count).to_have_text("1 of 3, newest first")
    assert [cells(row)[3] for row in attempt(page, "boiler").all() if row.is_visible()] == ["FAILURE"]
    page.get_by_label("Show", exact=True).select_option("refused CONNECTs")
    expect(count).to_have_text("0 of 3, newest first")


def test_newest_attempts_are_kept(tb: StandInThread, open_page: Callable[..., Page]) -> None:
    def refuse(numbers: range) -> None:
        for number in numbers:
            tb.journal.record("refused", mode="http", device=None, cause=f"number {number}")

    refuse(range(600))
    page = open_page()
    expect(page.locator("#attempts-count")).to_have_text("500 of the newest 500, newest first")
    refuse(range(600, 700))
    expect(page.locator("#attempts-rows tr").first).to_contain_text("number 699")
    expect(page.locator("#attempts-rows tr").last).to_contain_text("number 200")
    expect(page.locator("#attempts-rows tr")).to_have_count(500)


# -- telemetry


def points(page: Page) -> int:
    drawn = page.locator("#charts-figures polyline").get_attribute("points")
    assert drawn is not None
    return len(drawn.split())


def test_chart_grows_with_the_telemetry(page: Page, device: RawClient) -> None:
    for count, temperature in enumerate((20.5, 25, 19.25), 1):
        send_telemetry(device, {"ts": 1_700_000_000_000 + count, "values": {"temperature": temperature}})
        expect(page.get_by_role("img", name=f"temperature of boiler: {count} values")).to_be_visible()
        assert points(page) == count
    summary = page.get_by_role("img", name="temperature of boiler").get_attribute("aria-label")
    assert summary is not None
    assert summary.endswith("lowest 19.25, highest 25, last 19.25")
    expect(page.locator("figcaption")).to_contain_text("temperature: 19.25")
    expect(page.locator("#charts-figures svg text").first).to_have_text("max 25")


def test_values_of_a_chart_are_a_table_too(page: Page, device: RawClient) -> None:
    send_telemetry(device, [{"ts": 1_700_000_000_000 + each, "values": {"on": each == 1}} for each in range(2)])
    page.get_by_text("Values of on").click()
    table = page.get_by_role("table", name="Values of on")
    expect(table.get_by_role("row")).to_have_count(3)
    assert table.locator("td:last-child").all_inner_texts() == ["true", "false"]
    send_telemetry(device, {"ts": 1_700_000_000_002, "values": {"on": True}})
    expect(table.get_by_role("row")).to_have_count(4)


def test_text_has_no_chart(page: Page, device: RawClient) -> None:
    send_telemetry(device, {"state": "heating"})
    expect(page.locator("figcaption")).to_contain_text("state: heating")
    expect(page.locator("#charts-figures svg")).to_have_count(0)


def test_device_is_chosen_by_its_name(page: Page, tb: StandInThread, device: RawClient) -> None:
    tb.create_device("silent")
    send_telemetry(device, {"temperature": 20})
    expect(page.locator("figure")).to_have_count(1)
    page.get_by_role("button", name="silent: show its telemetry").click()
    expect(page.get_by_label("Device", exact=True)).to_have_value(re.compile("."))
    expect(page.locator("figure")).to_have_count(0)
    send_telemetry(device, {"temperature": 21})
    page.get_by_label("Device", exact=True).select_option("boiler")
    expect(page.locator("figcaption")).to_contain_text("temperature: 21")


# -- faults


def test_fault_is_added_happens_and_is_gone(page: Page, tb: StandInThread, connect: Callable[..., RawClient]) -> None:
    page.get_by_label("Add a fault").fill("connack:refuse=3*2")
    page.get_by_role("button", name="Add").click()
    item = page.locator("#faults-list li")
    expect(item).to_contain_text("connack:refuse=3, 2 times")
    expect(page.get_by_label("Add a fault")).to_have_value("")
    assert [fault.code for fault in tb.faults.pending()] == [3]
    assert connect(username="provision").connack() == 3
    expect(item).to_contain_text("connack:refuse=3, once")
    assert connect(username="provision").connack() == 3
    expect(item).to_have_count(0)
    expect(page.locator("#faults-note")).to_have_text("None is switched on")


def test_faults_are_cleared_one_by_one_and_all(page: Page, tb: StandInThread) -> None:
    for fault in ("answer:drop*0", "puback:close", "connack:drop"):
        tb.faults.add(fault)
    page.get_by_role("button", name="Clear puback:close").click()
    expect(page.locator("#faults-list li")).to_have_count(2)
    assert [fault.notation() for fault in tb.faults.pending()] == ["answer:drop", "connack:drop"]
    page.get_by_role("button", name="Clear all").click()
    expect(page.locator("#faults-list li")).to_have_count(0)
    assert not tb.faults.pending()


def test_impossible_fault_is_explained(page: Page, tb: StandInThread) -> None:
    page.get_by_label("Add a fault").fill("accept:drop")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("at accept there is no drop; possible are: close, split")
    expect(page.get_by_label("Add a fault")).to_have_attribute("aria-invalid", "true")
    assert not tb.faults.pending()


# -- the connection


def test_lost_server_is_said_and_found_again(open_page: Callable[..., Page]) -> None:
    with StandInThread(StandInConfig(page=True)) as old:
        old.faults.add("answer:drop")
        RawClient(old.mqtt_port).close()
        page = open_page(old)
        ports = (old.mqtt_port, old.http_port)
        expect(attempt(page, "end of stream")).to_have_count(1)
    status = page.locator("#connection")
    expect(status).to_contain_text("Disconnected")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_role("alert")).to_have_text("The server does not answer")
    with StandInThread(StandInConfig("127.0.0.1", *ports, page=True)) as new:
        new.create_device("new")
        expect(status).to_have_text("Live")
        expect(rows(page, "Devices").filter(has_text="new")).to_have_count(1)
        expect(page.locator("#faults-list li")).to_have_count(0)
        expect(attempt(page, "end of stream")).to_have_count(0)


def test_silence_is_told_from_life(tb: StandInThread, browser: Browser) -> None:
    page = browser.new_page()
    page.clock.install()
    page.goto(tb.url)
    status = page.locator("#connection")
    expect(status).to_have_text("Live")
    page.clock.fast_forward(11_000)
    expect(status).to_have_text("Live")
    page.clock.fast_forward(13_000)
    expect(status).to_contain_text("Disconnected")
    page.clock.fast_forward(1_000)
    expect(status).to_have_text("Live")
    page.close()
