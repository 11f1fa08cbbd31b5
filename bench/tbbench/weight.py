"""Bytes of the component compiled for a board's core, by file, and of a program that uses all of it, by library."""

import json
import re
import shlex
from collections import Counter
from pathlib import Path

from tbtools.figures import Figure

from tbbench import tools
from tbbench.tools import ROOT, BenchError

BUILD = ROOT / "build_size"
COMPILER = "riscv64-unknown-elf-gcc"
TEXT_LIMIT = 12 * 1024 - 1
RAM_LIMIT = 1024 - 1
_SIZE = "riscv64-unknown-elf-size"
_SOURCE = ROOT / "bench" / "rv32"
_OWNERS = {"libcomponent.a(": "component", "libgcc.a(": "libgcc", "all_calls.c": "driver"}  # any other: libc
_FLASH = (".text", ".rodata", ".srodata", ".init")


def require_tools() -> None:
    """Raise BenchError when a tool or a library is missing."""
    has_specs = tools.has(COMPILER) and "/" in tools.first_line([COMPILER, "-print-file-name=picolibc.specs"])
    tools.require(
        {
            "cmake": not tools.has("cmake"),
            "ninja-build": not tools.has("ninja"),
            "gcc-riscv64-unknown-elf": not tools.has(COMPILER),
            "picolibc-riscv64-unknown-elf": not has_specs,
            "libjsmn-dev": not Path("/usr/include/jsmn.h").exists() and not Path("/usr/local/include/jsmn.h").exists(),
        }
    )


def build(directory: Path = BUILD) -> str:
    """Compile into *directory*; returns the command a person would type."""
    return tools.cmake(_SOURCE, directory, "-DCMAKE_TOOLCHAIN_FILE=toolchain.cmake", "-DCMAKE_BUILD_TYPE=MinSizeRel")


def flags(directory: Path = BUILD) -> str:
    """The compiler's options that change code, as the build used them."""
    commands = json.loads((directory / "compile_commands.json").read_text(encoding="utf-8"))
    words = shlex.split(commands[0]["command"])
    return " ".join(word for word in words if word.startswith(("-O", "-f", "-m", "-std", "-D", "--specs")))


def measure(directory: Path = BUILD) -> list[Figure]:
    """The component's figures as compiled, then what a linked program keeps of it and needs beside it."""
    return _compiled(directory) + _linked(directory)


def _compiled(directory: Path) -> list[Figure]:
    """As the archive holds it: all functions, whether used or not."""
    command = [_SIZE, "-t", tools.local(directory / "libcomponent.a")]
    rows = [line.split() for line in tools.run(command).splitlines()[1:]]
    typed = tools.typed(command)
    files = [row for row in rows if row[5] != "(TOTALS)"]
    text, data, bss = (sum(int(row[column]) for row in files) for column in range(3))
    figures = [
        Figure(f"{row[5].removesuffix('.obj')}: text", int(row[0]), "bytes", typed, note=f"data {row[1]}, bss {row[2]}")
        for row in sorted(files, key=lambda row: -int(row[0]))
    ]
    return [
        *figures,
        Figure("component: text", text, "bytes", typed, TEXT_LIMIT, "code and constants; under 12 KiB"),
        Figure("component: data", data, "bytes", typed),
        Figure("component: bss", bss, "bytes", typed),
        Figure("component: data + bss", data + bss, "bytes", typed, RAM_LIMIT, "under 1 KiB"),
    ]


def _linked(directory: Path) -> list[Figure]:
    """Flash bytes after --gc-sections, out of the linker's map."""
    path = directory / "linked.map"
    found = flash_by_owner(path.read_text(encoding="utf-8"))
    if found["component"] == 0:
        raise BenchError(f"{tools.local(path)} shows nothing of the component")
    command = f"less {tools.local(path)}"
    return [
        Figure("linked: component", found["component"], "bytes", command, note="what --gc-sections keeps"),
        Figure("linked: libgcc", found["libgcc"], "bytes", command, note="floating point and 64-bit division"),
        Figure("linked: C library, start-up", found["libc"], "bytes", command, note="picolibc"),
    ]


def flash_by_owner(linker_map: str) -> Counter[str]:
    """Bytes of code and constants in *linker_map* by owner: component, libgcc, libc, driver."""
    kept = linker_map.partition("Linker script and memory map")[2]
    found: Counter[str] = Counter()
    for section, size, file in re.findall(r"^ (\.\S+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+) (\S.*)$", kept, re.MULTILINE):
        if section.startswith(_FLASH):
            found[_owner(file)] += int(size, 16)
    return found


def _owner(file: str) -> str:
    return next((owner for part, owner in _OWNERS.items() if part in file), "libc")
