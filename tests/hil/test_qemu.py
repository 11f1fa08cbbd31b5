"""The suite in QEMU, with a program in its place that takes the same arguments and reads the same flash."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_embedded_idf import IdfApp
from tbtools.factory.nvs_reader import read_strings

from tests.factory.firmware_build import APP, APP_FILE, NVS, TABLE_OFFSET
from tests.hil.conftest import ROOT, Session
from tests.hil.qemu import BUILD, FIRMWARE
from tests.provision.qemu import PATIENCE_S, merge

Suite = Callable[..., Session]


@pytest.fixture
def qemu(firmware: IdfApp, build: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program."""
    program = tmp_path / "qemu-system-riscv32"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT}:{ROOT}/tools exec {sys.executable} -m tests.hil.qemu "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv(FIRMWARE, firmware.elf_file)
    monkeypatch.setenv(BUILD, str(build))
    return program


def test_suite_runs_in_qemu(build: Path, qemu: Path, suite: Suite, tmp_path: Path) -> None:
    """Two of its tests boot several times: the flash keeps what the firmware has stored. Two of them run at once.

    The name of the fourth has a comma, which no path of an image may have.
    """
    options = ("--embedded-services", "idf,qemu", "--qemu-prog-path", str(qemu), "-n", "2")
    assert suite(build, *options, "-k", "use_case or later_boots or ud800").passed == 4
    logs = list((tmp_path / "hil" / "esp32c3").rglob("qemu-*.log"))
    assert sum("TB_OUTCOME_PROVISIONED" in log.read_text() for log in logs) == 3
    assert sum("TB_OUTCOME_ONLINE" in log.read_text() for log in logs) == len(logs) == 8
    assert (tmp_path / "hil" / "esp32c3" / "junit.xml").exists()


def test_qemu_that_does_not_start_is_not_waited_for(build: Path, suite: Suite, tmp_path: Path) -> None:
    program = tmp_path / "qemu"
    program.write_text("#!/bin/sh\necho no such machine\nexit 1\n")
    program.chmod(0o755)
    begin = time.monotonic()
    done = suite(build, "--embedded-services", "idf,qemu", "--qemu-prog-path", str(program), "-k", "use_case_1")
    assert time.monotonic() - begin < PATIENCE_S / 2
    assert done.status == 1
    assert "the process has ended without" in done.output
    assert "no such machine" in done.output


def test_flash_image_has_each_part_in_its_place(build: Path, tmp_path: Path) -> None:
    image = tmp_path / "flash.bin"
    merge(IdfApp(app_path=str(build.parent), build_dir=build.name), image)
    flash = image.read_bytes()
    assert len(flash) == 4 * 1024 * 1024
    assert flash[TABLE_OFFSET:].startswith((build / "partition_table" / "partition-table.bin").read_bytes())
    assert flash[APP.offset :].startswith((build / APP_FILE).read_bytes())
    assert read_strings(flash[NVS.offset : NVS.end]) == {}
