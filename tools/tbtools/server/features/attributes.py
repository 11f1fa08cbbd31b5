"""Client attributes: publish and request (contract 4.1, 4.2)."""

import re
from typing import TYPE_CHECKING, Any

from tbtools.server import lenient_json
from tbtools.server.kv import InvalidData, encode, storable, values_of
from tbtools.server.model import Device, Scope
from tbtools.server.packets import Publish

if TYPE_CHECKING:
    from tbtools.server.device_session import DeviceSession

_REQUEST_ID = re.compile(r"[+-]?[0-9]{1,10}")
_INT32 = range(-(2**31), 2**31)


def publish(session: "DeviceSession", packet: Publish) -> None:
    """Store client attributes."""
    try:
        body = lenient_json.parse(packet.payload)
        if not isinstance(body, dict):
            raise InvalidData("not a JSON object")
        values = values_of(body, session.core.settings)
    except (lenient_json.InvalidJson, InvalidData) as error:
        session.invalid(packet, f"attributes: {error}")
        return
    session.touch()
    session.limit_message()
    if storable(values):
        session.device.set_attributes(Scope.CLIENT_SCOPE, values)
    session.connection.journal("attributes", device=session.device.name, keys=sorted(values))
    session.acknowledge(packet)


def request(session: "DeviceSession", packet: Publish) -> None:
    """Answer with the attributes asked for; a negative id is never answered."""
    family, _, text = packet.topic.rpartition("/")
    try:
        request_id = _request_id(text)
        body = _response(packet.payload, session.device)
    except (lenient_json.InvalidJson, InvalidData) as error:
        session.invalid(packet, f"attribute request: {error}")
        return
    session.touch()
    session.limit_message()
    session.acknowledge(packet)
    if request_id >= 0:
        session.push(f"{_response_family(family)}/{request_id}", encode(body))


def _response_family(request_family: str) -> str:
    """v1/devices/me/attributes/request -> v1/devices/me/attributes/response, v2/a/req/j -> v2/a/res/j."""
    return request_family.replace("/request", "/response").replace("/req", "/res")


def _request_id(text: str) -> int:
    if not _REQUEST_ID.fullmatch(text) or int(text) not in _INT32:
        raise InvalidData("request id is not an integer")
    return int(text)


def _response(payload: bytes, device: Device) -> dict[str, Any]:
    body = lenient_json.parse(payload)
    if not isinstance(body, dict):
        raise InvalidData("not a JSON object")
    client, shared = _keys(body, "clientKeys"), _keys(body, "sharedKeys")
    everything = client is None and shared is None
    found = {
        "client": _select(device, Scope.CLIENT_SCOPE, client, everything),
        "shared": _select(device, Scope.SHARED_SCOPE, shared, everything),
    }
    return {scope: values for scope, values in found.items() if values}


def _keys(body: dict[str, Any], name: str) -> set[str] | None:
    """The keys of a comma-separated string; spaces belong to the key."""
    if name not in body:
        return None
    keys = body[name]
    if isinstance(keys, list) and len(keys) == 1:
        keys = keys[0]
    if not isinstance(keys, str):
        raise InvalidData(f"{name} is not a string")
    return set(keys.split(","))


def _select(device: Device, scope: Scope, keys: set[str] | None, everything: bool) -> dict[str, Any]:
    if keys is None and not everything:
        return {}
    stored = device.attributes[scope].items()
    return {key: attribute.value for key, attribute in stored if keys is None or key in keys}
