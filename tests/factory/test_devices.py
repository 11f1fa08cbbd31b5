"""Lists of devices: what is taken, and what is said of a mistake."""

import doctest
from pathlib import Path

import pytest
from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory import batch, devices, labels, partitions
from tbtools.factory.devices import Device, count_devices, read_csv
from tbtools.factory.model import Wanted, read_wanted

TOKEN = read_wanted("dev_sup_access_token_wo_ssl", None)
BASIC = read_wanted("dev_sup_basic_mqtt_credential_cup_wo_ssl", None)
X509 = read_wanted("dev_sup_x509_certificate_w_twowayssl", None)


def devices_of(tmp_path: Path, text: str, wanted: Wanted = TOKEN) -> list[Device]:
    file = tmp_path / "devices.csv"
    file.write_bytes(text.encode())
    return read_csv(file, wanted)


def problem_of(tmp_path: Path, text: str, wanted: Wanted = TOKEN) -> str:
    with pytest.raises(ToolError) as caught:
        devices_of(tmp_path, text, wanted)
    assert caught.value.code == EXIT_USAGE
    return str(caught.value).removeprefix(f"{tmp_path}/devices.csv")


def test_a_row_for_each_device(tmp_path: Path) -> None:
    text = '\ufeffname, serial ,label,token,port\r\n"Küche, links",7,Kitchen,T1,1884\r\n\r\nb,,,,\r\n'
    assert devices_of(tmp_path, text) == [
        Device("Küche, links", "7", "Kitchen", {"token": "T1", "port": "1884"}),
        Device("b"),
    ]


def test_columns_are_those_of_the_model(tmp_path: Path) -> None:
    text = "name,client_id,username,password\na,c,u,p\n"
    assert devices_of(tmp_path, text, BASIC)[0].settings == {"client_id": "c", "username": "u", "password": "p"}
    problem = ", line 1, column client_id: unknown to the model dev_sup_access_token_wo_ssl"
    assert problem_of(tmp_path, text) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", ", line 1: no column name"),
        ("token\nx\n", ", line 1: no column name"),
        ("name,name\na,b\n", ", line 1, column name: it is there twice"),
        ("name,\na,b\n", ", line 1, column (without a name): unknown to the model dev_sup_access_token_wo_ssl"),
        ("name\n", " names no device"),
        ("name,token\na,b\nc\n", ", line 3: 1 cells, the header has 2"),
        ("name,token\na,b,c\n", ", line 2: 3 cells, the header has 2"),
        ("name,token\n,b\n", ", line 2, column name: it is empty"),
        ("name,port\na,65536\n", ", line 2, column port: it is no number from 1 to 65535"),
        ("name,port\na,+1\n", ", line 2, column port: it is no number from 1 to 65535"),
        ("name,run_time_s\na,4294968\n", ", line 2, column run_time_s: it is no number from 0 to 4294967"),
        ("name\na\nb\na\n", ", line 4, column name: as in line 2; it has to be unique"),
        ("name,token\na,T\nb,T\n", ", line 3, column token: as in line 2; it has to be unique"),
        ('name\n"a\tb"\n', ", line 2, column name: it has a character that cannot be printed"),
        ("name\n<b>\n", ", line 2, column name: it looks like HTML or a template, which ThingsBoard refuses"),
        (f"name\n{'é' * 128}\n", ", line 2, column name: it has more than 255 bytes"),
        (f"name,token\na,{'x' * 129}\n", ", line 2, column token: it has more than 128 bytes"),
        ('name\n"a\n', ": unexpected end of data"),
    ],
)
def test_a_mistake_is_told_by_line_and_column(tmp_path: Path, text: str, problem: str) -> None:
    assert problem_of(tmp_path, text) == problem


def test_a_token_is_not_repeated_in_an_error(tmp_path: Path) -> None:
    assert "S3CRET" not in problem_of(tmp_path, "name,token\na,S3CRET\nb,S3CRET\n")
    assert "S3CRET" not in problem_of(tmp_path, "name,token\na,S3CRET\x07\n")


def test_a_certificate_takes_64_characters(tmp_path: Path) -> None:
    assert devices_of(tmp_path, f"name\n{'é' * 64}\n", X509)
    assert "more than 64 characters" in problem_of(tmp_path, f"name\n{'x' * 65}\n", X509)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be read: No such file"):
        read_csv(tmp_path / "none.csv", TOKEN)
    (tmp_path / "latin.csv").write_bytes("name\nKüche\n".encode("latin-1"))
    with pytest.raises(ToolError, match="is not UTF-8"):
        read_csv(tmp_path / "latin.csv", TOKEN)


def test_names_by_a_pattern() -> None:
    made = count_devices(3, 9, "sensor-{serial:04}", TOKEN)
    assert made == [Device("sensor-0009", "9"), Device("sensor-0010", "10"), Device("sensor-0011", "11")]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("sensor", "gives several devices one name"),
        ("sensor-{number}", "a name other than serial"),
        ("sensor-{serial.real}", "a name other than serial"),
        ("sensor-{serial", "expected '}' before end of string"),
        ("sensor-{serial:q}", "Unknown format code"),
        ("{{{{<b>{serial}", "looks like HTML"),
    ],
)
def test_a_pattern_that_is_none(pattern: str, problem: str) -> None:
    with pytest.raises(ToolError, match=problem):
        count_devices(2, 1, pattern, TOKEN)


def test_a_model_where_menuconfig_chooses() -> None:
    with pytest.raises(ToolError, match="menuconfig chooses") as caught:
        read_wanted("device_provisioning", None)
    assert "--credentials access_token|basic_c|basic_up|basic_cup|x509|by_server" in caught.value.advice
    assert read_wanted("device_provisioning", "basic_up").texts == ("username", "password")
    assert read_wanted("device_provisioning", "x509").certificate
    assert not read_wanted("device_provisioning", "by_server").certificate
    with pytest.raises(ToolError, match="leaves no choice"):
        read_wanted("dev_sup_access_token_wo_ssl", "access_token")
    with pytest.raises(ToolError, match="no such model"):
        read_wanted("nothing", None)


@pytest.mark.parametrize("module", [batch, devices, labels, partitions])
def test_examples(module: object) -> None:
    results = doctest.testmod(module)  # type: ignore[arg-type]
    assert results.failed == 0
    assert results.attempted > 0
