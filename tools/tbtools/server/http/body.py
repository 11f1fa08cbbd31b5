"""Reading what a caller sent."""

from typing import Any

from aiohttp import web

from tbtools.server.http.errors import bad_params

PAGE_SIZE_MAX = 1_000


async def read_object(request: web.Request) -> dict[str, Any]:
    """The request's JSON object; ApiError 400 for anything else."""
    body = await request.json()
    if not isinstance(body, dict):
        raise bad_params("Request body is not a JSON object")
    return body


def int_param(request: web.Request, name: str, default: int | None = None) -> int:
    """An integer of the query; ApiError 400 if it is none, or missing without a default."""
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    try:
        return int(text or "")
    except ValueError as error:
        raise bad_params(f"Parameter '{name}' is not a number") from error


def list_param(request: web.Request, name: str) -> list[str]:
    """A comma-separated list of the query; empty when missing."""
    return [part for part in request.query.get(name, "").split(",") if part]


def entity_id(body: dict[str, Any], name: str) -> str | None:
    """The id inside {"entityType": ..., "id": ...}, None when missing."""
    reference = body.get(name)
    if reference is None:
        return None
    if not isinstance(reference, dict) or not isinstance(reference.get("id"), str):
        raise bad_params(f"'{name}' is not an entity id")
    return str(reference["id"])


def page(request: web.Request, entities: list[dict[str, Any]], name_key: str = "name") -> web.Response:
    """The page of *entities* that the query asks for, filtered by textSearch on the name."""
    size, number = int_param(request, "pageSize"), int_param(request, "page")
    if not 0 < size <= PAGE_SIZE_MAX or number < 0:
        raise bad_params("Incorrect page link")
    search = request.query.get("textSearch", "").lower()
    found = [entity for entity in entities if search in entity[name_key].lower()]
    pages = -(-len(found) // size)
    shown = found[number * size : (number + 1) * size]
    body = {"data": shown, "totalPages": pages, "totalElements": len(found), "hasNext": number + 1 < pages}
    return web.json_response(body)
