import argparse
import ipaddress
import json
from pathlib import Path

import pytest

from tests.provision import options
from tests.provision.board import WiFi
from tests.provision.options import ServerAddress


def option(**given: str | None) -> argparse.Namespace:
    none_given = {"target": None, "embedded_services": "", "build_dir": None, "server_host": None}
    return argparse.Namespace(**{**none_given, **given})


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


def test_missing_build_for_qemu_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(pytest.UsageError, match=r"sdkconfig\.ci\.qemu.* -D IDF_TARGET=esp32c3 build"):
        options.load_app(tmp_path, "esp32c3", "b", for_qemu=True)


def test_missing_qemu_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = option(target="esp32s3", qemu_prog_path=None)
    with pytest.raises(pytest.UsageError, match=r"no qemu-system-xtensa; .* install qemu-xtensa"):
        options.qemu_program(chosen)
    (tmp_path / "qemu-system-xtensa").touch(mode=0o755)
    assert options.qemu_program(chosen) == "qemu-system-xtensa"


def test_build_for_another_target(tmp_path: Path) -> None:
    build(tmp_path / "b", "esp32c3")
    with pytest.raises(pytest.UsageError, match="is for esp32c3, not for esp32s3"):
        options.load_app(tmp_path, "esp32s3", "b")


def test_build_is_found(tmp_path: Path) -> None:
    build(tmp_path / "b", "linux")
    assert options.load_app(tmp_path, "linux", "b").target == "linux"


def test_server_is_on_loopback_for_linux_whatever_is_asked() -> None:
    assert options.server_address(option(target="linux")) == ServerAddress("127.0.0.1", "127.0.0.1")
    asked = option(target="linux", server_host="0.0.0.0")
    assert options.server_address(asked) == ServerAddress("127.0.0.1", "127.0.0.1")


def test_server_for_a_board_listens_where_it_is_told_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options, "default_route_address", lambda: "192.0.2.7")
    told = option(target="esp32", server_host="192.0.2.9")
    assert options.server_address(told) == ServerAddress("192.0.2.9", "192.0.2.9")
    assert options.server_address(option(target="esp32")) == ServerAddress("192.0.2.7", "192.0.2.7")


def test_server_for_qemu_stays_on_loopback() -> None:
    asked = option(target="esp32c3", embedded_services="idf,qemu", server_host="192.0.2.9")
    assert options.server_address(asked) == ServerAddress("127.0.0.1", "10.0.2.2")


def test_qemu_keeps_what_the_command_line_says() -> None:
    chosen = option(target="esp32s3", embedded_services="idf,qemu")
    options.set_defaults(chosen)
    assert chosen == option(target="esp32s3", embedded_services="idf,qemu", build_dir="build")


@pytest.mark.parametrize("target", [None, "linux", "esp32h2"])
def test_qemu_has_not_each_chip(target: str | None) -> None:
    with pytest.raises(pytest.UsageError, match="must be one of esp32, esp32c3, esp32s3"):
        options.set_defaults(option(target=target, embedded_services="idf,qemu"))


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
