"""The budgets that counts and sizes keep. What a clock or callgrind measures stays in `make bench`."""

import asyncio
from pathlib import Path

import pytest
from tbbench import heap, latency, programs, weight
from tbbench.firmware import LogLine
from tbbench.programs import Programs
from tbbench.tools import BenchError
from tbtools.figures import Figure

from tests.model import of_the_default_model


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    programs.require_tools(valgrind=False)
    return programs.build(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def weighed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    try:
        weight.require_tools()
    except BenchError as error:
        pytest.fail(str(error))
    directory = tmp_path_factory.mktemp("size")
    weight.build(directory)
    return directory


def _value(figures: list[Figure], name: str) -> float:
    return next(figure.value for figure in figures if figure.name == name)


def test_counter_sees_every_way_to_allocate(built: Programs) -> None:
    ours = heap.count_program(built, built.heap_control).ours
    assert (ours.direct, ours.via_libc, ours.bytes) == (7, 1, 44)


@of_the_default_model
@pytest.mark.parametrize("path", ["provisioning", "publish"])
def test_core_allocates_nothing(built: Programs, path: str) -> None:
    counts = heap.count_program(built, built.core_paths, path)
    assert (counts.ours.direct, counts.ours.via_libc, counts.others) == (0, 0, ())


def test_firmware_layers_allocate_nothing(built: Programs) -> None:
    for connections, counts in zip((2, 1), asyncio.run(heap.count_boots(built, 2)), strict=True):
        assert counts.others_calls > 0, "the counter missed what libmosquitto allocates"
        assert counts.ours.direct == 0
        assert counts.ours.via_libc <= 1 + connections


@of_the_default_model
def test_component_keeps_its_size(weighed: Path) -> None:
    figures = weight.measure(weighed)
    over = [f"{figure.name} {figure.value} > {figure.limit}" for figure in figures if not figure.held]
    assert not over
    assert _value(figures, "component: text") >= _value(figures, "linked: component") > 4096


@of_the_default_model
def test_size_over_budget_is_seen(weighed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weight, "TEXT_LIMIT", 4096)
    over = [figure.name for figure in weight.measure(weighed) if not figure.held]
    assert over == ["component: text"]


def test_time_counts_from_the_first_connect_to_the_telemetry() -> None:
    texts = {
        3: "connecting to mqtt://127.0.0.1:1883 ...",
        205: "TBCM_EVENT_PUBLISHED, msg_id=2",
        210: "connecting to mqtt://127.0.0.1:1883 ...",
        311: '[Telemetry][Tx] {"temprature":25,"humidity":26}',
        412: "TBCM_EVENT_PUBLISHED, msg_id=1",
        513: "TBCM_EVENT_PUBLISHED, msg_id=2",
    }
    assert latency.connect_to_acknowledged([LogLine(at_ms, "tag", text) for at_ms, text in texts.items()]) == 409


def test_time_without_acknowledgement_is_an_error() -> None:
    with pytest.raises(BenchError, match="acknowledged"):
        latency.connect_to_acknowledged([LogLine(3, "tag", "connecting to mqtt://127.0.0.1:1883 ...")])
