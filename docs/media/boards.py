"""A bench for a recording: boards that are plugged in at a port, one after another, each until it has its verdict."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.provision.linux import StoreDirectory
from tests.station.bench import PATIENCE_S, Port

BOARDS = {"kitchen": "MY_PROVISION_SECRET", "attic": "ANOTHER_SECRET", "cellar": "MY_PROVISION_SECRET"}
"""Name and provision secret of each; one is wrong."""
_PAUSE_S = 1.5


@contextmanager
def bench(elf: Path, settings: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Plug in boards, beside the block, as soon as a station says who it is; end the station after the last one.

    The block gets the environment of station.sh.
    """
    root = Path(tempfile.gettempdir()) / "bench"  # the recording shows it: always the same
    root.mkdir()
    pid_file, table = root / "pid", root / "boards.csv"
    port = Port(root / "ttyUSB0")

    def work() -> None:
        _wait_until(pid_file.exists)
        try:
            plug_in_all()
        finally:
            port.unplug()
            os.kill(int(pid_file.read_text()), signal.SIGINT)

    def plug_in_all() -> None:
        for number, (name, secret) in enumerate(BOARDS.items(), start=1):
            store = StoreDirectory(root / name)
            store.format({**settings, "device_name": name, "prov_secret": secret})
            port.unplug()
            time.sleep(_PAUSE_S)
            port.plug()
            time.sleep(_PAUSE_S)
            port.switch_on(elf, store)
            _wait_until(lambda rows=number: _rows(table) >= rows)  # type: ignore[misc]
            time.sleep(_PAUSE_S)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield {"PORT": str(port.name), "TABLE": str(table), "PID_FILE": str(pid_file)}
        worker.join()
    finally:
        shutil.rmtree(root)


def _rows(table: Path) -> int:
    return len(table.read_text().splitlines()) - 1 if table.exists() else 0


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("the station has said nothing")
        time.sleep(0.05)
