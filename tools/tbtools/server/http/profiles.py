"""Device profiles."""

from aiohttp import web

from tbtools.server.documents import show_profile, show_profile_info
from tbtools.server.http.body import entity_id, page, read_object
from tbtools.server.http.errors import bad_params
from tbtools.server.http.keys import CORE


async def save(request: web.Request) -> web.Response:
    """POST /api/deviceProfile."""
    body = await read_object(request)
    entity_id(body, "id")
    if not isinstance(body.get("profileData", {}), dict):
        raise bad_params("'profileData' is not an object")
    return web.json_response(show_profile(request.app[CORE].store.save_profile(body)))


async def read(request: web.Request) -> web.Response:
    """GET /api/deviceProfile/{id}."""
    return web.json_response(show_profile(request.app[CORE].store.profile(request.match_info["id"])))


async def delete(request: web.Request) -> web.Response:
    """DELETE /api/deviceProfile/{id}."""
    request.app[CORE].store.delete_profile(request.match_info["id"])
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
