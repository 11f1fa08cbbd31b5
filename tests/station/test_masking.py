"""No secret of a log gets out of a station, however the log is built, and however torn it comes."""

import subprocess
from pathlib import Path

import pytest
from tbtools.station.masking import masked

from tests.model import of_the_default_model
from tests.station.bench import Port
from tests.station.conftest import NewBoard, NewStation
from tests.variants.firmware import build

SECRETS = ("THE_KEY", "THE_SECRET", "THE_TOKEN")
REQUEST = (
    "I (3) tb_mqtt_wapper: [Provision][Tx] request_id=1 "
    '{"deviceName":"kitchen","provisionDeviceKey":"THE_KEY","provisionDeviceSecret":"THE_SECRET",'
    '"credentialsType":"ACCESS_TOKEN","token":"THE_TOKEN"}'
)
ANSWER = (
    "I (3) tb_mqtt_wapper: [Provision][Rx] topic_type=6, payload_len=95 "
    '{"credentialsValue":{"clientId":"THE_KEY","userName":"THE_TOKEN","password":"THE_SECRET"},'
    '"credentialsType":"MQTT_BASIC","status":"SUCCESS"}'
)


def test_values_are_masked_and_names_stay() -> None:
    assert masked(REQUEST).endswith(
        '{"deviceName":"kitchen","provisionDeviceKey":"***","provisionDeviceSecret":"***",'
        '"credentialsType":"ACCESS_TOKEN","token":"***"}'
    )
    assert masked(ANSWER).endswith('{"credentialsValue":"***","credentialsType":"MQTT_BASIC","status":"SUCCESS"}')


@pytest.mark.parametrize(
    "line",
    [
        "I (31) MAIN: [APP] Startup..",
        'I (8) tb_mqtt_wapper: [Telemetry][Tx] {"temprature":25}',
        "W (9) tb_session: TB_OUTCOME_REFUSED_LOGIN: connection refused, code 4: wrong user name or password",
        "I (3) tb_mqtt_wapper: [Provision][Tx] request_id=1 (too long to show)",
        "rst:0x1 (POWERON),boot:0xc (SPI_FAST_FLASH_BOOT)",
        "Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.",
    ],
)
def test_other_lines_stay_as_they_are(line: str) -> None:
    assert masked(line) == line


@pytest.mark.parametrize("line", [REQUEST, ANSWER])
def test_torn_lines_tell_no_secret(line: str) -> None:
    """The beginning may be missing, as the port was opened later, and the end, as the board was reset."""
    whole = [at for at in range(len(line)) if any(secret in line[at:] for secret in SECRETS)]
    ends = [at for at in range(len(line)) if any(secret in line[:at] for secret in SECRETS)]
    for shown in [masked(line[at:]) for at in whole] + [masked(line[:at]) for at in ends]:
        assert not any(secret in shown for secret in SECRETS), shown


@of_the_default_model
def test_firmware_that_prints_its_secrets(
    port: Port, new_board: NewBoard, new_station: NewStation, tmp_path: Path
) -> None:
    """Built with CONFIG_TB_LOG_SECRETS; the session searches what the station shows, too."""
    firmware = build("dev_sup_access_token_wo_ssl", "TB_LOG_SECRETS")
    board = new_board("kitchen", run_time_s="1")
    log = subprocess.run([firmware], env=board.environment(), capture_output=True, text=True, timeout=30).stdout
    assert '"provisionDeviceSecret":"MY_PROVISION_SECRET"' in log
    port.plug()
    station = new_station("--no-server", "--once", "--show-log", "--csv", str(tmp_path / "boards.csv"))
    station.wait_for("booting")
    port.say(log)
    verdict = station.verdict()
    station.wait_end()
    station.stop()
    assert verdict["device"] == "kitchen"
    assert '"provisionDeviceSecret":"***"' in station.screen
    for text in (station.screen, str(verdict), (tmp_path / "boards.csv").read_text()):
        assert not any(secret in text for secret in ("MY_PROVISION_SECRET", "MY_PROVISION_KEY", "TOKEN_OF_kitchen"))
