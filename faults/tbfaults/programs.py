"""Building the firmware in a hurry, and what is preloaded into it."""

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tbbench import tools
from tbbench.tools import ROOT, BenchError

from tbfaults.flows import Flow

BUILD = ROOT / "build_faults"
_FAULTS = ROOT / "faults"


@dataclass(frozen=True)
class Programs:
    """The firmware of each project, and the libraries that come before the C library in it, *interposer* last."""

    firmware: Mapping[Path, Path]
    interposer: Path
    preloaded: tuple[Path, ...] = field(default=())

    def environment(self) -> dict[str, str]:
        """LD_PRELOAD."""
        return {"LD_PRELOAD": ":".join(str(library) for library in (*self.preloaded, self.interposer))}


def build(flows: Iterable[Flow], preloaded: tuple[Path, ...] = ()) -> Programs:
    """Build what *flows* need; BenchError says why it cannot be."""
    tools.require(
        {
            "gcc": not tools.has("cc"),
            "cmake": not tools.has("cmake"),
            "ninja-build": not tools.has("ninja"),
            "pkg-config": not tools.has("pkg-config"),
            "libmosquitto-dev": not tools.succeeds(["pkg-config", "--exists", "libmosquitto"]),
        }
    )
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:  # several may want to build
        fcntl.flock(lock, fcntl.LOCK_EX)
        tools.cmake(_FAULTS, BUILD / "interposer")
        firmware = {project: _firmware(project) for project in {flow.project for flow in flows}}
    return Programs(firmware, BUILD / "interposer" / "libkill_at.so", preloaded)


def _generate(project: Path) -> None:
    """Make the project of the model that *project* is named after."""
    project.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / "codegen/gen.py"), "--model", project.name, "--out", str(project)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"no project of {project.name}: {done.stderr.strip()}")
    if not (project / ".venv").exists():
        (project / ".venv").symlink_to(ROOT / ".venv")


def _firmware(project: Path) -> Path:
    directory = BUILD / ("tree" if project == ROOT else project.name)
    sdkconfig = directory / "sdkconfig"
    directory.mkdir(parents=True, exist_ok=True)
    if not sdkconfig.exists() or sdkconfig.stat().st_mtime < (_FAULTS / "sdkconfig.faults").stat().st_mtime:
        shutil.copyfile(_FAULTS / "sdkconfig.faults", sdkconfig)
    if project != ROOT:
        _generate(project)
    tools.cmake(project / "host", directory, "-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DTB_SDKCONFIG={sdkconfig}")
    elves = list(directory.glob("*.elf"))
    if len(elves) != 1:
        raise BenchError(f"expected one .elf in {directory}, found {len(elves)}")
    return elves[0]
