"""ThingsBoard's import dialog, as its browser code does it, over ThingsBoard's own REST client."""

from tb_ce_client import (
    ApiClient,
    BulkImportColumnType,
    BulkImportRequest,
    BulkImportResultDevice,
    ColumnMapping,
    Configuration,
    DeviceControllerApi,
    Mapping,
)
from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread

_ASSIGNED = {type.value for type in BulkImportColumnType}


def columns_of(text: str) -> list[ColumnMapping]:
    """What the dialog assigns: a head that is the name of a type has that type, others are server attributes."""
    heads = text.splitlines()[0].split(",")
    return [
        ColumnMapping(type=BulkImportColumnType(head.upper()))
        if head.upper() in _ASSIGNED
        else ColumnMapping(type=BulkImportColumnType.SERVER_ATTRIBUTE, key=head)
        for head in heads
    ]


def import_csv(
    tb: StandInThread, text: str, columns: list[ColumnMapping] | None = None, update: bool = True
) -> BulkImportResultDevice:
    """Import a CSV file with a header, as a tenant administrator."""
    mapping = Mapping(columns=columns or columns_of(text), delimiter=",", header=True, update=update)
    with RestClient(tb.url) as rest, ApiClient(Configuration(host=tb.url)) as client:
        rest.login()
        client.set_default_header("X-Authorization", str(rest._session.headers["X-Authorization"]))
        request = BulkImportRequest(file=text, mapping=mapping)
        return DeviceControllerApi(client).process_devices_bulk_import(request)
