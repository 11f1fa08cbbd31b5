"""The firmware of each device model: generated to a project of its own, built for this computer, run."""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import canary

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(tempfile.gettempdir()) / f"tb_variants_{os.getuid()}_{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
"""Outside the tree, as a project of its own has to be; kept, so that only what changed is built again."""

PATIENCE_S = 30.0
_OUTCOME = re.compile(r"TB_OUTCOME_([A-Z_0-9]+)")


def build(model: str, choice: str = "") -> Path:
    """Return the program of *model*, made of what the tree has now; its project stays in BUILD.

    *choice* is chosen in menuconfig.
    """
    with _locked(model):
        config = f"CONFIG_{choice}=y\n" if choice else ""
        return _build(model, _generate(model, model), BUILD / model / (choice or "tree"), config)


def build_with(certificates: Mapping[str, str], model: str, folder: Path) -> Path:
    """Return a program of *model* that has *certificates*, text by file name, in its main/certs. It stands in *folder*,
    since each worker has others.
    """
    name = f"{model}_with_certificates"
    with _locked(name):
        project = _generate(model, name)
        for file, text in certificates.items():
            (project / "main" / "certs" / file).write_text(text, encoding="utf-8")
        return Path(shutil.copy2(_build(model, project, BUILD / name / "tree", ""), folder))


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Keep the other workers of pytest-xdist away from that project."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _generate(model: str, name: str) -> Path:
    project = BUILD / name / "project"
    _do(sys.executable, ROOT / "codegen/gen.py", "--model", model, "--out", project)
    if not (project / ".venv").exists():
        (project / ".venv").symlink_to(ROOT / ".venv")
    return project


def _build(model: str, project: Path, tree: Path, config: str) -> Path:
    tree.mkdir(exist_ok=True)
    (tree / "sdkconfig").write_text((ROOT / "sdkconfig.ci.test").read_text(encoding="utf-8") + config)
    _do(
        *("cmake", "-G", "Ninja", "-Wno-dev", "-S", project / "host", "-B", tree),
        *(f"-DTB_SDKCONFIG={tree}/sdkconfig", "-DTB_SANITIZE=ON", "-DCMAKE_BUILD_TYPE=Debug"),
    )
    _do("ninja", "-C", tree, "--quiet", "firmware")
    return tree / f"{model}.elf"


def _do(*command: object) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-4000:]}{done.stderr[-4000:]}"


@dataclass
class Firmware:
    """A device of one model: a process for each boot, a store that stays."""

    elf: Path
    directory: Path
    log: str = ""

    def configure(self, settings: Mapping[str, object]) -> None:
        """Put *settings* on the device, beside what it keeps."""
        folder = self.directory / "tb_cfg"
        folder.mkdir(parents=True, exist_ok=True)
        canary.plant(settings)
        for key, value in settings.items():
            (folder / key).write_text(str(value), encoding="utf-8")

    def run(self) -> int:
        """Boot, wait for the end and return the exit status; *log* is what this boot printed."""
        environment = {**os.environ, "TB_STORE_DIR": str(self.directory)}
        done = subprocess.run(
            [self.elf],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            check=False,
        )
        self.log = done.stdout.decode("utf-8", "replace")
        self._hand_in()
        assert "Sanitizer" not in self.log, self.log
        assert "runtime error:" not in self.log, self.log
        return done.returncode

    def first_failure(self) -> str:
        """Boot, and return the name of the first outcome that is no success; the power goes then."""
        with self.failures() as names:
            return next(names)

    @contextmanager
    def failures(self) -> Iterator[Iterator[str]]:
        """Boot, and give the names of outcomes that are no success as they come; the power goes at the end."""
        with self._boot() as process:
            yield self._read_failures(process)

    def memory_at(self, pattern: str) -> bytes:
        """Boot, and return what the program's own memory holds once its log has *pattern*; the power goes then."""
        with self._boot() as process:
            for _ in self._read_lines(process):
                if re.search(pattern, self.log):
                    process.send_signal(signal.SIGSTOP)
                    return own_memory(process.pid)
        raise AssertionError(f"no {pattern}: {self.log}")

    @contextmanager
    def _boot(self) -> Iterator[subprocess.Popen[bytes]]:
        environment = {**os.environ, "TB_STORE_DIR": str(self.directory)}
        self.log = ""
        with subprocess.Popen(
            [self.elf], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process:
            timer = threading.Timer(PATIENCE_S, process.kill)
            timer.start()
            try:
                yield process
            finally:
                timer.cancel()
                process.kill()
                self._hand_in()

    def _read_lines(self, process: subprocess.Popen[bytes]) -> Iterator[str]:
        for raw in process.stdout or ():
            line = raw.decode("utf-8", "replace")
            self.log += line
            yield line

    def _read_failures(self, process: subprocess.Popen[bytes]) -> Iterator[str]:
        for line in self._read_lines(process):
            found = _OUTCOME.search(line)
            if found and found.group(1) not in ("PROVISIONED", "ONLINE"):
                yield found.group(1)
        raise AssertionError(f"no failure, or no further one: {self.log}")

    def _hand_in(self) -> None:
        canary.keep_log(self.log)
        for record in (self.directory / "tb" / "cred", self.directory / "tb" / "pending"):
            if record.exists():
                canary.plant_record(record.read_bytes())


def own_memory(pid: int) -> bytes:
    """Return what the variables and the main stack of the process hold; the heap is its libraries', not ours."""
    process = Path("/proc") / str(pid)
    elf = str((process / "exe").readlink())
    found = bytearray()
    end_of_ours = 0
    with (process / "mem").open("rb") as memory:
        for line in (process / "maps").read_text(encoding="utf-8").splitlines():
            span, access, _, _, _, *name = line.split(maxsplit=5)
            start, end = (int(address, 16) for address in span.split("-"))
            is_ours = name in ([elf], ["[stack]"]) or (not name and start == end_of_ours)  # .bss goes on without a name
            end_of_ours = end if is_ours else 0
            if is_ours and access.startswith("rw"):
                memory.seek(start)
                found += memory.read(end - start)
    return bytes(found)
