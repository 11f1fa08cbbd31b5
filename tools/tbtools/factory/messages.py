"""What a writer and its parent tell each other."""

from dataclasses import dataclass

from tbtools.factory.build import Part


@dataclass(frozen=True)
class Port:
    """How a board is reached: port, speed, whether esptool's stub runs on it, attempts to connect."""

    name: str
    baud: int
    with_stub: bool
    attempts: int


@dataclass(frozen=True)
class Found:
    """There is a board: its MAC, and its chip as ESP-IDF calls it. An answer is awaited: a Job, or None."""

    board: str
    chip: str


@dataclass(frozen=True)
class Job:
    """What to write, with esptool's *settings* of the flash."""

    parts: list[Part]
    settings: dict[str, str]


@dataclass(frozen=True)
class Progress:
    """How far it is: *done* of *total* bytes of a *step*."""

    step: str
    done: int
    total: int


@dataclass(frozen=True)
class Written:
    """All is written."""


@dataclass(frozen=True)
class Verified:
    """All was read back, and the board is the same still."""


@dataclass(frozen=True)
class Failed:
    """It did not work. Nothing follows."""

    reason: str


Message = Found | Progress | Written | Verified | Failed
