"""Devices that are a process on this machine, a new one for each boot."""

import os
import re
import time
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

import pexpect
from pytest_embedded import Dut
from pytest_embedded.log import DuplicateStdoutPopen, PexpectProcess
from pytest_embedded.utils import Meta
from pytest_embedded_idf import IdfApp

from tests.provision.device import Device, Setting, plain

_POLL_S = 0.005
_SLICE_S = 0.5


class CutProcess(DuplicateStdoutPopen):  # type: ignore[misc]
    """A process whose output goes to a file, which the DUT reads without a process between them."""

    REDIRECT_CLS = None

    @property
    def output(self) -> Path:
        """The file."""
        return Path(self._logfile)

    def cut(self) -> None:
        """End it at once, if it runs."""
        self.kill()
        self.wait()
        self.stdin.close()
        self.close()


class ProcessDevice(Device):
    """The device that the build of *app* makes. Logs go to *log_dir*."""

    def __init__(self, app: IdfApp, patience_s: float, log_dir: Path) -> None:
        super().__init__(app.target, patience_s, app.sdkconfig)
        self.app = app
        self._log_dir = log_dir
        self._boots: list[tuple[Dut, CutProcess]] = []

    @abstractmethod
    def format(self, settings: Mapping[str, str]) -> None:
        """Leave nothing on it but *settings*."""

    @abstractmethod
    def start(self, meta: Meta) -> CutProcess:
        """Start its process, which keeps its log where *meta* says."""

    @abstractmethod
    def dut_of(self, process: CutProcess, **common: object) -> Dut:
        """That process as pytest-embedded sees it; *common* is what each DUT takes."""

    def configure(self, **settings: Setting) -> None:
        """Format it."""
        self.power_cut()
        self._boots.clear()
        self.format({key: str(value) for key, value in settings.items()})

    def boot(self) -> None:
        """Start a process."""
        self.power_cut()
        self._log_dir.mkdir(parents=True, exist_ok=True)
        process = self.start(Meta(str(self._log_dir), {}, {}))
        output = PexpectProcess(os.open(process.output, os.O_RDONLY))
        output.delayafterread = _POLL_S  # reading a file never blocks
        dut = self.dut_of(
            process,
            pexpect_proc=output,
            msg_queue=None,
            app=self.app,
            pexpect_logfile=str(process.output),
            test_case_name=self._log_dir.name,
        )
        self._boots.append((dut, process))

    def expect(self, pattern: str, timeout_s: float | None = None) -> re.Match[bytes]:
        """The same; a process that has ended is not waited for."""
        ends_at = time.monotonic() + (self.patience_s if timeout_s is None else timeout_s)
        while True:
            has_ended = self.process.poll() is not None
            left_s = ends_at - time.monotonic()
            try:
                return super().expect(pattern, min(_SLICE_S, max(left_s, 0.0)))
            except pexpect.TIMEOUT as timeout:
                if has_ended:
                    raise AssertionError(f"the process has ended without {pattern!r}: {self.log}") from timeout
                if left_s <= _SLICE_S:
                    raise

    def power_cut(self) -> None:
        """Kill the process; AssertionError when a signal had ended it before."""
        if self._boots and not self.process.stdin.closed:
            status = self.process.poll()
            self.process.cut()
            self.dut.pexpect_proc.close()
            assert status is None or status >= 0, f"the firmware was ended by signal {-status}"

    @property
    def log(self) -> str:
        """What the processes printed."""
        texts = (process.output.read_text(encoding="utf-8", errors="replace") for _, process in self._boots)
        return "".join(map(plain, texts))

    @property
    def dut(self) -> Dut:
        """The last process."""
        return self._boots[-1][0]

    @property
    def process(self) -> CutProcess:
        """The last process."""
        return self._boots[-1][1]
