"""What the tests of provisioning send and expect."""

import json
from typing import Any

from tests.server.mqtt_client import RawClient

REQUEST = "/provision/request"
RESPONSE = "/provision/response"
FAILURE = b'{"errorMsg":"Failed to provision device!","status":"FAILURE"}'
NOT_FOUND = b'{"errorMsg":"Provision data was not found!","status":"NOT_FOUND"}'


def request(name: str, **fields: Any) -> bytes:
    """A request for device <name> with key K<name> and secret S<name>; a field that is None is left out."""
    body = {"provisionDeviceKey": f"K{name}", "provisionDeviceSecret": f"S{name}", "deviceName": name, **fields}
    return json.dumps({key: value for key, value in body.items() if value is not None}).encode()


def ask(client: RawClient, body: bytes) -> bytes:
    """Send a request; expect PUBACK, then the answer, whose payload is returned."""
    assert client.publish(REQUEST, body) == client.puback()
    answer = client.message()
    assert (answer.topic, answer.qos) == (RESPONSE, 1)
    return answer.payload
