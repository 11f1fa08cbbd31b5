"""`factory flash`: the real esptool, in processes of its own, writes to boards behind pseudo-terminals."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tbtools.factory.ledger import Ledger
from tbtools.factory.nvs_reader import read_strings

from tests.factory.conftest import ROOT, Done, Factory
from tests.factory.firmware_build import APP, NVS, NVS_KEYS, TABLE_OFFSET, FirmwareBuild
from tests.factory.rom_loader import ESP32S3, RomLoader, plugged_in

BATCH = Path("tb_factory") / "batch"
MAKE = ("make", "--host", "192.0.2.7", "--name-pattern", "s-{serial}", "--out", BATCH)
COMMAND: tuple[str | Path, ...] = (
    sys.executable,
    ROOT / "tools/tb.py",
    "factory",
    "flash",
    "--batch",
    BATCH,
    "--no-stub",
)
PATIENCE_S = 30.0

pytestmark = pytest.mark.usefixtures("build")


@pytest.fixture
def build(tmp_path: Path) -> FirmwareBuild:
    return FirmwareBuild(tmp_path / "build").write()


@pytest.fixture
def boards(factory: Factory, tmp_path: Path) -> Iterator[list[RomLoader]]:
    """Three boards, connected, and a batch of three images."""
    assert factory(*MAKE, "--count", 3).status == 0
    made = [RomLoader(f"7c:df:a1:00:00:0{number}", tmp_path / f"tty{number}") for number in range(3)]
    with plugged_in(*made):
        yield made


@pytest.fixture
def flash(factory: Factory) -> Factory:
    """Flash these boards; further arguments are the command's."""

    def run(boards: list[RomLoader], *arguments: object, batch: Path = BATCH) -> Done:
        ports = [argument for board in boards for argument in ("--ports", board.link)]
        return factory("flash", "--batch", batch, *ports, "--no-stub", "--connect-attempts", 1, *arguments)

    return run


def device_of(board: RomLoader) -> str:
    """Who the board is, by the image in its flash."""
    image = bytes(board.flash[NVS.offset : NVS.end])
    return read_strings(image)["tb_cfg"]["device_name"]


def outcomes(done: Done) -> list[tuple[str, str]]:
    return [(board["device"], board["outcome"]) for board in done.result["boards"]]


def reason_of(done: Done, index: int = 0) -> str:
    assert done.status == 1
    board = done.result["boards"][index]
    assert board["outcome"] == "failed"
    return str(board["reason"])


def states(batch: str = "batch") -> dict[str, tuple[str, str]]:
    """Board and state of each image that has one, as the ledger has it."""
    with Ledger(Path("tb_factory/ledger.db")) as ledger:
        return {each["device"]: (each["board"], each["state"]) for each in ledger.boards(batch)}


def test_several_boards_at_once(flash: Factory, boards: list[RomLoader], build: FirmwareBuild) -> None:
    done = flash(boards)
    assert done.status == 0, done.result
    assert sorted(outcomes(done)) == [("s-1", "flashed"), ("s-2", "flashed"), ("s-3", "flashed")]
    assert done.result["free"] == 0
    for board, told in zip(boards, done.result["boards"], strict=True):
        assert told["mac"] == board.mac
        assert device_of(board) == told["device"]
        assert board.holds(NVS.offset, (BATCH / "images" / f"{told['device']}.bin").read_bytes())
        assert board.holds(APP.offset, (build.folder / "firmware.bin").read_bytes())
        assert board.holds(TABLE_OFFSET, (build.folder / "partition_table/partition-table.bin").read_bytes())
        # DIO, 4 MB, 80 MHz: as flasher_args.json says, in place of what stands in the bootloader's header.
        assert bytes(board.flash[:4]) == b"\xe9\x01\x02\x2f"
        assert states()[told["device"]] == (board.mac, "verified")


def test_with_esptools_stub(factory: Factory, boards: list[RomLoader], build: FirmwareBuild) -> None:
    done = factory("flash", "--batch", BATCH, "--ports", boards[0].link)
    assert outcomes(done) == [("s-1", "flashed")]
    assert device_of(boards[0]) == "s-1"
    assert boards[0].holds(APP.offset, (build.folder / "firmware.bin").read_bytes())
    assert boards[0].stub_starts == 1
    build.write_args(extra_esptool_args={"chip": "esp32c3", "stub": False})
    assert outcomes(factory("flash", "--batch", BATCH, "--ports", boards[1].link)) == [("s-2", "flashed")]
    assert boards[1].stub_starts == 0


def test_what_is_done_is_left_alone(flash: Factory, boards: list[RomLoader]) -> None:
    first = flash(boards[:2])
    written = [board.written for board in boards]
    again = flash(boards)
    assert again.status == 0
    assert outcomes(again)[:2] == [(device, "done before") for device, _ in outcomes(first)]
    assert outcomes(again)[2] == ("s-3", "flashed")
    assert [board.written for board in boards[:2]] == written[:2]


