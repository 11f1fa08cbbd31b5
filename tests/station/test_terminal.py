"""What a person at a station sees."""

import re
from pathlib import Path

from pytest_embedded_idf import IdfApp
from tbtools.server.thread import StandInThread

from tests.admin.terminal import Terminal
from tests.station.bench import Port
from tests.station.conftest import PASSWORD, NewBoard


def test_one_live_line_and_a_line_for_each_verdict(
    port: Port, new_board: NewBoard, firmware: IdfApp, server: StandInThread
) -> None:
    environment = {"TB_URL": server.url, "TB_PASSWORD": PASSWORD, "TERM": "xterm", "COLUMNS": "150", "LINES": "24"}
    port.plug()
    arguments = ["station", "--port", str(port.name)]
    with Terminal(arguments, environment) as terminal:
        terminal.expect("waiting")
        port.switch_on(Path(firmware.elf_file), new_board("kitchen", prov_secret="ANOTHER_SECRET"))
        terminal.expect("FAIL")
        terminal.expect("tb.py profile show")
        terminal.type("\x03")
        assert terminal.end() == 0
    assert "0 PASS, 1 FAIL" in terminal.output
    assert terminal.output.count("\n") <= 6  # the live line is written over and over, and stays one
    assert re.search(r"FAIL\x1b\[0m \S+ kitchen: NOT_FOUND: ", terminal.output)
    assert "Traceback" not in terminal.output
