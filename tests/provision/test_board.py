"""A board made of a file: what it would print is appended to it, and what is done to it is noted."""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import esptool
import pytest
from pytest_embedded import Dut
from pytest_embedded.log import PexpectProcess
from tbtools.factory.nvs_reader import read_strings
from tbtools.factory.partitions import Partition

from tests.provision import board
from tests.provision.board import BoardDevice, BoardPower, WiFi, write_arguments
from tests.provision.images import FlashLayout

NVS = Partition("nvs", 0x9000, 0x6000)
LAYOUT = FlashLayout(b"", 0x8000, {"nvs": NVS})


class FakeBoard:
    """The serial port, the power and the console of one."""

    def __init__(self, console: Path) -> None:
        self.console = console
        self.done: list[Any] = []
        self.boot_log = "I (1) MAIN: [APP] Startup..\n"

    def say(self, text: str) -> None:
        with self.console.open("a") as file:
            file.write(text)

    def write(self, partition: Partition, data: bytes) -> None:
        self.done.append((partition, data))

    def off(self) -> None:
        self.done.append("off")

    def on(self) -> None:
        self.done.append("on")
        self.say(self.boot_log)


class FakeDut(Dut):  # type: ignore[misc]
    def write(self, s: str) -> None:
        self.fake.done.append(s)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeBoard:
    monkeypatch.setattr(board, "_SETTLE_S", 0.01)
    console = tmp_path / "console.log"
    console.touch()
    return FakeBoard(console)


@pytest.fixture
def dut(fake: FakeBoard) -> Iterator[FakeDut]:
    output = PexpectProcess(os.open(fake.console, os.O_RDONLY))
    app = SimpleNamespace(target="esp32c3", sdkconfig={})
    yield FakeDut(output, None, app, str(fake.console), "test", fake=fake)
    output.close()


def device_of(dut: FakeDut, wifi: WiFi | None = None) -> BoardDevice:
    device = BoardDevice(dut, LAYOUT, dut.fake, wifi)
    device.patience_s = 0.5
    return device


def test_configure_rewrites_the_whole_nvs_partition(dut: FakeDut, fake: FakeBoard) -> None:
    device_of(dut).configure(host="192.0.2.7", port=1883)
    ((partition, image),) = fake.done
    assert partition == NVS
    assert len(image) == NVS.size
    assert read_strings(image) == {"tb_cfg": {"host": "192.0.2.7", "port": "1883"}}


def test_boot_does_not_see_what_was_said_before(dut: FakeDut, fake: FakeBoard) -> None:
    device = device_of(dut)
    fake.say("I (1) MAIN: old news\n")
    device.configure()
    fake.say("I (2) MAIN: old news\n")
    device.boot()
    with pytest.raises(Exception, match="old news"):
        device.expect("old news", timeout_s=0.1)
    device.expect(r"\[APP\] Startup")


def test_log_begins_with_the_configuration_and_has_all_boots(dut: FakeDut, fake: FakeBoard) -> None:
    device = device_of(dut)
    fake.say("I (1) MAIN: old news\n")
    device.configure()
    fake.say("I (2) MAIN: what came late\n")
    device.boot()
    device.boot()
    assert device.log == fake.boot_log * 2


def test_access_point_is_told_when_asked_for(dut: FakeDut, fake: FakeBoard) -> None:
    fake.boot_log += "I (9) example_connect: Please input ssid password:\n"
    device_of(dut, WiFi("net", "pass")).boot()
    assert fake.done == ["off", "on", "net pass"]


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [(["TB_OUTCOME_ONLINE", "TB_OUTCOME_COMPLETE"], 0), (["TB_OUTCOME_COMPLETE", "TB_OUTCOME_NOT_FOUND"], 1), ([], 1)],
)
def test_exit_status_is_read_from_the_log(dut: FakeDut, fake: FakeBoard, outcomes: list[str], status: int) -> None:
    fake.boot_log += "".join(f"I (5) tb_session: {outcome}: text\n" for outcome in outcomes)
    fake.boot_log += "I (7) MAIN: Destroy tbcmh ...\n"
    device = device_of(dut)
    device.configure()
    device.boot()
    assert device.wait_end() == status


def test_crash_is_found(dut: FakeDut, fake: FakeBoard) -> None:
    fake.boot_log += "Guru Meditation Error: Core 0 panic'ed\n"
    device = device_of(dut)
    device.configure()
    device.boot()
    with pytest.raises(AssertionError, match="Guru"):
        device.close()


def test_esptool_takes_the_arguments_as_they_are_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "nvs.bin"
    file.write_bytes(b"settings")
    got: dict[str, Any] = {}

    def write_flash(_esp: object, files: list[tuple[int, Any]], **_options: Any) -> None:
        got["files"] = [(address, data.read()) for address, data in files]

    monkeypatch.setattr(esptool, "prepare_esp_object", lambda context: got.update(after=context.obj["after"]))
    monkeypatch.setattr(esptool, "attach_flash", lambda *_arguments, **_options: None)
    monkeypatch.setattr(esptool, "write_flash", write_flash)
    esptool.main(write_arguments(NVS, file), esp=object())
    assert got == {"after": "no-reset", "files": [(0x9000, b"settings")]}


class FakeSerial:
    """What pytest-embedded's use_esptool() asks of a serial port, and what it does to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self._q = io.StringIO()
        self.esp = SimpleNamespace(connect=lambda: self.done.append("reset into the loader"))
        self.proc = SimpleNamespace(get_settings=dict, apply_settings=lambda _settings: None)

    @contextmanager
    def disable_redirect_thread(self) -> Iterator[None]:
        self.done.append("console pauses")
        yield
        self.done.append("console goes on")


def test_board_is_written_in_its_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    serial = FakeSerial()

    def esptool_main(arguments: list[str], esp: object) -> None:
        assert esp is serial.esp
        assert arguments == write_arguments(NVS, Path(arguments[-1]))
        serial.done.append(Path(arguments[-1]).read_bytes())

    monkeypatch.setattr(esptool, "main", esptool_main)
    BoardPower(serial).write(NVS, b"settings")
    assert serial.done == ["console pauses", "reset into the loader", b"settings", "console goes on"]


def test_board_that_is_off_stays_in_its_loader() -> None:
    serial = FakeSerial()
    BoardPower(serial).off()
    assert serial.done == ["console pauses", "reset into the loader", "console goes on"]
