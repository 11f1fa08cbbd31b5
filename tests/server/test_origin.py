"""What needs no log-in is served to this server's own page and to programs, not to other pages in the same browser."""

import http.client
from collections.abc import Iterator
from contextlib import nullcontext
from unittest.mock import Mock

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from tbtools.server.http import origin
from tbtools.server.http.errors import ApiError
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

CALLS = [
    ("GET", "/"),
    ("GET", "/web/script.js"),
    ("GET", "/web/events"),
    ("GET", "/web/telemetry/x"),
    ("GET", "/api/standin/journal"),
    ("POST", "/api/standin/faults"),
    ("DELETE", "/api/standin/faults"),
    ("DELETE", "/api/standin/faults/1"),
    ("DELETE", "/api/standin/journal"),
    ("PATCH", "/api/standin/settings"),
    ("POST", "/api/standin/disconnect"),
]


@pytest.fixture(scope="module")
def paged() -> Iterator[StandInThread]:
    with StandInThread(StandInConfig(page=True)) as standin:
        yield standin


def call(tb: StandInThread, method: str, path: str, **headers: str) -> requests.Response:
    response = requests.request(
        method, tb.url + path, data='{"fault": "answer:drop"}', headers=headers, timeout=5, stream=True
    )
    response.close()
    return response


@pytest.mark.parametrize(("method", "path"), CALLS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example"},
        {"Host": "rebound.example:{port}"},
        {"Host": "127.0.0.1.rebound.example:{port}"},
        {"Host": "192.0.2.1:{port}"},
        {"Host": "[2001:db8::1]:{port}"},
        {"Host": "rebound.example@127.0.0.1:{port}"},
        {"Origin": "http://foreign.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_other_origin_is_refused(paged: StandInThread, method: str, path: str, headers: dict[str, str]) -> None:
    paged.faults.clear()
    before = paged.faults.add("accept:close*0").id
    filled = {name: value.format(port=paged.http_port) for name, value in headers.items()}
    assert call(paged, method, path, **filled).status_code == 403
    assert [fault.id for fault in paged.faults.pending()] == [before]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "127.8.9.1"]
)
@pytest.mark.parametrize("with_origin", [True, False])
def test_own_page_is_served(paged: StandInThread, host: str, with_origin: bool) -> None:
    named = host.format(port=paged.http_port)
    headers = {"Host": named, **({"Origin": f"http://{named}"} if with_origin else {})}
    assert call(paged, "GET", "/", **headers).status_code == 200
    assert call(paged, "POST", "/api/standin/faults", **headers).status_code == 200
    assert call(paged, "DELETE", "/api/standin/faults", **headers).status_code == 200


def test_without_Host_nothing_is_served(paged: StandInThread) -> None:
    assert call(paged, "GET", "/", Host="").status_code == 403


@pytest.mark.parametrize(
    ("told", "reached", "named", "allowed"),
    [
        ("0.0.0.0", "192.0.2.7", "192.0.2.7:8080", True),
        ("0.0.0.0", "192.0.2.7", "192.0.2.8:8080", False),
        ("0.0.0.0", "192.0.2.7", "bench.example:8080", False),
        ("bench.example", "192.0.2.7", "Bench.Example:8080", True),
        ("bench.example", "192.0.2.7", "other.example:8080", False),
        ("::", "2001:db8::7", "[2001:db8::7]:8080", True),
    ],
)
async def test_server_told_to_listen_elsewhere_knows_its_names(
    told: str, reached: str, named: str, allowed: bool
) -> None:
    transport = Mock()
    transport.get_extra_info.side_effect = lambda key, default=None: (reached, 8080) if key == "sockname" else default
    request = make_mocked_request("GET", "/", headers={"Host": named}, transport=transport)

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.Response()

    with nullcontext() if allowed else pytest.raises(ApiError, match="Host"):
        assert (await origin.guard(told)(request, serve)).status == 200


def test_log_in_guards_the_rest_as_before(paged: StandInThread) -> None:
    assert call(paged, "GET", "/api/tenant/devices?pageSize=1&page=0", Host="bench.example").status_code == 401


@pytest.mark.parametrize("path", ["/", "/web/script.js", "/web/events", "/web/telemetry/x", "/web/missing"])
def test_page_is_told_what_it_may_do(paged: StandInThread, path: str) -> None:
    headers = call(paged, "GET", path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", ["/", "/web/script.js", "/web/events"])
def test_without_the_option_there_is_no_page(path: str) -> None:
    with StandInThread() as tb:
        assert call(tb, "GET", path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/web/", "/web/../page.py", "/web/%2e%2e/page.py", "/web/..%2fpage.py", "/web//etc/passwd"]
)
def test_only_the_files_of_the_page_are_served(paged: StandInThread, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", paged.http_port, timeout=5)
    connection.request("GET", path)
    assert connection.getresponse().status in (403, 404)
    connection.close()
