"""What is made of a log, and when a verdict is certain."""

import re
from pathlib import Path

import pytest
from tbtools.station.boot import Boot, State
from tbtools.station.judge import Attempt
from tbtools.station.outcomes import OUTCOMES
from tbtools.station.symptoms import crash, failure

HEADER = Path(__file__).resolve().parents[2] / "components/tb_mqtt_client_helper/include/tb/tb_outcome.h"
STARTUP = "I (31) MAIN: [APP] Startup.."
POWER_ON = "rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)"


def boot_of(*lines: str) -> Boot:
    boot = Boot()
    for line in lines:
        boot.read(line)
    return boot


def attempt_of(*lines: str, time_limit_s: float = 60.0, device: str = "") -> Attempt:
    attempt = Attempt(0.0, time_limit_s, device)
    for line in lines:
        attempt.read(line, 0.0)
    return attempt


def cause_of(attempt: Attempt) -> str:
    return attempt.failure.cause if attempt.failure else ""


def test_outcomes_are_those_of_the_firmware() -> None:
    header = re.findall(r"^    X\((\w+), (\w+), \"", HEADER.read_text(), re.MULTILINE)
    assert {name: outcome.policy.value for name, outcome in OUTCOMES.items()} == dict(header)


def test_each_failure_has_advice() -> None:
    no_failures = {name for name, outcome in OUTCOMES.items() if not outcome.is_failure}
    assert no_failures == {"NONE", "PROVISIONED", "ONLINE", "COMPLETE"}
    assert all(outcome.advice for outcome in OUTCOMES.values() if outcome.is_failure)


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("ESP-ROM:esp32c3-api1-20210207", State.BOOT),
        (STARTUP, State.NETWORK),
        ("I (40) FRONT-CONN: Init tbcmh ...", State.PROVISIONING),
        ("I (40) tb_session: TB_OUTCOME_PROVISIONED: provisioned, credentials stored", State.STORED),
        ("I (40) tb_session: TB_OUTCOME_ONLINE: connected with the device's credentials", State.ONLINE),
        ('I (40) tb_mqtt_wapper: [Telemetry][Tx] {"temprature":25}', State.SENT),
        ("I (40) tb_mqtt_client_helper: TBCM_EVENT_PUBLISHED, msg_id=1", State.BOOT),
    ],
)
def test_state_follows_the_log(line: str, state: State) -> None:
    assert boot_of(line).state is state


def test_telemetry_is_acknowledged_by_what_comes_after_it() -> None:
    published = "I (40) tb_mqtt_client_helper: TBCM_EVENT_PUBLISHED, msg_id=1"
    sent = 'I (40) tb_mqtt_wapper: [Telemetry][Tx] {"temprature":25}'
    assert boot_of(published, sent).state is State.SENT
    assert boot_of(sent, published).state is State.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("line", "device", "mac"),
    [
        ("I (1) tb_session: device name: MY DEVICE", "MY DEVICE", ""),
        ("I (1) tb_session: device name: esp32c3-7cdfa1b2c3d4", "esp32c3-7cdfa1b2c3d4", "7c:df:a1:b2:c3:d4"),
        ('I (1) tb_mqtt_wapper: [Provision][Tx] request_id=1 {"deviceName":"k","token":"***"}', "k", ""),
        ("I (1) tb_mqtt_wapper: [Provision][Tx] request_id=1 (too long to show)", "", ""),
        ("I (543) wifi:mode : sta (7c:df:a1:b2:c3:d4)", "", "7c:df:a1:b2:c3:d4"),
    ],
)
def test_who_it_is(line: str, device: str, mac: str) -> None:
    boot = boot_of(line)
    assert (boot.device, boot.mac) == (device, mac)


