"""RPC (contract 5): answers of the device, and requests of the device with the stock rule chain's reply."""

import re
from typing import TYPE_CHECKING, Any

from tbtools.server import lenient_json
from tbtools.server.connection import CloseConnection
from tbtools.server.kv import encode
from tbtools.server.packets import Publish
from tbtools.server.reasons import Reason
from tbtools.server.settings import Settings

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession

_SESSION_LIMITS = "getSessionLimits"
_REQUEST_FAMILY = "v1/devices/me/rpc/request"
_INTEGER = re.compile(r"[+-]?[0-9]{1,10}")


def response(session: "DeviceSession", packet: Publish) -> None:
    """Acknowledge an answer; nothing is pending, so it is dropped in silence."""
    if not _INTEGER.fullmatch(packet.topic.rpartition("/")[2]):
        session.invalid(packet, "RPC response: id is not an integer")
        return
    session.touch()
    session.limit_message()
    session.acknowledge(packet)


def request(session: "DeviceSession", packet: Publish) -> None:
    """Acknowledge, then reply: to getSessionLimits at once, to anything else as the stock rule chain does, which never
    replies, so that the device hears of a timeout later (contract 5.2).
    """
    family, _, request_id = packet.topic.rpartition("/")
    try:
        body = lenient_json.parse(packet.payload)
    except lenient_json.InvalidJson as error:
        session.invalid(packet, f"RPC request: {error}")
        return
    if not isinstance(body, dict):
        session.invalid(packet, "RPC request: not a JSON object")
        return
    if not isinstance(body.get("method"), str) or not _INTEGER.fullmatch(request_id):
        what = "RPC request: no method, or an id that is no integer"
        raise CloseConnection(what, Reason.SERVER_SHUTTING_DOWN)
    session.touch()
    session.limit_message()
    session.acknowledge(packet)
    topic = f"{family.replace('/request', '/response').replace('/req', '/res')}/{request_id}"
    settings = session.core.settings
    if body["method"] == _SESSION_LIMITS and family == _REQUEST_FAMILY and settings.version.tells_session_limits:
        session.push(topic, encode(_session_limits(settings)))
    else:
        later = settings.client_rpc_timeout_s
        session.connection.later(later, lambda: session.push(topic, encode({"error": "timeout"})))


def _session_limits(settings: Settings) -> dict[str, Any]:
    return {
        "maxPayloadSize": settings.max_packet_bytes,
        "maxInflightMessages": settings.pre_connack_queue,
        "rateLimits": {
            "messages": settings.message_rate_limit or None,
            "telemetryMessages": settings.telemetry_message_rate_limit or None,
            "telemetryDataPoints": settings.telemetry_points_rate_limit or None,
        },
    }
