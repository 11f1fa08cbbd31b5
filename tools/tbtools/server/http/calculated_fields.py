"""Calculated fields, as far as they are alarm rules of a device profile or a device."""

from typing import Any

from aiohttp import web

from tbtools.server.http.body import entity_id, page, read_object
from tbtools.server.http.errors import bad_params, no_such_call
from tbtools.server.http.keys import CORE


async def save(request: web.Request) -> web.Response:
    """POST /api/calculatedField."""
    _check_version(request)
    body = await read_object(request)
    entity_id(body, "id")
    _check_entity(request, body.get("entityId"))
    if body.get("type") != "ALARM" or not request.app[CORE].settings.version.has_alarm_calculated_fields:
        raise bad_params(f"Calculated fields of the type {body.get('type')} are not served here")
    return web.json_response(request.app[CORE].calculated_fields.save(body))


async def read(request: web.Request) -> web.Response:
    """GET /api/calculatedField/{id}."""
    _check_version(request)
    return web.json_response(request.app[CORE].calculated_fields.get(request.match_info["id"]))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/calculatedField/{id}."""
    _check_version(request)
    request.app[CORE].calculated_fields.delete(request.match_info["id"])
    return web.Response()


async def search_of_entity(request: web.Request) -> web.Response:
    """GET /api/calculatedField/{entity type}/{id}: the same as search(), since 4.3.1.2."""
    if not request.app[CORE].settings.version.has_calculated_fields_of_an_entity:
        raise no_such_call()
    return await search(request)


async def search(request: web.Request) -> web.Response:
    """GET /api/{entity type}/{id}/calculatedFields[?type=ALARM]: without the type, those of all types but ALARM."""
    _check_version(request)
    reference = {"entityType": request.match_info["entity_type"], "id": request.match_info["id"]}
    _check_entity(request, reference)
    is_asked = request.query.get("type") == "ALARM"
    return page(request, list(request.app[CORE].calculated_fields.of(reference["id"])) if is_asked else [])


def _check_version(request: web.Request) -> None:
    if not request.app[CORE].settings.version.has_calculated_fields:
        raise no_such_call()


def _check_entity(request: web.Request, reference: Any) -> None:
    """Refuse an entity that does not exist, or cannot have calculated fields."""
    store = request.app[CORE].store
    entity = entity_id({"entityId": reference}, "entityId")
    finders = {"DEVICE_PROFILE": store.profile, "DEVICE": store.device}
    if entity is None or reference.get("entityType") not in finders:
        raise bad_params("Incorrect entityId")
    finders[reference["entityType"]](entity)


ROUTES = [
    web.post("/api/calculatedField", save),
    web.get("/api/calculatedField/{id}", read),
    web.delete("/api/calculatedField/{id}", delete),
    web.get("/api/{entity_type}/{id}/calculatedFields", search),
    web.get("/api/calculatedField/{entity_type}/{id}", search_of_entity),
]
