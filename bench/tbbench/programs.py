"""Building the programs that `bench.py` measures."""

from dataclasses import dataclass
from pathlib import Path

from tbbench import tools
from tbbench.tools import ROOT

BUILD = ROOT / "build_bench"


@dataclass(frozen=True)
class Programs:
    """Where the programs are, and the command that built them."""

    firmware: Path
    core_paths: Path
    encode: Path
    heap_count: Path
    heap_control: Path
    command: str


def require_tools(valgrind: bool = True) -> None:
    """Raise BenchError when a tool or a library is missing."""
    tools.require(
        {
            "gcc": not tools.has("cc"),
            "cmake": not tools.has("cmake"),
            "ninja-build": not tools.has("ninja"),
            "pkg-config": not tools.has("pkg-config"),
            "libmosquitto-dev": not tools.succeeds(["pkg-config", "--exists", "libmosquitto"]),
            "libcjson-dev": not tools.succeeds(["pkg-config", "--exists", "libcjson"]),
            "libjsmn-dev": not Path("/usr/include/jsmn.h").exists() and not Path("/usr/local/include/jsmn.h").exists(),
            "valgrind": valgrind and not tools.has("valgrind"),
        }
    )


def build(directory: Path = BUILD) -> Programs:
    """Build into *directory*, with a configuration of its own: what menuconfig was told does not change a figure."""
    options = ("-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DTB_SDKCONFIG={tools.local(directory / 'sdkconfig')}")
    command = tools.cmake(ROOT / "bench" / "host", directory, *options)
    elves = list((directory / "firmware").glob("*.elf"))
    if len(elves) != 1:
        raise tools.BenchError(f"expected one .elf in {directory / 'firmware'}, found {len(elves)}")
    return Programs(
        firmware=elves[0],
        core_paths=directory / "core_paths",
        encode=directory / "encode",
        heap_count=directory / "libheap_count.so",
        heap_control=directory / "heap_control",
        command=command,
    )
