"""The journal: what is asked of it, and how much it keeps."""

import pytest
from tbtools.server import journal
from tbtools.server.journal import Journal


def test_events_after_a_mark_come_oldest_first() -> None:
    events = Journal()
    for number in range(5):
        events.record("telemetry", device=f"d{number % 2}")
    assert [event["seq"] for event in events.events(since=2)] == [3, 4, 5]
    assert [event["seq"] for event in events.events("telemetry", since=1, device="d0")] == [3, 5]
    assert events.events(since=5) == []


def test_newest_events_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "EVENTS_MAX", 3)
    events = Journal()
    for _ in range(5):
        events.record("accept")
    assert [event["seq"] for event in events.events()] == [3, 4, 5]


def test_numbers_rise_after_it_has_been_cleared() -> None:
    events = Journal()
    events.record("accept")
    events.clear()
    events.record("accept")
    assert [event["seq"] for event in events.events(since=1)] == [2]


def test_long_texts_and_lists_are_cut() -> None:
    events = Journal()
    events.record("provision", device="n" * 255, cause="c" * 65_000)
    events.record("subscribe", filters=["f" * 65_000, "#"], codes=[128] * 10_000)
    events.record("telemetry", keys=["k" * 99] * 1_000, points=1_000)
    provision, subscribe, telemetry = events.events()
    assert provision["device"] == "n" * 255
    assert provision["cause"] == "c" * 256 + "…"
    assert subscribe["filters"] == ["f" * 256 + "…", "#"]
    assert len(subscribe["codes"]) == 512
    assert len(telemetry["keys"]) == 20
