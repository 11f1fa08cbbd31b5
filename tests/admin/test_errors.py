"""What is told, and what to do, when the server is not there, is another one, is too old, or does not want us."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import keyring
import pytest
from tbtools.admin import server_side
from tbtools.server.thread import StandInThread

from tests.admin.conftest import PASSWORD, Done, Tb
from tests.docs.markdown import ROOT

Answer = tuple[int, dict[str, str], bytes]
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
COMMANDS = (
    ("profile", "apply", "--generate-secret"),
    ("profile", "show"),
    ("profile", "delete", "--yes"),
    ("device", "create", "kitchen", "--generate"),
    ("device", "status", "kitchen"),
    ("device", "credentials", "kitchen"),
    ("device", "telemetry", "kitchen"),
    ("device", "attributes", "kitchen"),
    ("device", "watch", "kitchen"),
    ("device", "delete", "kitchen", "--yes"),
    ("device", "reset-provisioning", "kitchen"),
    ("dashboard", "apply"),
)


@contextmanager
def _serving(answer: Callable[[str, str], Answer]) -> Iterator[str]:
    """Another server; *answer* makes an answer out of method and path."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, headers, body = answer(self.command, self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _json(body: Any, status: int = 200) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _error(status: int, code: int, message: str) -> Answer:
    return _json({"status": status, "message": message, "errorCode": code, "timestamp": 1}, status)


def _after_log_in(answer: Answer) -> Callable[[str, str], Answer]:
    return lambda _, path: _json({"token": "T", "refreshToken": "R"}) if path == "/api/auth/login" else answer


def _empty_server(method: str, path: str, saved: Answer, version: str = "4.3.0") -> Answer:
    """A ThingsBoard that holds nothing; *saved* is its answer to whatever is saved."""
    if path == "/api/auth/login":
        return _json({"token": "T", "refreshToken": "R"})
    if path == "/api/system/info":
        return _json({"version": version})
    return saved if method == "POST" else _json({"data": [], "totalPages": 0, "totalElements": 0, "hasNext": False})


def _told(done: Done, code: int, *texts: str) -> None:
    assert done.code == code, done.stderr
    assert done.stdout == ""
    assert all(text in done.stderr for text in texts), done.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_wrong_password(tb: Tb, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("TB_PASSWORD", "wrong-password")
    done = tb(*command)
    _told(done, 1, "does not accept tenant@thingsboard.org with this password", "TB_PASSWORD", "TB_USER")
    assert "wrong-password" not in done.stderr
    as_json = tb(*command, "--json")
    assert as_json.code == 1
    assert set(as_json.json) == {"error", "advice"}


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_server_unreachable(tb: Tb, command: tuple[str, ...]) -> None:
    _told(tb(*command, "--url", "http://127.0.0.1:9"), 3, "no answer from http://127.0.0.1:9", "--url", "TB_URL")


def test_no_password(tb: Tb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TB_PASSWORD")
    done = tb("device", "status", "kitchen")
    _told(done, 2, "the password of tenant@thingsboard.org", "Set TB_PASSWORD", "keyring set thingsboard")


def test_password_from_the_keyring(tb: Tb, server: StandInThread, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TB_PASSWORD")
    keyring.set_password("thingsboard", f"tenant@thingsboard.org@{server.url}", PASSWORD)
    server.create_device("kitchen")
    assert tb("device", "status", "kitchen").code == 0


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "ftp://h", "http://", "http://h:0", "http://h:x", "http://[::1"])
def test_what_is_no_address(tb: Tb, url: str) -> None:
    _told(tb("device", "status", "kitchen", "--url", url), 2, "is no address of a server", "http://127.0.0.1:8080")


@pytest.mark.parametrize("url", ["http://user:pa55word@h", "http://h?a=b", "http://h#a"])
def test_an_address_holds_no_more_than_that(tb: Tb, url: str) -> None:
    done = tb("device", "status", "kitchen", "--url", url)
    _told(done, 2, "more than scheme, host and port")
    assert "pa55word" not in done.stderr


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, b"<html>Hello</html>"),
        (404, {"Content-Type": "text/html"}, b"<html>Not found</html>"),
        (405, {}, b""),
        (501, {"Content-Type": "text/html"}, b"<html>Unsupported method</html>"),
        _json({"detail": "Not Found"}, 404),
        _json({"message": "Not Found"}, 404),
        _json({}),
        _json([]),
        _json({"token": 5}),
    ],
)
def test_not_a_thingsboard(tb: Tb, answer: Answer) -> None:
    with _serving(lambda *_: answer) as url:
        _told(tb("device", "status", "kitchen", "--url", url), 3, url, "with which you open ThingsBoard in the browser")


@pytest.mark.parametrize("answer", [(200, {}, b"<html>"), _json([]), _json("x"), (200, {}, b"\xff")])
def test_no_longer_a_thingsboard_after_the_log_in(tb: Tb, answer: Answer) -> None:
    with _serving(_after_log_in(answer)) as url:
        _told(tb("device", "status", "kitchen", "--url", url), 3, url, "is it a ThingsBoard?")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_log_in_is_not_sent_on_to_somewhere_else(tb: Tb, status: int) -> None:
    asked: list[str] = []

    def elsewhere(method: str, path: str) -> Answer:
        asked.append(f"{method} {path}")
        return _json({"token": "T", "refreshToken": "R"})

    with _serving(elsewhere) as other:
        location = {"Location": f"{other}/login?secret=1"}
        with _serving(lambda *_: (status, location, b"")) as url:
            done = tb("device", "status", "kitchen", "--url", url)
    _told(done, 3, f"{url} sends us on to {other}")
    assert "secret" not in done.stderr
    assert asked == []


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_without_its_server(tb: Tb, status: int) -> None:
    with _serving(lambda *_: (status, {}, b"<html>Bad gateway</html>")) as url:
        _told(tb("device", "status", "kitchen", "--url", url), 3, "ThingsBoard does not run behind it")