@pytest.mark.parametrize(
    ("line", "is_over"),
    [
        ("E (9) tb_session: TB_OUTCOME_NOT_FOUND: x", True),
        ("W (9) tb_session: TB_OUTCOME_NOT_FOUND: x; next attempt in 400000 ms", True),
        ("W (9) tb_session: TB_OUTCOME_FAILURE: x", False),  # it tries the token that it may have been given before
        ("W (9) tb_session: TB_OUTCOME_UNREACHABLE: x; next attempt in 400 ms", False),
        ("E (9) tb_session: TB_OUTCOME_NO_CERTIFICATE: x", True),
        ("I (9) tb_session: TB_OUTCOME_COMPLETE: x", False),
        ("E (9) tb_session: TB_OUTCOME_UNKNOWN_TO_US: x", False),
    ],
)
def test_an_outcome_is_a_verdict_when_the_device_gives_up(line: str, is_over: bool) -> None:
    assert attempt_of(line).is_over is is_over


@pytest.mark.parametrize(
    "line",
    [
        "Guru Meditation Error: Core  0 panic'ed (Interrupt wdt timeout on CPU0).",
        "abort() was called at PC 0x42001234 on core 0",
        "assert failed: xQueueSemaphoreTake queue.c:1709 (( pxQueue ))",
        "***ERROR*** A stack overflow in task main has been detected.",
        "E (9) task_wdt: Task watchdog got triggered. The following tasks did not reset it:",
        "E BOD: Brownout detector was triggered",
        "invalid header: 0xffffffff",
        "waiting for download",
        "==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x1",
    ],
)
def test_crashes_and_no_starts_are_known(line: str) -> None:
    found = failure(line)
    assert found is not None
    assert found.cause in line
    assert found.advice


def test_what_a_device_sends_is_no_crash() -> None:
    assert boot_of('I (4) tb_mqtt_wapper: [Telemetry][Tx] {"text":"abort() was called"}').failure is None


def test_a_board_in_its_boot_loader_has_not_crashed() -> None:
    assert crash("waiting for download\n") is None
    assert crash("fine\nassert failed: x\nabort() was called at y\n") == "assert failed: x"


def test_reset_from_outside_in_the_middle_fails() -> None:
    attempt = attempt_of(POWER_ON, STARTUP)
    assert attempt.starts_again(POWER_ON)
    assert attempt.starts_again(STARTUP)
    assert not attempt_of(POWER_ON).starts_again(STARTUP)


def test_what_was_said_before_the_boot_does_not_count() -> None:
    attempt = attempt_of("E (9) tb_session: x", "W (9) tb_session: TB_OUTCOME_UNREACHABLE: x", POWER_ON)
    assert attempt.boot.outcome.name == "NONE"


def test_first_cause_stays() -> None:
    attempt = attempt_of(STARTUP, "abort() was called at PC 0x1", "E (9) tb_session: TB_OUTCOME_NOT_FOUND: x")
    attempt.unplugged()
    attempt.restarted(None)
    assert cause_of(attempt) == "abort() was called at PC 0x1"


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([], "the board says nothing"),
        (["noise"], "what the board says is no log of this firmware"),
        ([STARTUP], "it does not get as far as the server: no network?"),
        ([STARTUP, "W (9) tb_session: TB_OUTCOME_UNREACHABLE: x"], "the server cannot be reached"),
        ([STARTUP, "I (9) tb_session: TB_OUTCOME_ONLINE: x"], "it sends no telemetry"),
        ([STARTUP, 'I (9) tb_mqtt_wapper: [Telemetry][Tx] {"a":1}'], "the log has not told the device's name"),
    ],
)
def test_time_limit_tells_what_was_missing(lines: list[str], cause: str) -> None:
    attempt = attempt_of(*lines, time_limit_s=5.0)
    attempt.check_time(4.9, is_plugged=True)
    assert not attempt.is_over
    attempt.check_time(5.0, is_plugged=True)
    assert cause_of(attempt) == f"{cause}, after 5 s"


def test_without_a_server_the_acknowledgement_is_needed() -> None:
    attempt = attempt_of(STARTUP, 'I (9) tb_mqtt_wapper: [Telemetry][Tx] {"a":1}', device="kitchen")
    attempt.ask(None)
    assert not attempt.is_over
    attempt.read("I (9) tb_mqtt_client_helper: TBCM_EVENT_PUBLISHED, msg_id=1", 0.0)
    attempt.ask(None)
    assert attempt.telemetry == {"a": 1}
