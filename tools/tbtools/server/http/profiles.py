"""Device profiles."""

from typing import Any, TypeVar

from aiohttp import web

from tbtools.server.documents import show_profile, show_profile_info
from tbtools.server.entities import checked_text
from tbtools.server.http.body import entity_id, page, read_object
from tbtools.server.http.errors import bad_params
from tbtools.server.http.keys import CORE

T = TypeVar("T", dict[str, Any], str)

_TRANSPORT_TYPES = ("DEFAULT", "MQTT", "COAP", "LWM2M", "SNMP")
_TOPICS = ("deviceTelemetryTopic", "deviceAttributesTopic", "deviceAttributesSubscribeTopic")


async def save(request: web.Request) -> web.Response:
    """POST /api/deviceProfile."""
    core, body = request.app[CORE], await read_object(request)
    entity_id(body, "id")
    _check(body)
    dashboard_id = entity_id(body, "defaultDashboardId")
    if dashboard_id is not None and not core.dashboards.has(dashboard_id):
        raise bad_params("Can't assign non-existent dashboard!")
    return web.json_response(show_profile(core.store.save_profile(body)))


def _check(body: dict[str, Any]) -> None:
    """Raise ApiError 400 for what the server would later stumble over."""
    data = _typed(body, "profileData", dict)
    provision = _typed(data, "provisionConfiguration", dict)
    transport = _typed(data, "transportConfiguration", dict)
    checked_text(_typed(body, "description", str), "description")
    _typed(body, "provisionDeviceKey", str)
    _typed(provision, "provisionDeviceSecret", str)
    for topic in _TOPICS:
        _typed(transport, topic, str)
    if body.get("transportType", "DEFAULT") not in _TRANSPORT_TYPES:
        raise bad_params("Unknown 'transportType'")


def _typed(body: dict[str, Any], key: str, kind: type[T]) -> T:
    """The value of *key*, empty when missing or null."""
    value = body.get(key)
    if value is None:
        return kind()
    if not isinstance(value, kind):
        raise bad_params(f"'{key}' is not {'an object' if kind is dict else 'a string'}")
    return value


async def read(request: web.Request) -> web.Response:
    """GET /api/deviceProfile/{id}."""
    return web.json_response(show_profile(request.app[CORE].store.profile(request.match_info["id"])))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/deviceProfile/{id}, with its calculated fields."""
    core, profile_id = request.app[CORE], request.match_info["id"]
    core.store.delete_profile(profile_id)
    core.calculated_fields.delete_of(profile_id)
    return web.Response()


async def search(request: web.Request) -> web.Response:
    """GET /api/deviceProfiles."""
    return page(request, [show_profile(profile) for profile in request.app[CORE].store.profiles()])


async def default_info(request: web.Request) -> web.Response:
    """GET /api/deviceProfileInfo/default."""
    return web.json_response(show_profile_info(request.app[CORE].store.default_profile()))


ROUTES = [
    web.post("/api/deviceProfile", save),
    web.get("/api/deviceProfile/{id}", read),
    web.delete("/api/deviceProfile/{id}", delete),
    web.get("/api/deviceProfiles", search),
    web.get("/api/deviceProfileInfo/default", default_info),
]
