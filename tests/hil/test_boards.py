"""The suite on boards: esptool and pytest-embedded as they are, on boards of our own making."""

from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

from pytest_embedded_idf import IdfApp

from tests.factory.firmware_build import APP, APP_FILE, NVS
from tests.hil.conftest import NewBoards, Session, new_build

Suite = Callable[..., Session]


def names_in(junit: Path) -> list[str]:
    return [case.attrib["name"] for case in ElementTree.parse(junit).iter("testcase")]


def test_one_board(build: Path, new_boards: NewBoards, suite: Suite, tmp_path: Path) -> None:
    """It is flashed once, and for each test its NVS partition is; each boot is a reset by its lines."""
    (board,) = new_boards(build, 1)
    done = suite(build, "--board", str(board.link), "-k", "use_case or later_boots")
    assert done.passed == 3
    assert [board.erased.count(APP.offset), board.erased.count(NVS.offset)] == [1, 3]
    assert board.holds(APP.offset, (build / APP_FILE).read_bytes())
    assert board.boots >= 6
    assert len(names_in(tmp_path / "hil" / "ttyUSB0" / "junit.xml")) == 3
    logs = sorted((tmp_path / "hil" / "ttyUSB0").rglob("dut.log"))
    assert len(logs) == 3
    assert all("TB_OUTCOME_ONLINE" in log.read_text() for log in logs)


def test_two_boards_share_the_tests(build: Path, new_boards: NewBoards, suite: Suite, tmp_path: Path) -> None:
    boards = new_boards(build, 2)
    done = suite(
        build, *(word for board in boards for word in ("--board", str(board.link))), "-k", "use_case or wrong_secret"
    )
    names = [names_in(tmp_path / "hil" / board.link.name / "junit.xml") for board in boards]
    assert done.passed == len(names[0]) + len(names[1])
    for board, its_names in zip(boards, names, strict=True):
        assert its_names
        assert board.erased.count(APP.offset) == 1
        logs = (tmp_path / "hil" / board.link.name).rglob("dut.log")
        assert {log.parent.name for log in logs} == set(its_names)


def test_board_that_asks_for_its_access_point(
    firmware: IdfApp, new_boards: NewBoards, suite: Suite, tmp_path: Path
) -> None:
    build = new_build(tmp_path / "build", firmware, EXAMPLE_WIFI_SSID_PWD_FROM_STDIN=True)
    (board,) = new_boards(build, 1, wifi="net pass")
    options = ("--wifi-ssid", "net", "--wifi-password", "pass", "-k", "use_case_1")
    assert suite(build, "--board", str(board.link), *options).passed == 1


def test_what_fails_is_told_with_the_log_of_its_board(
    build: Path, new_boards: NewBoards, suite: Suite, tmp_path: Path
) -> None:
    (board,) = new_boards(build, 1)
    board.dead_cell = APP.offset + 100  # so that the firmware is not what was flashed
    done = suite(build, "--port", str(board.link), "-k", "use_case_1")
    assert done.status == 1
    report = (tmp_path / "hil" / "ttyUSB0" / "junit.xml").read_text()
    assert 'failures="1"' in report or 'errors="1"' in report
