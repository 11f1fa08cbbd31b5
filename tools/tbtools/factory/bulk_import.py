"""ThingsBoard's bulk import of devices: Devices > + > Import device.

A head that is the name of a column type is assigned by itself. The browser reads the file line by line, so that no cell
may have a line break; it insists on NAME and TYPE, the device profile.
"""

import csv
import io
from collections.abc import Sequence

from tbtools.factory.settings import Told

_CREDENTIALS = {
    "token": "ACCESS_TOKEN",
    "client_id": "MQTT_CLIENT_ID",
    "username": "MQTT_USER_NAME",
    "password": "MQTT_PASSWORD",
}


def bulk_import_csv(told: Sequence[Told], texts: Sequence[str], profile: str) -> str:
    """The file: a row for each device, whose credentials are *texts* of its settings, or its certificate."""
    certificates = any(each.certificate for each in told)
    labels = any(each.device.label for each in told)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    heads = ["NAME", "TYPE", *(["LABEL"] if labels else []), *(_CREDENTIALS[text] for text in texts)]
    writer.writerow(heads + (["X509"] if certificates else []))
    for each in told:
        row = [each.device.name, profile, *([each.device.label] if labels else [])]
        row += [each.settings[text] for text in texts]
        writer.writerow(row + ([each.certificate] if certificates else []))
    return stream.getvalue()
