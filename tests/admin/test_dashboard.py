"""``tb.py dashboard``."""

import json
from pathlib import Path

from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread

from tests.admin.conftest import DASHBOARD, Tb


def test_apply_creates_it_and_twice_changes_nothing(tb: Tb, server: StandInThread, rest: RestClient) -> None:
    result = tb.json("dashboard", "apply")
    assert (result["title"], result["status"]) == ("Boilers", "created")
    assert result["address"] == f"{server.url}/dashboards/{result['id']}"
    before = rest.dashboard(result["id"])
    assert before["configuration"] == DASHBOARD["configuration"]
    again = tb("dashboard", "apply")
    assert again.stdout.splitlines() == ["unchanged: dashboard Boilers", result["address"]]
    assert rest.dashboard(result["id"]) == before


def test_only_what_differs_is_changed(tb: Tb, rest: RestClient, model: Path) -> None:
    dashboard_id = tb.json("dashboard", "apply")["id"]
    there = rest.dashboard(dashboard_id)
    there["mobileOrder"] = 3
    there["configuration"]["widgets"]["by-hand"] = {"id": "by-hand"}
    there["configuration"]["widgets"]["w1"]["decimals"] = 2
    rest.put_dashboard(there)
    assert tb.json("dashboard", "apply")["status"] == "unchanged"
    changed = json.loads(json.dumps(DASHBOARD))
    changed["configuration"]["widgets"]["w1"]["sizeX"] = 12
    (model / "dashboard.json").write_text(json.dumps(changed))
    assert tb.json("dashboard", "apply", "--dry-run")["status"] == "would be changed"
    assert tb.json("dashboard", "apply")["status"] == "changed"
    after = rest.dashboard(dashboard_id)
    assert after["mobileOrder"] == 3
    assert after["configuration"]["widgets"] == {
        "w1": {"id": "w1", "sizeX": 12, "decimals": 2},
        "by-hand": {"id": "by-hand"},
    }


def test_a_dry_run_creates_nothing(tb: Tb, rest: RestClient) -> None:
    result = tb.json("dashboard", "apply", "--dry-run", "--title", "Mine")
    assert (result["status"], result["id"], result["address"]) == ("would be created", None, None)
    assert rest.dashboards("Mine") == []


def test_a_title_that_several_have_is_told(tb: Tb, rest: RestClient) -> None:
    for _ in range(2):
        rest.put_dashboard({"title": "Boilers"})
    done = tb("dashboard", "apply")
    assert done.code == 1
    assert "2 dashboards have the title 'Boilers'" in done.stderr
    assert "--title" in done.stderr


def test_a_project_without_a_dashboard_says_how_to_get_one(tb: Tb, model: Path) -> None:
    (model / "dashboard.json").unlink()
    done = tb("dashboard", "apply")
    assert done.code == 1
    assert "make gen" in done.stderr
