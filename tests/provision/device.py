"""A device under test, whatever it is made of: the tests speak to this and to nothing else."""

import re
from abc import ABC, abstractmethod

from pytest_embedded import Dut
from pytest_embedded.utils import remove_asci_color_code
from tbtools.station import symptoms

from tests import canary

Setting = str | int
LAST_WORDS = "Destroy tbcmh"
_OUTCOME = re.compile(r"tb_session: (TB_OUTCOME_\w+):")
_COMPLETE = "TB_OUTCOME_COMPLETE"


class Device(ABC):
    """A device that is configured, booted, watched by its log, and switched off, any number of times.

    *target* is its chip's name, and *patience_s* how long it may take from one thing to the next.
    """

    def __init__(self, target: str, patience_s: float, sdkconfig: dict[str, object]) -> None:
        self.target = target
        self.patience_s = patience_s
        self.sdkconfig = sdkconfig

    @abstractmethod
    def configure(self, **settings: Setting) -> None:
        """Make it factory-fresh, with *settings* for its namespace `tb_cfg`. It is off afterwards."""

    @abstractmethod
    def boot(self) -> None:
        """Switch it on. What it keeps is what it kept before."""

    @abstractmethod
    def power_cut(self) -> None:
        """Switch it off, in the middle of whatever it does."""

    @abstractmethod
    def wait_end(self) -> int:
        """Wait until the program has ended by itself and return its exit status; 0 is the run time over."""

    @property
    @abstractmethod
    def log(self) -> str:
        """What it printed since it was configured, in all its boots."""

    @property
    @abstractmethod
    def dut(self) -> Dut:
        """The present boot, as pytest-embedded sees it."""

    def expect(self, pattern: str, timeout_s: float | None = None) -> re.Match[bytes]:
        """Wait until this boot's log has *pattern*, after what was expected before, and return the match."""
        timeout_s = self.patience_s if timeout_s is None else timeout_s
        match: re.Match[bytes] = self.dut.expect(re.compile(pattern.encode()), timeout=timeout_s)
        return match

    def close(self) -> None:
        """Switch it off for good. AssertionError when it has crashed."""
        self.power_cut()
        canary.keep_log(self.log)
        crash = symptoms.crash(self.log)
        assert crash is None, f"the firmware crashed: {self.log[self.log.index(crash) :]}"


def status_in(log: str) -> int:
    """The exit status of firmware that cannot exit, by its last outcome."""
    outcomes = _OUTCOME.findall(log)
    return 0 if outcomes and outcomes[-1] == _COMPLETE else 1


def plain(text: str) -> str:
    """*text* without colours and carriage returns."""
    return str(remove_asci_color_code(text)).replace("\r", "")
