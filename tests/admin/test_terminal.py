"""How ``tb.py`` starts, and what a terminal adds: completion of the shell, a word when the server takes its time."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.admin.conftest import PASSWORD
from tests.admin.terminal import TB, Terminal

COMPLETE = """
source "$1"
function=$(complete -p tb.py | sed 's/.*-F \\([^ ]*\\).*/\\1/')
shift
COMP_WORDS=("$@" "")
COMP_CWORD=$#
$function "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def _bash(script: str, *arguments: str, home: Path) -> str:
    environment = {**os.environ, "HOME": str(home)}
    environment.pop("TB_PASSWORD", None)
    done = subprocess.run(
        ["bash", "-c", script, "bash", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def completion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What --install-completion has installed for a user of bash."""
    home = tmp_path_factory.mktemp("home")
    _bash('"$1" --install-completion; exit $?', str(TB), home=home)
    (installed,) = (home / ".bash_completions").iterdir()
    assert str(installed) in (home / ".bashrc").read_text()
    return installed


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("profile",), {"apply", "show", "delete"}),
        (
            ("device",),
            {
                "create",
                "credentials",
                "delete",
                "reset-provisioning",
                "status",
                "telemetry",
                "attributes",
                "watch",
            },
        ),
        (("profile", "apply", "--strategy"), {"allow-creating", "check-pre-provisioned", "x509-chain", "disabled"}),
        (("device", "create", "kitchen", "--credentials"), {"access-token", "mqtt-basic", "x509"}),
    ],
)
def test_completion_of_bash(completion: Path, tmp_path: Path, words: tuple[str, ...], completed: set[str]) -> None:
    assert set(_bash(COMPLETE, str(completion), str(TB), *words, home=tmp_path).split()) == completed


def test_a_python_without_the_packages_hands_over_to_the_one_that_has_them() -> None:
    done = subprocess.run([sys.executable, "-S", TB, "device", "--help"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "watch" in done.stdout


def test_without_any_packages_it_says_what_to_do(tmp_path: Path) -> None:
    copy = tmp_path / "tools" / "tb.py"
    copy.parent.mkdir()
    copy.write_bytes(TB.read_bytes())
    done = subprocess.run([sys.executable, "-S", copy, "--help"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert "this Python has no typer; run `make setup`" in done.stderr


class _Slow(BaseHTTPRequestHandler):
    """A server that takes its time, and then is none."""

    def do_POST(self) -> None:
        time.sleep(2.0)
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_slow_server_is_waited_for_visibly() -> None:
    with HTTPServer(("127.0.0.1", 0), _Slow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        environment = {"TB_PASSWORD": PASSWORD, "TERM": "xterm", "COLUMNS": "120"}
        with Terminal(["device", "status", "kitchen", "--url", url], environment) as terminal:
            terminal.expect(f"Waiting for {url} ...")
            assert "error:" not in terminal.output
            assert terminal.end() == 3
        server.shutdown()
        thread.join()
