"""The acceptance vectors of the contract, section 11, numbered as there."""

import json
import re
from collections.abc import Callable

import pytest
from tbtools.rest import RestClient
from tbtools.server.model import Profile
from tbtools.server.thread import StandInThread

from tests.server.mqtt5_client import Mqtt5Client
from tests.server.mqtt_client import TELEMETRY, RawClient
from tests.server.provisioning import FAILURE, NOT_FOUND, REQUEST, ask, request

Connect = Callable[..., RawClient]
Connect5 = Callable[..., Mqtt5Client]


@pytest.mark.usefixtures("profile")
def test_vector_1_good_key_and_new_name_succeed_with_a_generated_token(front: RawClient, name: str) -> None:
    answer = ask(front, request(name)).decode()
    pattern = r'\{"credentialsValue":"[A-Za-z0-9]{20}","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"\}'
    assert re.fullmatch(pattern, answer)


@pytest.mark.usefixtures("profile")
def test_vector_2_the_same_name_again_fails(front: RawClient, name: str) -> None:
    assert b"SUCCESS" in ask(front, request(name))
    assert ask(front, request(name)) == FAILURE


@pytest.mark.usefixtures("profile")
def test_vector_3_wrong_secret_is_not_found(front: RawClient, name: str) -> None:
    assert ask(front, request(name, provisionDeviceSecret="wrong")) == NOT_FOUND


@pytest.mark.usefixtures("profile")
def test_vector_4_request_without_secret_is_acknowledged_and_closed(front: RawClient, name: str) -> None:
    front.publish(REQUEST, request(name, provisionDeviceSecret=None))
    front.puback()
    front.expect_closed()


def test_vector_5_request_that_is_not_json_is_closed_without_puback(front: RawClient) -> None:
    front.publish(REQUEST, b"{bad")
    front.expect_closed()


def test_vector_5_in_mqtt_5_request_that_is_not_json_has_a_reason_and_stays_open(front5: Mqtt5Client) -> None:
    front5.publish(REQUEST, b"{bad")
    assert front5.reason() == 0x99
    front5.ping()


def test_vector_6_telemetry_in_a_provisioning_session_is_acknowledged_and_closed(front: RawClient) -> None:
    front.publish(TELEMETRY, b"{}")
    front.puback()
    front.expect_closed()


def test_vector_7_other_filters_are_refused_in_a_provisioning_session(front: RawClient) -> None:
    front.subscribe("#")
    assert front.suback() == [0x80]
    front.ping()


@pytest.mark.usefixtures("profile")
def test_vector_8_mqtt_basic_without_fields_gives_an_access_token(front: RawClient, name: str) -> None:
    answer = json.loads(ask(front, request(name, credentialsType="MQTT_BASIC")))
    assert (answer["status"], answer["credentialsType"]) == ("SUCCESS", "ACCESS_TOKEN")


@pytest.mark.usefixtures("profile")
def test_vector_9_username_without_credentials_type_fails(tb: StandInThread, front: RawClient, name: str) -> None:
    assert ask(front, request(name, username="U", password="P")) == FAILURE
    assert tb.device(name) is None


def test_vector_10_pre_provisioned_device_gets_its_credentials_once(
    tb: StandInThread, front: RawClient, name: str, checked_profile: Profile
) -> None:
    tb.create_device(name, f"T{name}", checked_profile)
    answer = f'{{"credentialsValue":"T{name}","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}}'
    assert ask(front, request(name, token="ignored")).decode() == answer
    assert ask(front, request(name)) == FAILURE


def test_vector_11_token_is_enough_whatever_client_id_and_password(connect: Connect, token: str) -> None:
    assert connect(client_id="any", username=token, password="any").connack() == 0


def test_vector_12_unknown_token_is_refused_with_5(connect: Connect) -> None:
    client = connect(username="unknown")
    assert client.connack() == 5
    client.expect_closed()


def test_vector_12_in_mqtt_5_unknown_token_is_refused_with_0x86(connect5: Connect5) -> None:
    client = connect5(username="unknown")
    assert client.connack() == 0x86
    client.expect_disconnect(0x86)


def test_vector_13_unknown_client_id_alone_is_refused_with_2(connect: Connect) -> None:
    client = connect(client_id="unknown")
    assert client.connack() == 2
    client.expect_closed()


def test_vector_13_in_mqtt_5_unknown_client_id_alone_is_refused_with_0x85(connect5: Connect5) -> None:
    client = connect5(client_id="unknown")
    assert client.connack() == 0x85
    client.expect_disconnect(0x85)


def test_vector_14_session_present_mirrors_the_clean_flag(connect: Connect, token: str) -> None:
    assert connect(username=token, clean=False).receive().body == b"\x01\x00"
    assert connect(username=token, clean=True).receive().body == b"\x00\x00"


def test_vector_15_second_connection_closes_the_first(connect: Connect, device: RawClient, token: str) -> None:
    second = connect(client_id="other", username=token)
    assert second.connack() == 0
    device.expect_closed()
    second.ping()


def test_vector_16_numeric_string_is_stored_as_a_number(device: RawClient, rest: RestClient, name: str) -> None:
    assert device.publish(TELEMETRY, b'{"a":"007"}') == device.puback()
    found = rest.find_device(name)
    assert found is not None
    assert rest.latest_telemetry(found["id"]["id"], ["a"]) == {"a": 7}


def test_vector_17_empty_array_is_never_acknowledged(device: RawClient) -> None:
    device.publish(TELEMETRY, b"[]")
    device.expect_silence()
    device.ping()


def test_vector_18_attributes_that_are_no_object_are_closed(device: RawClient) -> None:
    device.publish("v1/devices/me/attributes", b"[1]")
    device.expect_closed()


def test_vector_19_attribute_request_that_finds_nothing_is_answered_with_an_empty_object(device: RawClient) -> None:
    device.publish("v1/devices/me/attributes/request/7", b'{"sharedKeys":"nope"}')
    device.puback()
    answer = device.message()
    assert (answer.topic, answer.payload, answer.qos) == ("v1/devices/me/attributes/response/7", b"{}", 1)


def test_vector_20_in_part_the_sdk_s_filter_for_chunks_is_refused(device: RawClient) -> None:
    device.subscribe("v2/fw/response/+")
    assert device.suback() == [0x80]


def test_vector_21_chunk_over_the_limit_is_an_error_and_a_close(device: RawClient) -> None:
    device.publish("v2/fw/request/1/chunk/0", b"65537")
    error = device.message()
    assert (error.topic, error.payload) == ("v2/fw/error", b"PAYLOAD_TOO_LARGE")
    device.expect_closed()


def test_vector_23_unknown_topic_is_acknowledged_and_dropped(tb: StandInThread, device: RawClient, name: str) -> None:
    assert device.publish("v1/devices/me/telemetri", b'{"a":1}') == device.puback()
    device.ping()
    found = tb.device(name)
    assert found is not None
    assert found.telemetry == {}


def test_vector_23_in_mqtt_5_unknown_topic_has_a_reason(tb: StandInThread, device5: Mqtt5Client, name: str) -> None:
    device5.publish("v1/devices/me/telemetri", b'{"a":1}')
    assert device5.reason() == 0x90
    device5.ping()
    found = tb.device(name)
    assert found is not None
    assert found.telemetry == {}
