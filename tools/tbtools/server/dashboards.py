"""The tenant's dashboards, and the rules under which they may be saved."""

import copy
from collections.abc import Iterable
from typing import Any

from tbtools.server.documents import TENANT_ID
from tbtools.server.entities import check_version, checked_name, found
from tbtools.server.model import new_id, now_ms

_FIELDS = ("image", "assignedCustomers", "configuration", "mobileOrder")
_INFO = ("id", "createdTime", "tenantId", "title", "image", "assignedCustomers", "mobileHide", "mobileOrder", "version")

Dashboard = dict[str, Any]


class Dashboards:
    """Dashboards by id; two may have the same title."""

    def __init__(self) -> None:
        self._dashboards: dict[str, Dashboard] = {}

    def get(self, dashboard_id: str) -> Dashboard:
        """Find a dashboard by id."""
        return found(self._dashboards.get(dashboard_id), "Dashboard", dashboard_id)

    def has(self, dashboard_id: str) -> bool:
        """Whether there is such a dashboard."""
        return dashboard_id in self._dashboards

    def infos(self) -> Iterable[Dashboard]:
        """All of them without their configuration, oldest first."""
        return ({key: each[key] for key in (*_INFO, "name")} for each in self._dashboards.values())

    def save(self, body: dict[str, Any]) -> Dashboard:
        """Create a dashboard, or replace it when *body* has an id. The configuration is kept as it is."""
        old = self.get(body["id"]["id"]) if body.get("id") else None
        if old is not None:
            check_version(body, old["version"])
        title = checked_name(body.get("title"), "Dashboard", "title")
        dashboard_id = old["id"]["id"] if old else new_id()
        saved = {
            "id": {"entityType": "DASHBOARD", "id": dashboard_id},
            "createdTime": old["createdTime"] if old else now_ms(),
            "tenantId": TENANT_ID,
            "title": title,
            "name": title,
            "mobileHide": body.get("mobileHide") is True,
            **{key: copy.deepcopy(body.get(key)) for key in _FIELDS},
            "externalId": None,
            "resources": None,
            "version": old["version"] + 1 if old else 1,
        }
        self._dashboards[dashboard_id] = saved
        return saved

    def delete(self, dashboard_id: str) -> None:
        """Delete a dashboard."""
        self.get(dashboard_id)
        del self._dashboards[dashboard_id]
