"""Building the firmware in a hurry, and what is preloaded into it."""

import fcntl
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tbbench import tools
from tbbench.tools import BenchError

from tbfaults import certificates
from tbfaults.projects import BUILD, FAULTS, Project

_AT_A_TIME = 2


@dataclass(frozen=True)
class Programs:
    """The firmware of each project, and the libraries that come before the C library in it, *interposer* last."""

    firmware: Mapping[Project, Path]
    interposer: Path
    preloaded: tuple[Path, ...] = field(default=())

    def environment(self) -> dict[str, str]:
        """LD_PRELOAD."""
        return {"LD_PRELOAD": ":".join(str(library) for library in (*self.preloaded, self.interposer))}


def build(projects: Iterable[Project], preloaded: tuple[Path, ...] = ()) -> Programs:
    """Build *projects*, and make the certificates; BenchError says why it cannot be."""
    tools.require(
        {
            "gcc": not tools.has("cc"),
            "cmake": not tools.has("cmake"),
            "ninja-build": not tools.has("ninja"),
            "pkg-config": not tools.has("pkg-config"),
            "libmosquitto-dev": not tools.succeeds(["pkg-config", "--exists", "libmosquitto"]),
            "libssl-dev": not tools.succeeds(["pkg-config", "--exists", "openssl"]),
        }
    )
    wanted = list(dict.fromkeys(projects))
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:  # several may want to build
        fcntl.flock(lock, fcntl.LOCK_EX)
        certificates.make()
        tools.cmake(FAULTS, BUILD / "interposer")
        with ThreadPoolExecutor(_AT_A_TIME) as executor:
            firmware = dict(zip(wanted, executor.map(_firmware, wanted), strict=True))
    return Programs(firmware, BUILD / "interposer" / "libkill_at.so", preloaded)


def _firmware(project: Project) -> Path:
    sdkconfig = project.build / "sdkconfig"
    project.build.mkdir(parents=True, exist_ok=True)
    if not sdkconfig.exists() or sdkconfig.stat().st_mtime < (FAULTS / "sdkconfig.faults").stat().st_mtime:
        shutil.copyfile(FAULTS / "sdkconfig.faults", sdkconfig)
    project.generate()
    tools.cmake(
        project.folder / "host", project.build, "-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DTB_SDKCONFIG={sdkconfig}"
    )
    elves = list(project.build.glob("*.elf"))
    if len(elves) != 1:
        raise BenchError(f"expected one .elf in {project.build}, found {len(elves)}")
    return elves[0]
