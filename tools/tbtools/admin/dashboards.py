"""``tb.py dashboard``: the dashboard of a model."""

from typing import Annotated

import typer

from tbtools.admin import documents, server_side
from tbtools.admin.login import DEFAULT_URL, DEFAULT_USER, Url, User, logged_in
from tbtools.console import AsJson, Result, ToolError, command


@command
def apply(
    model: server_side.Model = None,
    title: Annotated[
        str | None, typer.Option("--title", help="The dashboard's title; none: that of the model.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Change nothing; say what would be done.")] = False,
    url: Url = DEFAULT_URL,
    user: User = DEFAULT_USER,
    as_json: AsJson = False,  # noqa: ARG001  it is @command that reads it
) -> Result:
    """Create the dashboard, or change what differs; applied again, it changes nothing.

    It is found by its title. What it has besides, such as customers, stays.

    Examples:
      tb.py dashboard apply
      tb.py dashboard apply --model dev_sup_access_token_w_onewayssl --title Greenhouse
    """
    wanted = {**server_side.of(model).dashboard(), **({"title": title} if title else {})}
    with logged_in(url, user) as client:
        found = client.dashboards(wanted["title"])
        if len(found) > 1:
            raise ToolError(
                f"{len(found)} dashboards have the title {wanted['title']!r}",
                "Rename or delete all but one in ThingsBoard, or give another --title.",
            )
        there = client.dashboard(found[0]["id"]["id"]) if found else {}
        differs = bool(documents.differences(wanted, there))
        saved = client.put_dashboard(documents.merged(wanted, there)) if differs and not dry_run else there
    status = documents.status(bool(there), differs, dry_run)
    dashboard_id = saved.get("id", {}).get("id")
    address = f"{url.rstrip('/')}/dashboards/{dashboard_id}" if dashboard_id else None
    data = {"title": wanted["title"], "status": status, "id": dashboard_id, "address": address}
    return Result(data, [f"{status}: dashboard {wanted['title']}", *([address] if address else [])])
