"""The programs that a measurement needs: whether they are there, and running them."""

import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TIMEOUT_S = 300


class BenchError(Exception):
    """Why nothing could be measured."""


def require(missing: Mapping[str, bool]) -> None:
    """Raise BenchError with the one command that installs every Debian package whose value is true."""
    packages = [package for package, is_missing in missing.items() if is_missing]
    if packages:
        raise BenchError(f"missing tools; install them with: apt-get install -y {' '.join(packages)}")


def has(program: str) -> bool:
    """Whether *program* is on the PATH."""
    return shutil.which(program) is not None


def succeeds(command: Sequence[str]) -> bool:
    """Whether *command* can be run and exits with 0; what it says is dropped."""
    return has(command[0]) and subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S).returncode == 0


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str:
    """Run *command* in the project's directory and return what it printed; BenchError when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_TIMEOUT_S
    )
    if done.returncode != 0:
        raise BenchError(f"exit status {done.returncode} from: {typed(command)}\n{done.stdout.rstrip()}")
    return done.stdout


def first_line(command: Sequence[str]) -> str:
    """The first line that *command* prints: a program's version."""
    return run(command).partition("\n")[0].strip()


def cmake(source: Path, build: Path, *options: str) -> str:
    """Configure *source* into *build* and build it; returns the command a person would type."""
    configure = ["cmake", "-S", local(source), "-B", local(build), "-G", "Ninja", *options]
    compile_all = ["cmake", "--build", local(build)]
    run(configure)
    run(compile_all)
    return f"{typed(configure)} && {typed(compile_all)}"


def local(path: Path) -> str:
    """*path* from the project's directory, or whole when it is elsewhere."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def typed(command: Sequence[str | Path]) -> str:
    """*command* as a person types it in the project's directory."""
    return shlex.join(local(part) if isinstance(part, Path) else part for part in command)
