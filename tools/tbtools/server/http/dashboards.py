"""Dashboards."""

from aiohttp import web

from tbtools.server.entities import Reason, StoreError
from tbtools.server.http.body import entity_id, page, read_object
from tbtools.server.http.keys import CORE


async def save(request: web.Request) -> web.Response:
    """POST /api/dashboard."""
    body = await read_object(request)
    entity_id(body, "id")
    return web.json_response(request.app[CORE].dashboards.save(body))


async def read(request: web.Request) -> web.Response:
    """GET /api/dashboard/{id}."""
    return web.json_response(request.app[CORE].dashboards.get(request.match_info["id"]))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/dashboard/{id}, unless a device profile opens it."""
    core, dashboard_id = request.app[CORE], request.match_info["id"]
    if any(
        (profile.document["defaultDashboardId"] or {}).get("id") == dashboard_id for profile in core.store.profiles()
    ):
        raise StoreError(Reason.BAD_PARAMS, "The dashboard is referenced by a device profile")
    core.dashboards.delete(dashboard_id)
    return web.Response()


async def search(request: web.Request) -> web.Response:
    """GET /api/tenant/dashboards."""
    return page(request, list(request.app[CORE].dashboards.infos()))


ROUTES = [
    web.post("/api/dashboard", save),
    web.get("/api/dashboard/{id}", read),
    web.delete("/api/dashboard/{id}", delete),
    web.get("/api/tenant/dashboards", search),
]
