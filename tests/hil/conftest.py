"""Fixtures: a build for boards whose firmware is the program under test, and boards."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_embedded_idf import IdfApp

from tests.factory.firmware_build import TABLE_OFFSET, FirmwareBuild
from tests.hil.board import Board
from tests.hil.chip import Chip
from tests.hil.modem_lines import FOLDER

ROOT = Path(__file__).resolve().parents[2]
TARGET = "esp32c3"

NewBoards = Callable[..., list[Board]]


@dataclass(frozen=True)
class Session:
    """How a run of pytest ended, and what it printed."""

    status: int
    output: str

    @property
    def passed(self) -> int:
        """How many tests have passed, if none has not."""
        counts = re.findall(r"(\d+) (passed|failed|error)", self.output.splitlines()[-1])
        assert [kind for _, kind in counts] == ["passed"], self.output
        return int(counts[0][0])


def new_build(folder: Path, firmware: IdfApp, **changes: Any) -> Path:
    """A build for an ESP32-C3, as small as one can be, with the settings and the name of *firmware*."""
    own = {"IDF_TARGET": TARGET, "PARTITION_TABLE_OFFSET": TABLE_OFFSET, "APP_BUILD_TYPE_ELF_ONLY": False}
    FirmwareBuild(folder, sdkconfig={**firmware.sdkconfig, **own, **changes}).write()
    (folder / Path(firmware.elf_file).name).touch()
    return folder


@pytest.fixture
def build(firmware: IdfApp, tmp_path: Path) -> Path:
    return new_build(tmp_path / "build", firmware)


@pytest.fixture
def new_boards(firmware: IdfApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NewBoards]:
    """Plugs in boards for a build."""
    lines = tmp_path / "lines"
    lines.mkdir()
    monkeypatch.setenv(FOLDER, str(lines))
    with ExitStack() as stack:

        def make(build: Path, count: int, wifi: str = "") -> list[Board]:
            boards = []
            for number in range(count):
                chip = Chip(Path(firmware.elf_file), build, tmp_path / f"store{number}")
                boards.append(Board(f"7c:df:a1:00:00:0{number}", tmp_path / f"ttyUSB{number}", chip, wifi))
                stack.enter_context(boards[-1].on_its_port())
            return boards

        yield make


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Session]:
    """Runs the firmware's suite as somebody with boards does; what is kept of them goes to tmp_path/hil."""
    monkeypatch.delenv("TB_CANARY_DIR", raising=False)
    monkeypatch.setenv("ESPPORT", "/dev/nothing")

    def run(build: Path, *options: str) -> Session:
        fixed = ["--target", TARGET, "--build-dir", str(build), "--server-host", "127.0.0.1"]
        folders = ["--board-reports", str(tmp_path / "hil"), "--cache-dir", str(tmp_path)]
        plugins = ["-p", "tests.hil.modem_lines", "-p", "no:cacheprovider"]
        command = [sys.executable, "-m", "pytest", *plugins, *fixed, *folders, *options, "pytest_provision.py"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, env=dict(os.environ))
        return Session(done.returncode, done.stdout + done.stderr)

    return run


def settings_of(build: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((build / "config" / "sdkconfig.json").read_text())
    return settings