@pytest.mark.parametrize(
    ("answer", "texts"),
    [
        (_error(403, 20, "You don't have permission"), ("does not let tenant@", "tenant administrator")),
        (_error(429, 33, "Too many requests for current tenant!"), ("limits requests", "Wait a minute")),
        (_error(500, 2, "Database error"), ("has failed", "Its own log says why")),
        (_error(409, 35, "changed"), ("someone else has changed it", "again")),
        (_error(400, 31, "Name is malformed"), ("the server refuses: Name is malformed",)),
    ],
)
def test_what_the_server_refuses(tb: Tb, answer: Answer, texts: tuple[str, ...]) -> None:
    with _serving(_after_log_in(answer)) as url:
        _told(tb("device", "status", "kitchen", "--url", url), 1, *texts)


def test_a_locked_account_is_told_as_the_server_tells_it(tb: Tb) -> None:
    with _serving(lambda *_: _error(401, 10, "User account is locked due to security policy")) as url:
        _told(tb("device", "status", "kitchen", "--url", url), 1, "User account is locked due to security policy")


@pytest.mark.parametrize("command", COMMANDS[:3], ids=" ".join)
def test_a_server_without_provisioning_is_too_old(tb: Tb, command: tuple[str, ...]) -> None:
    """Before 3.2 there are no device profiles, and before 3.3.3 no release tells its number."""
    body = {"timestamp": "2020-01-01T00:00:00", "status": 404, "error": "Not Found", "message": "", "path": "/"}
    with _serving(_after_log_in(_json(body, 404))) as url:
        _told(tb(*command, "--url", url), 1, "ThingsBoard older than 3.2", "device provisioning needs 3.2 or later")


def test_a_release_that_tells_an_old_number_is_too_old(tb: Tb) -> None:
    with _serving(_after_log_in(_json({"version": "3.1.1"}))) as url:
        _told(tb("profile", "show", "--url", url), 1, "ThingsBoard 3.1.1: device provisioning needs 3.2 or later")


def test_chains_need_3_5(tb: Tb, server: StandInThread, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text(CERTIFICATE)
    server.settings.server_version = "3.4.4"
    done = tb("profile", "apply", "--strategy", "x509-chain", "--certificate", str(path))
    _told(done, 1, "the server is ThingsBoard 3.4.4: strategy x509-chain needs 3.5 or later", "Upgrade")


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("version", ["3.2", "3.3.4"])
def test_a_device_with_a_password_needs_3_4(tb: Tb, server: StandInThread, version: str) -> None:
    server.settings.server_version = version
    done = tb("device", "create", "kitchen", "--credentials", "mqtt-basic", "--generate")
    _told(done, 1, f"the server is ThingsBoard {version}", "mqtt-basic needs 3.4 or later")
    assert tb("device", "create", "kitchen", "--generate").code == 0


@pytest.mark.parametrize("version", ["3.2", "3.3.2", "3.3.3", "4.2"])
def test_older_servers_that_provision_are_served(tb: Tb, server: StandInThread, version: str) -> None:
    server.settings.server_version = version
    assert tb.json("profile", "apply", "--generate-secret")["status"] == "created"
    assert tb.json("profile", "apply")["status"] == "unchanged"
    for command in COMMANDS[3:8]:
        assert tb(*command).code == 0


@pytest.mark.parametrize(
    ("options", "refusal", "texts"),
    [
        (
            ("--generate-secret",),
            "Device profile with such provision device key already exists!",
            ("the provision key is used by a device profile of another tenant", "TB_PROVISION_KEY"),
        ),
        (
            ("--strategy", "x509-chain", "--certificate", "ca.pem"),
            "Device profile with such certificate already exists!",
            ("the certificate is used by a device profile of another tenant", "--certificate"),
        ),
    ],
)
def test_a_key_of_another_tenant_is_told(
    tb: Tb,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    refusal: str,
    texts: tuple[str, ...],
) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    monkeypatch.chdir(tmp_path)
    with _serving(lambda method, path: _empty_server(method, path, _error(400, 31, refusal))) as url:
        _told(tb("profile", "apply", *options, "--url", url), 1, *texts)


@pytest.mark.parametrize("told", ["4.2.0PE", "4.4.0-SNAPSHOT", "unknown"])
def test_what_a_server_may_say_of_its_release(tb: Tb, told: str) -> None:
    with _serving(lambda method, path: _empty_server(method, path, _json({}), told)) as url:
        _told(tb("profile", "show", "--url", url), 1, "there is no device profile 'boiler'")


@pytest.mark.parametrize("name", ["nowhere", "no/such.yaml"])
def test_a_model_that_is_not_there(tb: Tb, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(server_side, "ROOT", ROOT)
    _told(tb("profile", "apply", "--model", name), 2, name, "codegen/models")
