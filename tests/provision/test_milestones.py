from tests.model import DEVICE
from tests.provision.milestones import first_missing, use_case

LOG = "I (1) A: one\nI (2) B: noise\nI (3) A: two\nI (4) A: one\n"


def test_met_in_order() -> None:
    assert first_missing(["A: one", "A: two", "A: one"], LOG) is None
    assert first_missing([], "") is None


def test_order_matters() -> None:
    assert first_missing(["A: two", "A: one", "A: two"], LOG) == "A: two"


def test_one_line_meets_one_milestone() -> None:
    assert first_missing(["A: two", "A: two"], LOG) == "A: two"


def test_first_missing_is_told() -> None:
    assert first_missing(["A: one", "A: three", "A: four"], LOG) == "A: three"


def test_use_case_has_milestones_and_no_comments() -> None:
    patterns = use_case(DEVICE)
    assert len(patterns) == 21 + len(DEVICE.telemetry)
    assert not any(pattern.startswith(("#", "$")) for pattern in patterns)
