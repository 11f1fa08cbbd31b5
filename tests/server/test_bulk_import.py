"""Bulk import of devices (contract 9): what DeviceBulkImportService does, and ThingsBoard's own tests of it."""

import doctest
from collections.abc import Callable

import pytest
import requests
from tb_ce_client import BulkImportColumnType, ColumnMapping
from tbtools.rest import RestClient
from tbtools.server.http import bulk_import
from tbtools.server.model import CredentialsType, Scope
from tbtools.server.thread import StandInThread

from tests.server.importing import import_csv
from tests.server.mqtt_client import RawClient


def figures(tb: StandInThread, text: str, update: bool = True) -> tuple[int | None, int | None, int | None]:
    """How many devices were created, updated, refused."""
    result = import_csv(tb, text, update=update)
    return result.created, result.updated, result.errors


def test_without_credentials_a_device_gets_a_token_and_keeps_it(tb: StandInThread, name: str) -> None:
    assert figures(tb, f"NAME,TYPE\n{name},type {name}") == (1, 0, 0)
    device = tb.device(name)
    assert device is not None
    assert device.profile.name == f"type {name}"
    assert device.credentials.type is CredentialsType.ACCESS_TOKEN
    token = device.credentials.lookup_id
    assert len(token) == 20
    assert figures(tb, f"NAME,TYPE\n{name},type {name}") == (0, 1, 0)
    assert device.credentials.lookup_id == token


@pytest.mark.parametrize(
    ("heads", "cells", "kind", "lookup", "value"),
    [
        ("ACCESS_TOKEN", "T-{0}", "ACCESS_TOKEN", "T-{0}", None),
        ("X509", "MII{0}", "X509_CERTIFICATE", None, "MII{0}"),
        ("MQTT_USER_NAME", "u{0}", "MQTT_BASIC", "u{0}", '{{"clientId":null,"userName":"u{0}","password":null}}'),
        (
            "MQTT_CLIENT_ID,MQTT_USER_NAME,MQTT_PASSWORD",
            "c{0},u{0},p",
            "MQTT_BASIC",
            None,
            '{{"clientId":"c{0}","userName":"u{0}","password":"p"}}',
        ),
    ],
)
def test_credentials_of_each_kind(
    tb: StandInThread, name: str, heads: str, cells: str, kind: str, lookup: str | None, value: str | None
) -> None:
    assert figures(tb, f"NAME,TYPE,{heads}\n{name},default,{cells.format(name)}") == (1, 0, 0)
    device = tb.device(name)
    assert device is not None
    assert device.credentials.type.value == kind
    assert lookup is None or device.credentials.lookup_id == lookup.format(name)
    assert device.credentials.value == (value and value.format(name))


def test_a_wrong_line_costs_only_itself(tb: StandInThread, name: str) -> None:
    rows = (f"{name}-1,,secret", f"{name}-2,user,", f"{name}-1,user2,")
    result = import_csv(tb, "NAME,MQTT_USER_NAME,MQTT_PASSWORD\n" + "\n".join(rows))
    assert (result.created, result.errors) == (2, 1)
    assert result.errors_list == [
        "Line 2: DeviceCredentialsValidationException: Invalid device credentials: "
        "Both mqtt client id and user name are empty!"
    ]
    result = import_csv(tb, f"NAME,TYPE,MQTT_USER_NAME\n{name}-3,default,user")
    assert result.errors_list is not None
    assert "already assigned to another device" in result.errors_list[0]


def test_label_and_description(tb: StandInThread, rest: RestClient, name: str) -> None:
    assert figures(tb, f'NAME,TYPE,LABEL,DESCRIPTION,IS_GATEWAY\n{name},,"Küche, links",x,TRUE\n') == (1, 0, 0)
    found = rest.find_device(name)
    assert found is not None
    assert (found["type"], found["label"]) == ("default", "Küche, links")
    assert found["additionalInfo"] == {"description": "x", "gateway": True}


def test_other_columns_are_server_attributes(tb: StandInThread, name: str) -> None:
    text = f"NAME,TYPE,serial,limits\n{name},,007,[1]"
    import_csv(tb, text)
    device = tb.device(name)
    assert device is not None

    def held() -> dict[str, object]:
        attributes = device.attributes[Scope.SERVER_SCOPE].items()
        return {key: attribute.value for key, attribute in attributes if key != "active"}

    assert held() == {"serial": 7, "limits": [1]}
    import_csv(tb, text.replace("007", "8"), update=False)
    assert held() == {"serial": 7, "limits": [1]}
    import_csv(tb, text.replace("007", "8"))
    assert held() == {"serial": 8, "limits": [1]}


def test_telemetry(tb: StandInThread, name: str) -> None:
    columns = [
        ColumnMapping(type=BulkImportColumnType.NAME),
        ColumnMapping(type=BulkImportColumnType.TIMESERIES, key="t"),
    ]
    import_csv(tb, f"a,b\n{name},1.50", columns)
    device = tb.device(name)
    assert device is not None
    latest = device.latest("t")
    assert latest is not None
    assert latest[1] == 1.5


def test_other_credentials_close_the_connection(tb: StandInThread, name: str, device: RawClient) -> None:
    import_csv(tb, f"NAME,TYPE,ACCESS_TOKEN\n{name},,T{name}")
    assert not tb.journal.events("close", cause="credentials changed")
    import_csv(tb, f"NAME,TYPE,ACCESS_TOKEN\n{name},,new-{name}")
    tb.journal.wait("close", cause="credentials changed")
    device.expect_closed()


@pytest.fixture
def post(tb: StandInThread, rest: RestClient) -> Callable[[object], int]:
    """Send any body; returns the status."""

    def send(body: object) -> int:
        headers = {"X-Authorization": str(rest._session.headers["X-Authorization"])}
        url = f"{tb.url}/api/device/bulk_import"
        return requests.post(url, json=body, headers=headers, timeout=5).status_code

    return send


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"delimiter": "x"}, 400),
        ({"columns": [{"type": "NO_SUCH_TYPE"}, {"type": "TYPE"}]}, 400),
        ({"columns": "NAME"}, 400),
        ({"columns": [{"type": "NAME"}]}, 500),
        ({"header": None}, 400),
    ],
)
def test_a_request_that_is_none(
    post: Callable[[object], int], name: str, change: dict[str, object], status: int
) -> None:
    mapping = {"columns": [{"type": "NAME"}, {"type": "TYPE"}], "delimiter": ",", "update": True, "header": True}
    assert post({"file": f"NAME,TYPE\n{name},x", "mapping": {**mapping, **change}}) == status


def test_examples() -> None:
    results = doctest.testmod(bulk_import)
    assert (results.failed, results.attempted) == (0, 1)