def test_reflash_writes_the_same_image_again(flash: Factory, boards: list[RomLoader], build: FirmwareBuild) -> None:
    (device, _), *_ = outcomes(flash(boards[:1]))
    build.app_bytes = 30_000
    build.write()
    assert outcomes(flash(boards[:1], "--reflash")) == [(device, "flashed")]
    assert boards[0].holds(APP.offset, (build.folder / "firmware.bin").read_bytes())
    assert states() == {device: (boards[0].mac, "verified")}


def test_a_board_unplugged_in_the_middle_goes_on_with_its_image(flash: Factory, boards: list[RomLoader]) -> None:
    boards[1].unplug_after = 15_000
    done = flash(boards)
    assert done.status == 1
    device = done.result["boards"][1]["device"]
    assert [outcome for _, outcome in outcomes(done)] == ["flashed", "failed", "flashed"]
    assert states()[device] == (boards[1].mac, "assigned")
    boards[1].plug_in()
    assert outcomes(flash(boards[1:2])) == [(device, "flashed")]
    assert device_of(boards[1]) == device
    assert states()[device] == (boards[1].mac, "verified")


def test_a_board_put_in_the_place_of_another_is_not_written(flash: Factory, boards: list[RomLoader]) -> None:
    other = RomLoader("7c:df:a1:00:00:99", boards[0].link)
    boards[0].unplug_after = 15_000
    boards[0].when_unplugged = other.plug_in
    try:
        assert reason_of(flash(boards[:1])).startswith("the connection is lost: ")
        assert other.written == 0
        assert outcomes(flash([other])) == [("s-2", "flashed")]
    finally:
        other.unplug()
    assert states() == {"s-1": (boards[0].mac, "assigned"), "s-2": (other.mac, "verified")}


def test_a_board_that_is_another_in_the_end_is_not_done(flash: Factory, boards: list[RomLoader]) -> None:
    def become_another() -> None:
        boards[0].mac = "7c:df:a1:00:00:99"

    boards[0].when_checked = become_another
    mac = boards[0].mac
    assert reason_of(flash(boards[:1])) == "another board has taken its place meanwhile"
    assert states() == {"s-1": (mac, "written")}


def test_flash_that_does_not_keep_what_is_written(flash: Factory, boards: list[RomLoader]) -> None:
    boards[0].dead_cell = NVS.offset + 0x1000
    done = flash(boards[:2])
    assert reason_of(done) == "MD5 of file does not match data in flash!"
    assert outcomes(done)[1][1] == "flashed"
    assert states()[done.result["boards"][0]["device"]][1] == "assigned"


def test_flash_that_loses_what_was_written(flash: Factory, boards: list[RomLoader]) -> None:
    def forget() -> None:
        if boards[0].holds(NVS.offset, (BATCH / "images" / "s-1.bin").read_bytes()):
            boards[0].flash[APP.offset + 5] ^= 1

    boards[0].when_checked = forget
    assert reason_of(flash(boards[:1])) == "firmware.bin: Verification failed."
    assert states() == {"s-1": (boards[0].mac, "written")}


def test_a_board_that_does_not_answer_stops_nobody(flash: Factory, boards: list[RomLoader], tmp_path: Path) -> None:
    boards[0].mute = True
    absent = RomLoader("-", tmp_path / "absent")
    done = flash([boards[0], absent, boards[2]])
    assert reason_of(done).startswith("Failed to connect to Espressif device: No serial data received.")
    assert "the port is busy or doesn't exist" in reason_of(done, 1)
    assert outcomes(done) == [("", "failed"), ("", "failed"), ("s-1", "flashed")]
    assert states() == {"s-1": (boards[2].mac, "verified")}


def test_a_writer_that_dies(flash: Factory, boards: list[RomLoader]) -> None:
    def kill_writers() -> None:
        boards[0].when_checked = lambda: None
        for writer in multiprocessing.active_children():
            writer.kill()

    boards[0].when_checked = kill_writers
    assert reason_of(flash(boards[:1])) == "its writer ended without a word, exit code -9"
    assert states() == {"s-1": (boards[0].mac, "assigned")}
    assert outcomes(flash(boards[:2])) == [("s-1", "flashed"), ("s-2", "flashed")]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("chip_id", "its chip is esp32s3, and the firmware is for esp32c3"),
        ("is_encrypted", "its flash is encrypted: what is written from outside, it cannot read"),
        ("is_secure_download", "it is in secure download mode: nothing can be written and verified any more"),
    ],
)
def test_a_board_that_must_not_be_written(flash: Factory, boards: list[RomLoader], trouble: str, reason: str) -> None:
    setattr(boards[0], trouble, ESP32S3 if trouble == "chip_id" else True)
    assert reason_of(flash(boards[:1])) == reason
    assert boards[0].written == 0
    assert states() == {}


def test_more_boards_than_images(flash: Factory, boards: list[RomLoader], factory: Factory) -> None:
    factory(*MAKE, "--count", 2, "--replace")
    done = flash(boards)
    assert sorted(outcome for _, outcome in outcomes(done)) == ["failed", "flashed", "flashed"]
    (left,) = (board for board in done.result["boards"] if board["outcome"] == "failed")
    assert left["reason"] == "each image of batch batch has its board"
    assert sorted(device_of(board) for board in boards if board.written) == ["s-1", "s-2"]


