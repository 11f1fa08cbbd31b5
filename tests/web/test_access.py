"""The page for everybody: by keyboard, on a phone, in the dark, with a screen reader."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import RawClient
from tests.web.conftest import send_telemetry

PHONE: ViewportSize = {"width": 360, "height": 640}
CONTRAST_MIN = 4.5

WORST_CONTRAST = """() => {
  const luminance = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    const color = getComputedStyle(node).backgroundColor;
    return color === "rgba(0, 0, 0, 0)" && node.parentElement ? behind(node.parentElement) : color;
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    if (texts.currentNode.data.trim() && node.checkVisibility() && node.tagName !== "OPTION") {
      const style = getComputedStyle(node);
      const [one, other] = [luminance(node.ownerSVGElement ? style.fill : style.color), luminance(behind(node))];
      found.push([(Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05), texts.currentNode.data]);
    }
  }
  return { count: found.length, worst: found.reduce((worst, each) => (each[0] < worst[0] ? each : worst)) };
}"""

FOCUSED = """() => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const name = node.id || node.getAttribute("aria-label") || node.textContent;
  return [name, `${style.outlineStyle} ${style.outlineWidth}`];
}"""


@pytest.fixture
def full_page(
    page: Page,
    tb: StandInThread,
    device: RawClient,
    provision: Callable[..., None],
    connect: Callable[..., RawClient],
) -> Page:
    """The page with something in each part: devices, attempts good and bad, a chart, its table, a fault, an error."""
    send_telemetry(device, {"temperature": 20.5})
    provision("other")
    provision("other")
    connect(username="nobody").connack()
    tb.faults.add("answer:drop*2")
    page.get_by_label("Add a fault").fill("nonsense")
    page.keyboard.press("Enter")
    page.get_by_text("Values of temperature").click()
    expect(page.get_by_role("table", name="Values of temperature").get_by_role("row")).to_have_count(2)
    expect(page.locator("#attempts-rows tr")).to_have_count(3)
    expect(page.locator("#faults-list li")).to_have_count(1)
    expect(page.get_by_role("alert")).not_to_be_empty()
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(full_page: Page, scheme: str) -> None:
    full_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    results = Axe().run(full_page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_contrast(full_page: Page, scheme: str) -> None:
    full_page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    full_page.evaluate("document.getElementById('connection').dataset.state = 'disconnected'")
    measured = full_page.evaluate(WORST_CONTRAST)
    assert measured["count"] > 50
    assert measured["worst"][0] >= CONTRAST_MIN, measured["worst"]


def test_dark_is_dark(page: Page) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    assert background() == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert background() == "rgb(15, 20, 25)"


def test_phone_shows_all_without_scrolling_sideways(
    page: Page, tb: StandInThread, connect: Callable[..., RawClient], provision: Callable[..., None]
) -> None:
    page.set_viewport_size(PHONE)
    name = "W" * 255
    provision(name, token="Tlong")
    client = connect(username="Tlong", client_id="c")
    client.connack()
    send_telemetry(client, {"K" * 255: 1.7976931348623157e308, "text": "V" * 1000, "number": -(2**63)})
    client.publish("X" * 1000, b"")
    connect(username="nobody", client_id="I" * 1000).connack()
    tb.faults.add("answer:malform=" + "P" * 1000)
    expect(page.locator("#attempts-rows tr")).to_have_count(3)
    expect(page.locator("figure")).to_have_count(3)
    expect(page.locator("#faults-list li")).to_have_count(1)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    wide = "[...document.querySelectorAll('body *')].filter((node) => node.getBoundingClientRect().right > innerWidth)"
    assert page.evaluate(f"{wide}.map((node) => node.outerHTML.slice(0, 80))") == []
    cell = page.locator("#devices-rows td").first
    assert cell.evaluate("(node) => getComputedStyle(node, '::before').content") == '"Profile: "'


def test_tab_reaches_everything_and_shows_where_it_is(full_page: Page) -> None:
    full_page.evaluate("document.body.tabIndex = -1; document.body.focus()")
    walked = []
    while (focused := step(full_page))[0] != "faults-submit":
        walked.append(focused)
    assert {outline for _, outline in walked} == {"solid 3px"}
    assert [name for name, _ in walked] == [
        *("Skip to the devices", "Devices", "Attempts", "Telemetry", "Faults"),
        *("boiler: show its telemetry", "other: show its telemetry"),
        *("attempts-kind", "attempts-text", "List of attempts"),
        *("charts-device", "Values of temperature", "Scroll the values of temperature"),
        *("Clear answer:drop", "faults-clear", "faults-text"),
    ]


def step(page: Page) -> tuple[str, str]:
    page.keyboard.press("Tab")
    name, outline = page.evaluate(FOCUSED)
    return name, outline


def test_skip_link_leads_past_the_head(page: Page) -> None:
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the devices")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_keys_choose_filter_add_and_clear(full_page: Page, tb: StandInThread) -> None:
    page, keyboard = full_page, full_page.keyboard
    page.get_by_role("button", name="other: show its telemetry").focus()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Telemetry")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("ArrowUp")
    expect(page.locator("#charts-device option:checked")).to_have_text("boiler")
    page.locator("#attempts-kind").focus()
    keyboard.press("ArrowDown")
    expect(page.locator("#attempts-count")).to_have_text("2 of 3, newest first")
    page.get_by_role("button", name="Clear answer:drop").focus()
    keyboard.press("Space")
    expect(page.locator("#faults-list li")).to_have_count(0)
    expect(page.get_by_role("heading", name="Faults")).to_be_focused()
    keyboard.press("Tab")
    keyboard.press("Control+A")
    keyboard.type("accept:close*3")
    keyboard.press("Enter")
    expect(page.get_by_role("button", name="Clear accept:close")).to_be_visible()
    assert [fault.times for fault in tb.faults.pending()] == [3]


def test_focus_stays_while_rows_come(page: Page, device: RawClient, provision: Callable[..., None]) -> None:
    name = page.get_by_role("button", name="boiler: show its telemetry")
    name.focus()
    provision("other")
    send_telemetry(device, {"temperature": 20})
    expect(page.locator("#devices-rows tr")).to_have_count(2)
    expect(page.locator("figure")).to_have_count(1)
    expect(name).to_be_focused()
