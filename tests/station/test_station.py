"""The station as a program: the firmware behind a pseudo-terminal, the stand-in as ThingsBoard."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_embedded_idf import IdfApp
from tbtools.server.thread import StandInThread
from tbtools.station.verdict import COLUMNS

from tests.model import SAMPLE
from tests.station.bench import Port
from tests.station.conftest import NewBoard, NewStation

READY = "waiting for the next board"
STARTUP = "I (1) MAIN: [APP] Startup..\n"


@pytest.fixture
def elf(firmware: IdfApp) -> Path:
    return Path(firmware.elf_file)


def test_board_that_provisions_passes(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path, server: StandInThread
) -> None:
    port.plug()
    station = new_station()
    station.wait_for(READY)
    port.switch_on(elf, new_board("kitchen"))
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["device"], verdict["outcome"]) == ("PASS", "kitchen", "ONLINE")
    assert verdict["telemetry"] == SAMPLE
    assert server.device("kitchen") is not None
    assert re.search("kitchen, provisioning.*kitchen, telemetry", station.screen, re.DOTALL)


def test_second_boot_passes_without_provisioning(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path
) -> None:
    board = new_board("kitchen")
    port.plug()
    station = new_station()
    station.wait_for(READY)
    port.switch_on(elf, board)
    assert station.verdict()["verdict"] == "PASS"
    port.switch_on(elf, board)
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["device"]) == ("PASS", "kitchen")


def test_boards_are_unplugged_and_plugged_one_after_another(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path
) -> None:
    station = new_station()
    for name in ("kitchen", "garage"):
        station.wait_for("not there: plug in a board")
        port.plug()
        station.wait_for("booting")
        port.switch_on(elf, new_board(name))
        verdict = station.verdict()
        assert (verdict["verdict"], verdict["device"]) == ("PASS", name)
        station.wait_for(READY)
        port.unplug()
    assert station.stop() == 0
    assert "2 PASS, 0 FAIL" in station.screen


def test_board_that_is_unplugged_in_the_middle_fails_and_the_next_one_passes(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path, server: StandInThread
) -> None:
    server.faults.add("answer:drop")
    station = new_station()
    station.wait_for("not there")
    port.plug()
    station.wait_for("booting")
    port.switch_on(elf, new_board("kitchen"))
    station.wait_for("kitchen, provisioning")
    port.unplug()
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["device"]) == ("FAIL", "kitchen")
    assert "unplugged" in verdict["cause"]
    port.plug()
    station.wait_for("booting")
    port.switch_on(elf, new_board("garage"))
    assert station.verdict()["verdict"] == "PASS"


def test_wrong_secret_fails_by_its_outcome(port: Port, new_board: NewBoard, new_station: NewStation, elf: Path) -> None:
    port.plug()
    station = new_station("--once")
    station.wait_for("booting")
    port.switch_on(elf, new_board("kitchen", prov_secret="ANOTHER_SECRET"))
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["outcome"], verdict["device"]) == ("FAIL", "NOT_FOUND", "kitchen")
    assert "provision key or secret is wrong" in verdict["cause"]
    assert "tb.py profile show" in verdict["advice"]
    assert station.wait_end() == 1


def test_server_that_is_not_there_fails_by_time(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path
) -> None:
    port.plug()
    station = new_station("--time-limit", "2", "--once")
    station.wait_for("booting")
    port.switch_on(elf, new_board("kitchen", port="1"))
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["outcome"]) == ("FAIL", "UNREACHABLE")
    assert verdict["cause"] == "the server cannot be reached, after 2 s"
    assert 2.0 <= verdict["seconds"] < 4.0


def test_once_ends_well_with_a_good_board(port: Port, new_board: NewBoard, new_station: NewStation, elf: Path) -> None:
    port.plug()
    station = new_station("--once")
    station.wait_for("booting")
    port.switch_on(elf, new_board("kitchen"))
    assert station.verdict()["verdict"] == "PASS"
    assert station.wait_end() == 0


def test_crash_fails_and_the_restart_after_it_is_no_new_board(port: Port, new_station: NewStation) -> None:
    port.plug()
    station = new_station("--no-server")
    station.wait_for(READY)
    port.say(STARTUP + "I (2) tb_session: device name: kitchen\n")
    station.wait_for("kitchen")
    port.say("Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.\nRebooting...\n")
    port.say("ESP-ROM:esp32c3-api1-20210207\nrst:0xc (RTC_SW_CPU_RST),boot:0xc (SPI_FAST_FLASH_BOOT)\n" + STARTUP)
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["device"]) == ("FAIL", "kitchen")
    assert verdict["cause"].startswith("Guru Meditation Error: Core  0 panic'ed (Load access fault)")
    station.expect_no_verdict(1.0)
    port.say("rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)\n" + STARTUP)
    station.wait_for("joining the network")


def test_garbage_and_colours_do_no_harm(port: Port, new_station: NewStation) -> None:
    """The ROM of some chips speaks at another speed than the firmware; the log has colours."""
    port.plug()
    station = new_station("--no-server", "--once")
    station.wait_for("booting")
    port.say(bytes(range(256)) * 40)
    port.say("\n\x1b[0;32mI (1) MAIN: [APP] Startup..\x1b[0m\r\n\x1b[0;32mI (2) tb_session: device na")
    port.say("me: Küche\x1b[0m\r\nI (3) tb_session: TB_OUTCOME_ONLINE: x\r\n")
    port.say('I (4) tb_mqtt_wapper: [Telemetry][Tx] {"temprature":25}\r\n')
    port.say("I (5) tb_mqtt_client_helper: TBCM_EVENT_PUBLISHED, msg_id=1\r\n")
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["device"], verdict["telemetry"]) == ("PASS", "Küche", {"temprature": 25})


def test_noise_alone_fails(port: Port, new_station: NewStation) -> None:
    port.plug()
    station = new_station("--no-server", "--once", "--time-limit", "1")
    station.wait_for("booting")
    port.say(b"\xf8\x00\xe6\x98\r\n" * 50)
    verdict = station.verdict()
    assert verdict["cause"] == "what the board says is no log of this firmware, after 1 s"
    assert "--baud" in verdict["advice"]


def test_board_that_says_nothing_fails_once_it_is_plugged_in(port: Port, new_station: NewStation) -> None:
    station = new_station("--no-server", "--time-limit", "1")
    station.wait_for("not there")
    port.plug()
    assert station.verdict()["cause"] == "the board says nothing, after 1 s"


def test_nothing_is_plugged_in_for_as_long_as_one_board_may_take(new_station: NewStation) -> None:
    station = new_station("--no-server", "--time-limit", "1", "--once")
    station.wait_for("not there: plug in a board")
    verdict = station.verdict()
    assert verdict["cause"] == "nothing is plugged in there, after 1 s"
    assert "list_ports" in verdict["advice"]
    assert station.wait_end() == 1


def test_adapter_without_a_board_is_no_failure(port: Port, new_station: NewStation) -> None:
    port.plug()
    station = new_station("--no-server", "--time-limit", "1")
    station.wait_for(READY)
    station.expect_no_verdict(1.5)


def test_telemetry_of_an_earlier_boot_is_no_proof(port: Port, new_station: NewStation, server: StandInThread) -> None:
    """Its log says that it sends what ThingsBoard has already, but that came before."""
    server.create_device("kitchen", "TOKEN_OF_kitchen")
    _post_telemetry(server, SAMPLE)
    port.plug()
    station = new_station("--once", "--time-limit", "5")
    station.wait_for("booting")
    station.expect_no_verdict(1.5)  # clocks are compared by whole seconds
    port.say(STARTUP + "I (2) tb_session: device name: kitchen\nI (3) tb_session: TB_OUTCOME_ONLINE: x\n")
    port.say(f"I (4) tb_mqtt_wapper: [Telemetry][Tx] {_json(SAMPLE)}\n")
    station.expect_no_verdict(1.5)
    _post_telemetry(server, SAMPLE)
    verdict = station.verdict()
    assert (verdict["verdict"], verdict["telemetry"]) == ("PASS", SAMPLE)


def test_log_may_claim_what_thingsboard_does_not_have(
    port: Port, new_station: NewStation, server: StandInThread
) -> None:
    server.create_device("kitchen", "TOKEN_OF_kitchen")
    port.plug()
    station = new_station("--once", "--time-limit", "2")
    station.wait_for("booting")
    port.say(STARTUP + "I (2) tb_session: device name: kitchen\nI (3) tb_session: TB_OUTCOME_ONLINE: x\n")
    port.say(f"I (4) tb_mqtt_wapper: [Telemetry][Tx] {_json(SAMPLE)}\n")
    port.say("I (5) tb_mqtt_client_helper: TBCM_EVENT_PUBLISHED, msg_id=1\n")
    verdict = station.verdict()
    assert verdict["verdict"] == "FAIL"
    assert verdict["cause"] == "ThingsBoard has no telemetry of this boot from kitchen, after 2 s"


def test_each_board_is_a_row_of_the_table(
    port: Port, new_board: NewBoard, new_station: NewStation, elf: Path, tmp_path: Path
) -> None:
    table = tmp_path / "boards.csv"
    port.plug()
    station = new_station("--csv", str(table))
    station.wait_for(READY)
    port.switch_on(elf, new_board("kitchen"))
    passed = station.verdict()
    port.switch_on(elf, new_board("garage", prov_secret="ANOTHER_SECRET"))
    failed = station.verdict()
    with table.open(newline="") as file:
        heads, *rows = csv.reader(file)
    assert tuple(heads) == COLUMNS
    assert [row[2:6] for row in rows] == [["kitchen", "", "PASS", "ONLINE"], ["garage", "", "FAIL", "NOT_FOUND"]]
    assert [row[0] for row in rows] == [passed["time"], failed["time"]]
    assert rows[0][-1] == _json(SAMPLE)


def _json(sample: dict[str, Any]) -> str:
    return json.dumps(sample, separators=(",", ":"))


def _post_telemetry(server: StandInThread, sample: dict[str, Any]) -> None:
    url = f"{server.url}/api/v1/TOKEN_OF_kitchen/telemetry"
    requests.post(url, json=sample, timeout=10).raise_for_status()
