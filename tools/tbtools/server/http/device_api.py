"""The HTTP twins of a device's MQTT calls (contract 2.1, 9). The token in the address is the authentication."""

from aiohttp import web

from tbtools.server import activity, provision
from tbtools.server.core import Core
from tbtools.server.features import telemetry
from tbtools.server.http.errors import AUTHENTICATION, ApiError, bad_params
from tbtools.server.http.keys import CORE
from tbtools.server.kv import InvalidData
from tbtools.server.lenient_json import InvalidJson
from tbtools.server.model import CredentialsType


async def provision_device(request: web.Request) -> web.Response:
    """POST /api/v1/provision: the answer has status 200 whatever it says."""
    core = request.app[CORE]
    try:
        asked = provision.parse_request(await request.read())
        outcome = provision.provision(core.store, core.settings, asked)
    except (provision.NotAnObject, provision.BadRequest) as error:
        _record(core, None, None, str(error))
        raise bad_params(str(error)) from error
    except provision.Unanswered as error:
        _record(core, None, None, "strategy X509_CERTIFICATE_CHAIN")
        raise ApiError(500, 2, "Internal error") from error
    _record(core, asked.device_name, outcome.status.value, outcome.cause)
    return web.Response(body=outcome.answer(), content_type="application/json")


def _record(core: Core, device: str | None, status: str | None, cause: str) -> None:
    core.journal.record("provision", mode="http", device=device, status=status, cause=cause)


async def upload_telemetry(request: web.Request) -> web.Response:
    """POST /api/v1/{token}/telemetry."""
    core = request.app[CORE]
    device = core.store.device_by_lookup_id(request.match_info["token"])
    if device is None or device.credentials.type is not CredentialsType.ACCESS_TOKEN:
        core.journal.record("refused", mode="http", device=None, cause="no match for the credentials")
        raise ApiError(401, AUTHENTICATION, "Authentication failed")
    try:
        batches = telemetry.parse(await request.read(), core.settings)
    except (InvalidJson, InvalidData) as error:
        core.journal.record("refused", mode="http", device=device.name, cause=f"telemetry: {error}")
        raise bad_params(str(error)) from error
    activity.seen(device)
    telemetry.store(device, batches)
    core.journal.record("telemetry", mode="http", device=device.name, points=sum(len(v) for _, v in batches))
    return web.Response()


ROUTES = [
    web.post("/api/v1/provision", provision_device),
    web.post("/api/v1/{token}/telemetry", upload_telemetry),
]
