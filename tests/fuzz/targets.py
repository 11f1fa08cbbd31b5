"""The fuzz targets, and building them with clang: once to fuzz, once to measure what they reach."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from tbbench import tools
from tbbench.tools import ROOT

HERE = ROOT / "tests" / "fuzz"
BUILD = ROOT / "build_fuzz"
FUZZERS = BUILD / "fuzzers"
COVERAGE = BUILD / "coverage"
FUZZER_FLAGS = "-O1 -g -fsanitize=fuzzer-no-link"
COVERAGE_FLAGS = "-O0 -g -fprofile-instr-generate -fcoverage-mapping"
_SOURCES = "components/tb_mqtt_client_helper/src"
_PORT = "components/tb_mqtt_client_helper/port"
_JSON = tuple(f"{_SOURCES}/tb_json_{part}.c" for part in ("check", "read", "write"))


@dataclass(frozen=True)
class Target:
    """A target of tests/fuzz/CMakeLists.txt: what comes in, the files that read it, how libFuzzer makes its inputs."""

    name: str
    reads: str
    covers: tuple[str, ...]
    longest_input: int
    uses_words: bool = False  # of json.dict
    is_json: bool = False  # as a whole

    @property
    def program(self) -> Path:
        """The program that fuzzes, and repeats a crash."""
        return FUZZERS / "fuzz" / self.name

    @property
    def corpus(self) -> Path:
        """The committed inputs."""
        return HERE / "corpus" / self.name

    @property
    def crashes(self) -> Path:
        """The inputs that crashed once: committed with what mends them."""
        return HERE / "crashes" / self.name

    @property
    def found(self) -> Path:
        """The inputs that were found on this computer; each run goes on from them."""
        return BUILD / "corpus" / self.name

    @property
    def inputs(self) -> list[Path]:
        """All directories of inputs that hold some."""
        return [directory for directory in (self.corpus, self.crashes, self.found) if any(directory.glob("*"))]


TARGETS = (
    Target(
        "fuzz_tb_prov",
        "the provisioning answer, of every kind of credentials",
        (f"{_SOURCES}/tb_prov.c",),
        1024,
        uses_words=True,
    ),
    Target("fuzz_tb_json", "JSON", _JSON, 1024, uses_words=True, is_json=True),
    Target("fuzz_tb_cred", "the stored record", (f"{_SOURCES}/tb_cred.c",), 512),
    Target("fuzz_tb_session", "events of the session, and time", (f"{_SOURCES}/tb_session.c",), 1024),
    Target(
        "fuzz_port_mqtt",
        "what esp-mqtt and mbedTLS tell, and calls of other tasks",
        tuple(f"{_PORT}/esp_idf/tb_port_{part}.c" for part in ("mqtt", "tls")),
        1024,
    ),
    Target(
        "fuzz_app_tls",
        "PEM texts, and what a server says in a handshake",
        ("main/app_tls.c", f"{_PORT}/posix/tb_port_tls.c"),
        1024,
    ),
    Target(
        "fuzz_front_connection",
        "settings that a request is made of, and messages: topic and payload",
        ("main/front_connection.c",),
        1024,
        uses_words=True,
    ),
    Target(
        "fuzz_app",
        "all that happens to a device: messages, refusals, failing calls, power cuts, new credentials",
        (*(f"main/{name}.c" for name in ("app_device", "app_credentials")), f"{_SOURCES}/tb_store.c"),
        2048,
        uses_words=True,
    ),
)


def require_tools() -> None:
    """Raise BenchError when a tool is missing."""
    tools.require(
        {
            "cmake": not tools.has("cmake"),
            "ninja-build": not tools.has("ninja"),
            "clang": not tools.has("clang"),
            "libclang-rt-dev": not _has_libfuzzer(),
            "llvm": not (tools.has("llvm-cov") and tools.has("llvm-profdata")),
        }
    )


def _has_libfuzzer() -> bool:
    with tempfile.TemporaryDirectory() as directory:
        empty = Path(directory, "empty.c")
        empty.touch()
        options = ["-fsanitize=fuzzer,address", "-Wl,--defsym=LLVMFuzzerTestOneInput=0", "-o", f"{empty}.out"]
        return tools.succeeds(["clang", *options, str(empty)])


def build() -> None:
    """Compile all targets in build_fuzz/."""
    _build(FUZZERS, FUZZER_FLAGS, "-DTB_SANITIZE=ON", "-DTB_LIBFUZZER=ON")
    _build(COVERAGE, COVERAGE_FLAGS)


def _build(directory: Path, flags: str, *options: str) -> None:
    compiler = ("-DCMAKE_C_COMPILER=clang", f"-DCMAKE_C_FLAGS={flags}")
    config = f"-DTB_SDKCONFIG={directory / 'sdkconfig'}"  # of its own: menuconfig's choices change nothing
    tools.run(["cmake", "-G", "Ninja", "-S", "host", "-B", directory, "-DTB_TESTS=ON", config, *compiler, *options])
    tools.run(["ninja", "-C", directory, "fuzz/all"])