def test_two_boards_of_the_same_mac(flash: Factory, boards: list[RomLoader]) -> None:
    boards[1].mac = boards[0].mac
    done = flash(boards[:2])
    assert sorted(outcome for _, outcome in outcomes(done)) == ["failed", "flashed"]
    assert "has a board of the same MAC" in str(done.result)
    assert len(states()) == 1


def test_a_board_of_another_batch(flash: Factory, boards: list[RomLoader], factory: Factory) -> None:
    flash(boards[:1])
    other = Path("tb_factory") / "other"
    factory(*MAKE[:-1], other, "--count", 1, "--first", 9)
    assert "it has the image of s-1, of batch batch --reflash gives it one" in reason_of(flash(boards[:1], batch=other))
    assert device_of(boards[0]) == "s-1"
    assert outcomes(flash(boards[:1], "--reflash", batch=other)) == [("s-9", "flashed")]
    assert device_of(boards[0]) == "s-9"
    assert states("batch") == {"s-1": (boards[0].mac, "retired")}
    assert outcomes(flash(boards[1:2])) == [("s-2", "flashed")]


def test_an_image_that_was_tampered_with_is_not_written(flash: Factory, boards: list[RomLoader]) -> None:
    (BATCH / "images" / "s-1.bin").write_bytes(b"\xff" * NVS.size)
    assert "images/s-1.bin is not what was made" in reason_of(flash(boards[:1]))
    assert boards[0].written == 0


def test_a_batch_that_is_not_the_ledgers(flash: Factory, boards: list[RomLoader]) -> None:
    text = (BATCH / "manifest.json").read_text()
    (BATCH / "manifest.json").write_text(text.replace('"profile": "default"', '"profile": "other"'))
    assert "is not the batch batch of the ledger" in flash(boards[:1]).result["error"]
    (BATCH / "manifest.json").write_text(text.replace('"batch": "batch"', '"batch": "copy"'))
    assert "the ledger knows no batch copy" in flash(boards[:1]).result["error"]
    (BATCH / "manifest.json").write_text("{}")
    assert "is no manifest" in flash(boards[:1]).result["error"]
    assert boards[0].written == 0


def test_a_port_given_twice(flash: Factory, boards: list[RomLoader], tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(boards[0].link)
    done = flash(boards[:1], "--ports", tmp_path / "alias")
    assert done.status == 2
    assert "is given twice" in done.result["error"]


def test_an_encrypted_image_comes_with_its_key(
    flash: Factory, boards: list[RomLoader], factory: Factory, build: FirmwareBuild
) -> None:
    build.partitions = (NVS, APP, NVS_KEYS)
    build.sdkconfig = {"NVS_ENCRYPTION": True}
    build.write()
    secret = Path("tb_factory") / "secret"
    factory(*MAKE[:-1], secret, "--count", 1, "--first", 9, "--encrypt")
    assert outcomes(flash(boards[:1], batch=secret)) == [("s-9", "flashed")]
    key = bytes(boards[0].flash[NVS_KEYS.offset : NVS_KEYS.end])
    assert key == (secret / "keys" / "s-9.bin").read_bytes()
    image = bytes(boards[0].flash[NVS.offset : NVS.end])
    assert read_strings(image, key[:64])["tb_cfg"]["device_name"] == "s-9"


def test_a_flashing_that_is_killed_leaves_nobody_behind_and_goes_on(flash: Factory, boards: list[RomLoader]) -> None:
    for board in boards[:2]:
        board.block_s = 0.05
    ports = ("--ports", boards[0].link, "--ports", boards[1].link)
    with subprocess.Popen([*COMMAND, *ports], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_until(lambda: all(board.written > 5000 for board in boards[:2]))
        process.send_signal(signal.SIGKILL)
        process.wait()
    _wait_until(lambda: _is_quiet(boards))
    before = states()
    assert {board for board, _ in before.values()} == {boards[0].mac, boards[1].mac}
    assert {state for _, state in before.values()} == {"assigned"}
    for board in boards[:2]:
        board.block_s = 0
    done = flash(boards[1::-1])
    assert {device: (board.mac, "verified") for board in boards[:2] for device in [device_of(board)]} == states()
    assert {device: mac for device, (mac, _) in before.items()} == {
        each["device"]: each["mac"] for each in done.result["boards"]
    }


def test_a_table_for_people(boards: list[RomLoader]) -> None:
    done = subprocess.run(
        [*COMMAND, "--ports", boards[0].link, "-p", "/dev/none"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "COLUMNS": "300"},
    )
    assert done.returncode == 1
    assert "flashed" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 failed, 1 flashed; images of batch without a board: 2"
    assert f"{boards[0].link} s-1 flashed" in done.stderr


def _is_quiet(boards: list[RomLoader]) -> bool:
    """Whether nobody writes to them any more; whoever still had a port open, would keep others out, too."""
    before = [board.written for board in boards]
    time.sleep(0.5)
    return before == [board.written for board in boards]


def _wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
