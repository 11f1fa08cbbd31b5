import argparse
import ipaddress
import json
from pathlib import Path

import pytest

from tests.provision import options
from tests.provision.board import WiFi


def option(**given: str) -> argparse.Namespace:
    return argparse.Namespace(**{"target": None, "embedded_services": "", "build_dir": None, **given})


def build(path: Path, target: str) -> None:
    (path / "config").mkdir(parents=True)
    (path / "config" / "sdkconfig.json").write_text(json.dumps({"IDF_TARGET": target, "APP_BUILD_TYPE_ELF_ONLY": True}))
    (path / "firmware.elf").touch()


def test_without_target_the_host_build_is_run() -> None:
    chosen = option()
    options.set_defaults(chosen)
    assert chosen == option(target="linux", embedded_services="idf", build_dir="build_host")


@pytest.mark.parametrize("target", options.BOARDS)
def test_a_board_is_flashed(target: str) -> None:
    chosen = option(target=target)
    options.set_defaults(chosen)
    assert chosen == option(target=target, embedded_services="esp,idf", build_dir="build")


def test_the_command_line_has_the_last_word() -> None:
    chosen = option(target="esp32", embedded_services="esp,idf,jtag", build_dir="b")
    options.set_defaults(chosen)
    assert chosen == option(target="esp32", embedded_services="esp,idf,jtag", build_dir="b")


def test_unknown_target() -> None:
    with pytest.raises(pytest.UsageError, match="esp8266: must be one of linux, esp32, "):
        options.set_defaults(option(target="esp8266"))


@pytest.mark.parametrize(("target", "command"), [("linux", "cmake -S host -B b "), ("esp32c3", "set-target esp32c3")])
def test_missing_build_says_what_to_run(tmp_path: Path, target: str, command: str) -> None:
    with pytest.raises(pytest.UsageError, match=f"no firmware in b; build it first: .*{command}"):
        options.load_app(tmp_path, target, "b")


def test_build_for_another_target(tmp_path: Path) -> None:
    build(tmp_path / "b", "esp32c3")
    with pytest.raises(pytest.UsageError, match="is for esp32c3, not for esp32s3"):
        options.load_app(tmp_path, "esp32s3", "b")


def test_build_is_found(tmp_path: Path) -> None:
    build(tmp_path / "b", "linux")
    assert options.load_app(tmp_path, "linux", "b").target == "linux"


def test_server_is_on_loopback_for_linux_whatever_is_asked() -> None:
    assert options.server_host("linux", None) == "127.0.0.1"
    assert options.server_host("linux", "0.0.0.0") == "127.0.0.1"


def test_server_for_a_board_listens_where_it_is_told_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "default_route_address", lambda: "192.0.2.7")
    assert options.server_host("esp32", "192.0.2.9") == "192.0.2.9"
    assert options.server_host("esp32", None) == "192.0.2.7"


def test_default_route_address_is_one() -> None:
    try:
        address = options.default_route_address()
    except pytest.UsageError as error:
        assert "no default route" in str(error)  # noqa: PT017
    else:
        assert ipaddress.ip_address(address).version == 4


def test_wifi_is_asked_for_by_the_build() -> None:
    assert options.wifi({}, None, None) is None
    asks = {options.ASKS_FOR_WIFI: True}
    assert options.wifi(asks, "net", "pass") == WiFi("net", "pass")
    assert options.wifi(asks, "net", None) == WiFi("net", "")
    with pytest.raises(pytest.UsageError, match="--wifi-ssid"):
        options.wifi(asks, None, None)
    with pytest.raises(pytest.UsageError, match="spaces"):
        options.wifi(asks, "my net", "pass")
