"""Which events of the journal are a device's attempts to get in or to be heard, and what became of each."""

from collections.abc import Iterable
from typing import Any

from tbtools.server.journal import Event
from tbtools.server.provision import Status

Row = dict[str, Any]

_MQTT_5 = 5
_FAILURE_CODE_MIN = 0x80
_CLEAN_ENDS = ("DISCONNECT", "provisioning is over")


class Attempts:
    """Makes rows of events. Of open connections it remembers whose they are, and which have been refused already."""

    def __init__(self) -> None:
        self._devices: dict[int, str] = {}
        self._refused: set[int] = set()
        self._readers = {
            "tls_failure": self._tls_failure,
            "connect": self._connect,
            "provision": self._provision,
            "subscribe": self._subscribe,
            "unknown_topic": self._unknown_topic,
            "refused": self._refused_message,
            "fault": self._fault,
            "close": self._close,
        }

    def read(self, events: Iterable[Event]) -> list[Row]:
        """The rows of *events*, which follow those read before."""
        rows = (self._readers[event["event"]](event) for event in events if event["event"] in self._readers)
        return [row for row in rows if row is not None]

    def _tls_failure(self, event: Event) -> Row:
        return self._row(event, "tls", "TLS handshake", "failed", event["cause"])

    def _connect(self, event: Event) -> Row | None:
        if event["accepted"]:
            self._devices[event["connection"]] = event["device"] or ""
            return None
        self._refused.add(event["connection"])
        code = f"{event['code']:#04x}" if event["level"] == _MQTT_5 else event["code"]
        client = f", client id {event['client_id']}" if event["client_id"] not in ("", "***") else ""
        outcome = f"refused with code {code}" if event["code"] else "not answered"
        return self._row(event, "connect", "CONNECT", outcome, event["cause"] + client)

    def _provision(self, event: Event) -> Row:
        if event["device"] and "connection" in event:
            self._devices[event["connection"]] = event["device"]
        row = self._row(event, "provision", "provisioning request", event["status"] or "not answered", event["cause"])
        return {**row, "failed": event["status"] != Status.SUCCESS.value}

    def _subscribe(self, event: Event) -> Row | None:
        codes = zip(event["filters"], event["codes"] or (), strict=False)
        refused = [topic_filter for topic_filter, code in codes if code >= _FAILURE_CODE_MIN]
        return self._row(event, "message", "SUBSCRIBE", "refused", ", ".join(refused)) if refused else None

    def _unknown_topic(self, event: Event) -> Row:
        return self._row(event, "message", "message", "lost", f"unknown topic {event['topic']}")

    def _refused_message(self, event: Event) -> Row:
        return self._row(event, "message", "message", "not stored", event["cause"])

    def _fault(self, event: Event) -> Row:
        return self._row(event, "fault", "fault", f"{event['action']} at {event['point']}", "switched on")

    def _close(self, event: Event) -> Row | None:
        row = self._row(event, "close", "connection", f"closed by {event['by']}", event["cause"])
        self._devices.pop(event["connection"], None)
        if event["connection"] in self._refused:
            self._refused.discard(event["connection"])
            return None
        return None if event["cause"] in _CLEAN_ENDS else row

    def _row(self, event: Event, kind: str, what: str, outcome: str, cause: str) -> Row:
        device = event.get("device") or self._devices.get(event.get("connection", 0), "")
        way = " over HTTP" if event.get("mode") == "http" else ""
        shown = {"kind": kind, "what": what + way, "device": device, "outcome": outcome, "cause": cause}
        return {"seq": event["seq"], "ts": event["ts"], "failed": True, **shown}
