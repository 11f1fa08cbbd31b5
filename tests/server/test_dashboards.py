"""Dashboards over REST, as the server has them (contract 9)."""

from typing import Any

import pytest

from tests.server.conftest import Api

CONFIGURATION = {"widgets": {}, "any": ["thing", {"é": None}], "timewindow": {"x": 1.5}}


def test_dashboard_round_trip(api: Api, name: str) -> None:
    status, created = api("POST", "/api/dashboard", {"title": name, "configuration": CONFIGURATION, "unknown": 1})
    assert (status, created["title"], created["name"], created["version"]) == (200, name, name, 1)
    path = f"/api/dashboard/{created['id']['id']}"
    assert api("GET", path) == (200, created)
    assert created["configuration"] == CONFIGURATION
    assert "unknown" not in created

    status, changed = api("POST", "/api/dashboard", {**created, "title": f"{name} new"})
    assert (status, changed["id"], changed["version"]) == (200, created["id"], 2)
    assert changed["createdTime"] == created["createdTime"]
    assert api("POST", "/api/dashboard", created)[0] == 409

    assert api("DELETE", path) == (200, None)
    assert api("GET", path)[0] == api("DELETE", path)[0] == 404


def test_titles_may_be_the_same_and_are_searched(api: Api, name: str) -> None:
    for _ in range(2):
        api("POST", "/api/dashboard", {"title": f"Title {name}", "configuration": CONFIGURATION})
    status, page = api("GET", f"/api/tenant/dashboards?pageSize=10&page=0&textSearch=title {name}")
    assert (status, page["totalElements"], page["hasNext"]) == (200, 2, False)
    assert {info["title"] for info in page["data"]} == {f"Title {name}"}
    assert all("configuration" not in info for info in page["data"])
    assert api("GET", "/api/tenant/dashboards")[0] == 400


@pytest.mark.parametrize("title", [None, "", " ", 5, "x" * 256, "a <b>title</b>", "{{title}}"])
def test_bad_title_is_refused(api: Api, title: Any) -> None:
    status, error = api("POST", "/api/dashboard", {"title": title, "configuration": {}})
    assert (status, error["errorCode"]) == (400, 31)


def test_dashboard_that_a_profile_opens_stays(api: Api, name: str) -> None:
    dashboard_id = api("POST", "/api/dashboard", {"title": name, "configuration": {}})[1]["id"]
    profile = {"name": name, "defaultDashboardId": dashboard_id}
    assert api("POST", "/api/deviceProfile", profile)[1]["defaultDashboardId"] == dashboard_id
    status, error = api("DELETE", f"/api/dashboard/{dashboard_id['id']}")
    assert (status, error["errorCode"]) == (400, 31)
    missing = {"entityType": "DASHBOARD", "id": "none"}
    assert api("POST", "/api/deviceProfile", {"name": f"{name}-2", "defaultDashboardId": missing})[0] == 400
