"""docs/state-machine.md and docs/outcomes.md say exactly what tb_session.c does."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, read

COMPONENT = ROOT / "components/tb_mqtt_client_helper"
OF_THE_EVENT = "of the event"
BY_THE_CODE = "by the code"
ALL_BUT_DONE = "all but done"

PAGE = read("docs/state-machine.md")


@dataclass(frozen=True)
class Case:
    """A state and an event as the code met them, and what it did."""

    state: str
    event: str
    terms: frozenset[str]
    next: str
    effects: str
    outcome: str
    remembers: frozenset[str]

    @property
    def is_quiet(self) -> bool:
        return self.next == self.state and not (self.effects or self.outcome or self.remembers)


@dataclass(frozen=True)
class Row:
    """A row of the page's table."""

    states: frozenset[str]
    events: frozenset[str]
    condition: frozenset[str]
    next: str
    effects: str
    outcome: str
    remembers: frozenset[str]

    def covers(self, case: Case) -> bool:
        return case.state in self.states and case.event in self.events and self.condition <= case.terms

    def agrees(self, case: Case, by_code: dict[str, str]) -> bool:
        return (
            self.next == case.next
            and self.effects == case.effects
            and self._outcome(case, by_code) == case.outcome
            and self.remembers - case.terms == case.remembers
        )

    def _outcome(self, case: Case, by_code: dict[str, str]) -> str:
        if self.outcome == OF_THE_EVENT:
            (failure,) = case.terms & {"STORE_FAILED", "PORT_FAILED", "NOT_CONFIGURED"}
            return failure
        if self.outcome == BY_THE_CODE:
            (code,) = (term.removeprefix("code ") for term in case.terms if term.startswith("code "))
            code += ", to a certificate" if "certificate shown" in case.terms else ""
            return by_code.get(code, by_code["any other"])
        return self.outcome


def _terms(cell: str) -> frozenset[str]:
    return frozenset(term for term in re.split(r"[,;]\s*", cell) if term)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that prints what the code does."""
    program = tmp_path_factory.mktemp("session") / "session_table"
    shown = program.parent / "tb_model.h"
    shown.write_text("#define TB_MODEL_TLS 1\n")  # with the names of all outcomes
    core = (COMPONENT / "src" / name for name in ("tb_session.c", "tb_outcome.c", "tb_buf.c"))
    sources = [Path(__file__).parent / "session_table.c", *core]
    subprocess.run(
        ["gcc", "-std=c11", "-Wall", f"-I{COMPONENT}/include", f"-I{shown.parent}", *sources, "-o", program], check=True
    )
    return program


@pytest.fixture(scope="module")
def cases(program: Path) -> list[Case]:
    """Everything that the code can do."""
    printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    fields = (line.split("\t") for line in printed.splitlines())
    return [Case(f[0], f[1], _terms(f[2]), f[3], f[4], f[5], _terms(f[6])) for f in fields]


@pytest.fixture(scope="module")
def states(cases: list[Case]) -> frozenset[str]:
    return frozenset(case.state for case in cases)


@pytest.fixture(scope="module")
def rows(states: frozenset[str]) -> list[Row]:
    table = PAGE.table("State", "Event", "Condition", "Next", "Effects", "Outcome", "Remembers")
    return [
        Row(
            states - {"done"} if row["State"] == ALL_BUT_DONE else _terms(row["State"]),
            _terms(row["Event"]),
            _terms(row["Condition"]),
            row["Next"],
            row["Effects"],
            row["Outcome"],
            _terms(row["Remembers"]),
        )
        for row in table
    ]


@pytest.fixture(scope="module")
def by_code() -> dict[str, str]:
    return {row["CONNACK code"]: row["Outcome"] for row in PAGE.table("CONNACK code", "Outcome")}


def test_each_state_is_described(states: frozenset[str]) -> None:
    described = {row["State"].strip("`") for row in PAGE.table("State", "The device", "Left by a tick after")}
    assert described == states


def test_the_table_is_what_the_code_does(cases: list[Case], rows: list[Row], by_code: dict[str, str]) -> None:
    for case in cases:
        covering = [row for row in rows if row.covers(case)]
        assert len(covering) <= 1, f"two rows for {case}: {covering}"
        if covering:
            assert covering[0].agrees(case, by_code), f"the code: {case}\nthe page: {covering[0]}"
        else:
            assert case.is_quiet, f"no row for {case}"


def test_each_row_can_happen(cases: list[Case], rows: list[Row]) -> None:
    for row in rows:
        for state in row.states:
            for event in row.events:
                assert any(row.covers(case) for case in cases if (case.state, case.event) == (state, event)), row


def test_the_figure_has_the_edges_of_the_table(rows: list[Row]) -> None:
    (figure,) = (block.text for block in PAGE.blocks if block.language == "mermaid")
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+):", figure, re.MULTILINE))
    run_time_over = frozenset({"run time over"})
    assert drawn == {(state, row.next) for row in rows if row.condition != run_time_over for state in row.states}


def test_each_outcome_has_its_policy_and_its_text(program: Path) -> None:
    printed = subprocess.run([program, "policies"], check=True, capture_output=True, text=True).stdout
    table = read("docs/outcomes.md").table(
        "Outcome", "Arises when", "Policy", "The device then", "After", "Stops", "A person reads"
    )
    assert [(row["Outcome"], row["Policy"], row["A person reads"]) for row in table] == [
        tuple(line.split("\t")) for line in printed.splitlines()
    ]


def test_each_policy_is_explained() -> None:
    policies = {row["Policy"] for row in read("docs/outcomes.md").table("Policy", "The device")}
    assert policies == {"GO_ON", "RETRY", "WAIT", "STOP"}
