"""Telemetry upload (contract 3)."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tbtools.server import lenient_json
from tbtools.server.connection import CloseConnection
from tbtools.server.faults import Point
from tbtools.server.kv import INT64, InvalidData, Value, storable, values_of
from tbtools.server.model import Device, now_ms
from tbtools.server.packets import Publish
from tbtools.server.reasons import Reason
from tbtools.server.settings import Settings

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession

_TS_LENGTH_MAX = 40

Batch = tuple[int, dict[str, Value]]


class InvalidTimestamp(InvalidData):
    """The value of "ts" is no number: an error that ThingsBoard does not catch (contract 3.3)."""


def upload(session: "DeviceSession", packet: Publish) -> None:
    """Store what the payload says. An empty array is never acknowledged (contract 3.3)."""
    if session.connection.fault_at(Point.TELEMETRY) is not None:
        return
    try:
        batches = parse(packet.payload, session.core.settings)
    except InvalidTimestamp as error:
        raise CloseConnection(f"telemetry: {error}", Reason.SERVER_SHUTTING_DOWN) from error
    except (lenient_json.InvalidJson, InvalidData) as error:
        session.invalid(packet, f"telemetry: {error}")
        return
    session.touch()
    points = sum(len(values) for _, values in batches)
    if points:
        session.limit_points(points)
    else:
        session.limit_message()
    store(session.device, batches)
    session.messages += 1
    session.points += points
    keys = sorted({key for _, values in batches for key in values})
    session.connection.journal("telemetry", device=session.device.name, qos=packet.qos, points=points, keys=keys)
    if batches:
        session.acknowledge(packet, acked=Point.ACKED)


def upload_protobuf(session: "DeviceSession", packet: Publish) -> None:
    """No profile here has a protobuf schema, so such a payload never parses."""
    session.invalid(packet, "protobuf payload without a schema")


def parse(payload: bytes, settings: Settings) -> list[Batch]:
    """Return (time in ms, values) for each element. Raises InvalidJson or InvalidData."""
    body = lenient_json.parse(payload)
    return [_batch(element, settings) for element in (body if isinstance(body, list) else [body])]


def store(device: Device, batches: list[Batch]) -> None:
    """Keep the batches; one with a key that may not be stored is lost in silence, as on the real server."""
    for ts_ms, values in batches:
        if storable(values):
            device.add_samples(ts_ms, values)


def _batch(element: Any, settings: Settings) -> Batch:
    if not isinstance(element, dict):
        raise InvalidData("not a JSON object")
    if not ("ts" in element and "values" in element):
        return now_ms(), values_of(element, settings)
    if not isinstance(element["values"], dict):
        raise InvalidData('"values" is not a JSON object')
    return _timestamp(element["ts"]), values_of(element["values"], settings)


def _timestamp(ts: Any) -> int:
    """Milliseconds as they come, not checked for sense; a fraction is cut off."""
    try:
        ts_ms = int(Decimal(ts)) if isinstance(ts, str) and len(ts) <= _TS_LENGTH_MAX else None
    except (ArithmeticError, ValueError):
        ts_ms = None
    if ts_ms is None or ts_ms not in INT64:
        raise InvalidTimestamp('"ts" is not a number')
    return ts_ms
