"""What devices send is text on the page and nothing else, and no secret is on it."""

import json
from collections.abc import Callable

import requests
from playwright.sync_api import Page, expect
from tbtools.server.credentials import BasicFields, mqtt_basic
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import TELEMETRY, RawClient
from tests.server.provisioning import REQUEST, ask, request
from tests.web.conftest import send_telemetry

MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
QUOTES = "x' onfocus='pwned=1\" onfocus=\"pwned=1 &lt;b&gt;"

TOKEN, OTHER_TOKEN, KEY, SECRET = "canary-token", "canary-other-token", "canary-key", "canary-secret"
CLIENT_ID, USERNAME, PASSWORD = "canary-client-id", "canary-user", "canary-password"


def test_markup_in_what_devices_send_is_shown_as_it_is(
    page: Page, tb: StandInThread, connect: Callable[..., RawClient], provision: Callable[..., None]
) -> None:
    provision(QUOTES, token="T")
    provision(MARKUP)
    connect(username="nobody", client_id=MARKUP).connack()
    client = connect(username="T")
    client.connack()
    send_telemetry(client, {"text": MARKUP, QUOTES: 1})
    client.publish(MARKUP, b"")
    client.subscribe(MARKUP)
    tb.faults.add(f"answer:malform={MARKUP}")
    expect(page.locator("#attempts-rows tr")).to_have_count(5)
    expect(page.locator("figure")).to_have_count(2)
    expect(page.locator("#faults-list li")).to_have_count(1)
    for summary in page.locator("summary").all():
        summary.click()
    expect(page.get_by_text(MARKUP)).to_have_count(6)
    expect(page.get_by_role("button", name=QUOTES)).to_be_visible()
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('body img, body script, body b, [onfocus]').length") == 0


def test_times_and_numbers_that_make_no_sense_are_shown(page: Page, device: RawClient) -> None:
    huge = "17" + "0" * 307 + ".0"
    for ts, number in ((-(2**63), "-" + huge), (0, "0"), (2**63 - 1, huge)):
        device.publish(TELEMETRY, b'{"ts": %d, "values": {"number": %s}}' % (ts, number.encode()))
        device.puback()
    send_telemetry(device, {"deep": {"a": [1, {}]}})
    expect(page.get_by_role("img", name="number of boiler: 3 values")).to_be_visible()
    assert page.locator("polyline").get_attribute("points") == "4,108 160,64 316,20"
    expect(page.locator("figcaption").first).to_contain_text("number: 1.7e+308, 9223372036854776000")
    expect(page.locator("figcaption").last).to_contain_text('deep: {"a":[1,{}]}')


def test_no_secret_is_on_the_page_or_in_what_it_is_told(
    page: Page, tb: StandInThread, connect: Callable[..., RawClient]
) -> None:
    tb.create_profile("secretive", KEY, SECRET)
    front = connect(username="provision")
    front.connack()
    keys = {"provisionDeviceKey": KEY, "provisionDeviceSecret": SECRET}
    ask(front, request("boiler", token=TOKEN, **keys))
    ask(front, request("boiler", token=TOKEN, **keys))
    ask(front, request("other", token=OTHER_TOKEN, provisionDeviceKey=KEY, provisionDeviceSecret=SECRET + "?"))
    fields = {"clientId": CLIENT_ID, "username": USERNAME, "password": PASSWORD}
    ask(front, request("basic", credentialsType="MQTT_BASIC", **keys, **fields))
    front.publish(REQUEST, json.dumps({**keys, "credentialsType": "?"}).encode())
    basic = mqtt_basic(BasicFields(None, USERNAME + "2", PASSWORD + "2"))
    tb.run(lambda standin: standin.store.create_device("plain", standin.store.default_profile(), basic))
    for login in (
        {"username": TOKEN, "client_id": TOKEN},
        {"username": OTHER_TOKEN, "client_id": OTHER_TOKEN},
        {"username": "", "client_id": OTHER_TOKEN},
        {"username": USERNAME, "password": PASSWORD + "?"},
        {"username": USERNAME + "2", "password": PASSWORD + "2"},
    ):
        connect(**{"client_id": "c", **login}).connack()
    requests.post(f"{tb.url}/api/v1/{OTHER_TOKEN}/telemetry", data=b"{}", timeout=5)
    requests.post(f"{tb.url}/api/v1/{TOKEN}/telemetry", data=b'{"temperature": 20}', timeout=5)
    expect(page.locator("#devices-rows tr")).to_have_count(3)
    expect(page.locator("#attempts-rows tr").filter(has_text="no match for the credentials")).to_have_count(4)
    expect(page.locator("figure")).to_have_count(1)
    told = "\n".join(read_stream(tb)) + page.content()
    assert "boiler" in told
    assert "MQTT_BASIC" in told
    assert "canary" not in told


def read_stream(tb: StandInThread) -> list[str]:
    """What a page is told when it opens, and the telemetry of each device."""
    with requests.get(f"{tb.url}/web/events", stream=True, timeout=5) as response:
        lines = []
        for line in response.iter_lines(decode_unicode=True):
            lines.append(line)
            if line == "event: alive":
                break
    told = [json.loads(line.removeprefix("data: ")) for line in lines if '"rows"' in line]
    ids = [row["id"] for row in told[0]["rows"]]
    return lines + [requests.get(f"{tb.url}/web/telemetry/{each}", timeout=5).text for each in ids]
