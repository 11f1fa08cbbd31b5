import csv
import threading
from pathlib import Path

import pytest
from tbtools.console import ToolError
from tbtools.station.records import Records
from tbtools.station.verdict import COLUMNS, Verdict


def row(device: str) -> list[str]:
    return Verdict(
        time="2026-01-01T00:00:00+00:00",
        port="/dev/ttyUSB0",
        device=device,
        mac="",
        verdict="FAIL",
        outcome="NOT_FOUND",
        cause='a "cause", with commas\nand lines',
        advice="",
        seconds=1.25,
    ).row()


def rows_of(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_file_is_made_with_heads(tmp_path: Path) -> None:
    file = tmp_path / "boards.csv"
    Records(file)
    assert rows_of(file) == [list(COLUMNS)]


def test_rows_are_added_to_an_existing_file(tmp_path: Path) -> None:
    file = tmp_path / "boards.csv"
    for device in ("kitchen", "Küche"):
        Records(file).add(row(device))
    assert rows_of(file) == [list(COLUMNS), row("kitchen"), row("Küche")]


def test_a_row_that_a_power_cut_has_torn_stays_alone(tmp_path: Path) -> None:
    file = tmp_path / "boards.csv"
    Records(file).add(row("kitchen"))
    with file.open("a") as stream:
        stream.write("2026-01-01T00:00")
    Records(file).add(row("garage"))
    assert rows_of(file) == [list(COLUMNS), row("kitchen"), ["2026-01-01T00:00"], row("garage")]


def test_another_table_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "devices.csv"
    file.write_text("name,serial\nkitchen,1\n")
    with pytest.raises(ToolError, match="other columns"):
        Records(file)
    assert file.read_text() == "name,serial\nkitchen,1\n"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="cannot be written: No such file"):
        Records(tmp_path / "none" / "boards.csv")


def test_many_stations_write_whole_rows_and_the_heads_once(tmp_path: Path) -> None:
    file = tmp_path / "boards.csv"
    begin = threading.Barrier(8)

    def work(number: int) -> None:
        begin.wait()
        for count in range(25):
            Records(file).add(row(f"{number}-{count}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heads, *rows = rows_of(file)
    assert heads == list(COLUMNS)
    assert sorted(each[2] for each in rows) == sorted(f"{number}-{count}" for number in range(8) for count in range(25))


def test_a_name_is_no_formula() -> None:
    assert row("=cmd()")[2] == "'=cmd()"
