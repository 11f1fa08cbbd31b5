"""Which worker has which board, and what is kept of each."""

import argparse
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from serial.tools import list_ports

from tests.provision import boards

SERIAL = "7C:DF:A1:B2:C3:D4"


@pytest.fixture(autouse=True)
def _plugged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Two boards, of which one has a USB of its own."""
    for name in ("ttyUSB0", "ttyACM0"):
        (tmp_path / name).touch()
    plugged = [
        SimpleNamespace(device=str(tmp_path / "ttyUSB0"), serial_number="0001"),
        SimpleNamespace(device=str(tmp_path / "ttyACM0"), serial_number=SERIAL),
    ]
    monkeypatch.setattr(list_ports, "comports", lambda: plugged)


def option(**given: Any) -> argparse.Namespace:
    none_given = {"board": None, "port": None, "numprocesses": None, "maxworkerrestart": None, "root_logdir": None}
    return argparse.Namespace(**{**none_given, "target": "esp32c3", "board_reports": "report/hil", **given})


def test_without_boards_there_is_one_process_and_pytest_embedded_finds_the_port() -> None:
    chosen = option()
    boards.share(chosen)
    boards.claim(chosen, None)
    assert chosen == option(root_logdir="report/hil/esp32c3")


@pytest.mark.parametrize("name", ["board", "port"])
def test_one_board(name: str) -> None:
    given = {"board": ["/dev/ttyUSB0"]} if name == "board" else {"port": "/dev/ttyUSB0"}
    chosen = option(**given)
    boards.share(chosen)
    boards.claim(chosen, None)
    assert (chosen.port, chosen.numprocesses, chosen.root_logdir) == ("/dev/ttyUSB0", None, "report/hil/ttyUSB0")


def test_workers_of_qemu_share_a_folder() -> None:
    for worker in ("gw0", "gw1"):
        chosen = option(embedded_services="idf,qemu")
        boards.claim(chosen, worker)
        assert chosen.root_logdir == "report/hil/esp32c3"


def test_each_of_several_boards_has_a_worker(tmp_path: Path) -> None:
    chosen = option(board=["/dev/ttyUSB0", SERIAL])
    boards.share(chosen)
    assert (chosen.numprocesses, chosen.maxworkerrestart) == (2, "0")
    boards.claim(chosen, None)
    assert chosen.port is None
    claimed = []
    for worker in ("gw0", "gw1"):
        own = option(**vars(chosen))
        boards.claim(own, worker)
        claimed.append((own.port, own.root_logdir))
    assert claimed == [
        ("/dev/ttyUSB0", "report/hil/ttyUSB0"),
        (str(tmp_path / "ttyACM0"), "report/hil/7C-DF-A1-B2-C3-D4"),
    ]


def test_environment_does_not_give_all_workers_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ESPPORT", "/dev/ttyUSB7")
    boards.claim(option(board=["/dev/ttyUSB0"]), None)
    assert "ESPPORT" not in os.environ


def test_log_folder_of_the_command_line_stays() -> None:
    chosen = option(board=["/dev/ttyUSB0"], root_logdir="logs")
    boards.claim(chosen, None)
    assert chosen.root_logdir == "logs"


@pytest.mark.parametrize("workers", [0, 1, 3, "auto"])
def test_workers_and_boards_have_to_match(workers: Any) -> None:
    with pytest.raises(pytest.UsageError, match="a board of its own"):
        boards.share(option(board=["/dev/ttyUSB0", "/dev/ttyUSB1"], numprocesses=workers))


def test_no_worker_shares_a_board_that_nobody_has_named() -> None:
    with pytest.raises(pytest.UsageError, match="--board"):
        boards.share(option(numprocesses=2))


def test_serial_number_that_nothing_has() -> None:
    with pytest.raises(pytest.UsageError, match="0002: nothing with this USB serial number"):
        boards.share(option(board=["0002"]))


def test_boards_of_one_name_would_share_a_folder() -> None:
    with pytest.raises(pytest.UsageError, match="two boards of the same name"):
        boards.share(option(board=["/dev/ttyUSB0", "/other/ttyUSB0"]))
