"""Provisioning beyond the acceptance vectors (contract 1.7 and 2)."""

import json
from collections.abc import Callable

import pytest
import requests
from tbtools.rest import RestClient
from tbtools.server.credentials import sha3
from tbtools.server.model import Profile, ProvisionType, Scope
from tbtools.server.thread import StandInThread

from tests.server.mqtt_client import RawClient
from tests.server.provisioning import FAILURE, NOT_FOUND, REQUEST, RESPONSE, ask, request

Connect = Callable[..., RawClient]


@pytest.mark.usefixtures("profile")
def test_client_id_provision_opens_a_provisioning_session_too(connect: Connect, name: str) -> None:
    client = connect()
    client.login(client_id="provision", username="whatever", password="ignored")
    assert b"SUCCESS" in ask(client, request(name))


@pytest.mark.usefixtures("profile")
def test_supplied_token_is_kept_and_logs_in(connect: Connect, front: RawClient, name: str) -> None:
    answer = ask(front, request(name, credentialsType="ACCESS_TOKEN", token=f"mine-{name}"))
    assert answer.decode() == (
        f'{{"credentialsValue":"mine-{name}","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}}'
    )
    connect().login(username=f"mine-{name}")


@pytest.mark.parametrize(
    ("fields", "login"),
    [
        ({"username": "u-{}"}, {"client_id": "any", "username": "u-{}", "password": "any"}),
        ({"username": "u-{}", "password": "p"}, {"username": "u-{}", "password": "p"}),
        ({"clientId": "c-{}"}, {"client_id": "c-{}"}),
        ({"clientId": "c-{}", "username": "u-{}"}, {"client_id": "c-{}", "username": "u-{}"}),
        (
            {"clientId": "c-{}", "username": "u-{}", "password": "p"},
            {"client_id": "c-{}", "username": "u-{}", "password": "p"},
        ),
    ],
)
@pytest.mark.usefixtures("profile")
def test_mqtt_basic_answers_an_object_and_logs_in(
    connect: Connect, front: RawClient, name: str, fields: dict[str, str], login: dict[str, str]
) -> None:
    fields = {key: value.format(name) for key, value in fields.items()}
    answer = json.loads(ask(front, request(name, credentialsType="MQTT_BASIC", **fields)))
    names = {"clientId": "clientId", "userName": "username", "password": "password"}
    assert answer["credentialsValue"] == {out: fields.get(key, "") for out, key in names.items()}
    connect().login(**{key: value.format(name) for key, value in login.items()})


@pytest.mark.usefixtures("profile")
def test_x509_answers_the_bare_certificate(tb: StandInThread, front: RawClient, name: str) -> None:
    body = f"MIIB{name}+/=="
    pem = f"-----BEGIN CERTIFICATE-----\r\n{body[:5]}\n{body[5:]}\n-----END CERTIFICATE-----\n"
    answer = json.loads(ask(front, request(name, credentialsType="X509_CERTIFICATE", hash=pem)))
    assert answer == {"credentialsValue": body, "credentialsType": "X509_CERTIFICATE", "status": "SUCCESS"}
    device = tb.device(name)
    assert device is not None
    assert device.credentials.lookup_id == sha3(body)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"deviceName": "   "}, id="blank name"),
        pytest.param({"deviceName": "x" * 256}, id="long name"),
        pytest.param({"deviceName": "<b>x</b>"}, id="markup in name"),
        pytest.param({"token": "a\nb"}, id="control character in token"),
        pytest.param({"credentialsType": "MQTT_BASIC", "clientId": "c", "password": "p"}, id="client id and password"),
        pytest.param({"credentialsType": "MQTT_BASIC", "password": "p"}, id="password alone"),
        pytest.param({"credentialsType": "X509_CERTIFICATE", "token": "t"}, id="no certificate"),
        pytest.param({"credentialsType": "LWM2M_CREDENTIALS", "token": "t"}, id="LwM2M"),
    ],
)
@pytest.mark.usefixtures("profile")
def test_what_may_not_be_saved_fails(front: RawClient, name: str, fields: dict[str, str]) -> None:
    assert ask(front, request(name, **fields)) == FAILURE


@pytest.mark.usefixtures("profile")
def test_token_of_another_device_fails_and_leaves_no_device(
    tb: StandInThread, front: RawClient, name: str, token: str
) -> None:
    assert (
        ask(front, request(f"{name}-2", provisionDeviceKey=f"K{name}", provisionDeviceSecret=f"S{name}", token=token))
        == FAILURE
    )
    assert tb.device(f"{name}-2") is None


@pytest.mark.usefixtures("profile")
def test_device_limit_fails(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.create_device(f"{name} that fills the tenant")
    tb.settings.max_devices = 1
    assert ask(front, request(name)) == FAILURE


@pytest.mark.parametrize("missing", [None, ""])
@pytest.mark.usefixtures("profile")
def test_name_is_invented_when_none_is_given(
    tb: StandInThread, front: RawClient, name: str, missing: str | None
) -> None:
    answer = json.loads(ask(front, request(name, deviceName=missing)))
    token = answer["credentialsValue"]
    device = tb.run(lambda standin: standin.store.device_by_lookup_id(token))
    assert device is not None
    assert len(device.name) == 20


@pytest.mark.usefixtures("profile")
def test_name_is_trimmed_and_state_is_written(tb: StandInThread, front: RawClient, name: str) -> None:
    assert b"SUCCESS" in ask(front, request(name, deviceName=f"  {name} "))
    device = tb.device(name)
    assert device is not None
    assert device.attributes[Scope.SERVER_SCOPE]["provisionState"].value == "provisioned"


@pytest.mark.parametrize(("version", "gateway"), [("4.3", True), ("3.7", False)])
@pytest.mark.usefixtures("profile")
def test_gateway_flag_is_known_since_3_8(
    tb: StandInThread, front: RawClient, name: str, version: str, gateway: bool
) -> None:
    tb.settings.server_version = version
    ask(front, request(name, gateway=True))
    device = tb.device(name)
    assert device is not None
    assert device.is_gateway is gateway


@pytest.mark.parametrize(
    "fields", [{"provisionDeviceKey": ""}, {"provisionDeviceSecret": ""}, {"provisionDeviceKey": "?"}]
)
@pytest.mark.usefixtures("profile")
def test_empty_or_unknown_key_is_not_found(front: RawClient, name: str, fields: dict[str, str]) -> None:
    assert ask(front, request(name, **fields)) == NOT_FOUND


def test_disabled_profile_is_not_found(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.create_profile(name, f"K{name}", f"S{name}", ProvisionType.DISABLED)
    assert ask(front, request(name)) == NOT_FOUND


def test_pre_provisioned_device_must_exist_in_the_profile(
    tb: StandInThread, front: RawClient, name: str, checked_profile: Profile
) -> None:
    assert ask(front, request(name)) == FAILURE
    assert ask(front, request(name, deviceName=None)) == FAILURE
    tb.create_device(name)
    assert ask(front, request(name)) == FAILURE
    assert checked_profile.name != "default"


def test_deleting_the_state_lets_a_device_provision_again(
    tb: StandInThread, front: RawClient, rest: RestClient, name: str, checked_profile: Profile
) -> None:
    device = tb.create_device(name, f"T{name}", checked_profile)
    assert b"SUCCESS" in ask(front, request(name))
    rest.delete_attributes(device.id, "SERVER_SCOPE", ["provisionState"])
    assert b"SUCCESS" in ask(front, request(name))


def test_certificate_chain_profile_is_never_answered(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.settings.transport_timeout_s = 0.2
    profile = tb.create_profile(name, "", f"S{name}", ProvisionType.X509_CERTIFICATE_CHAIN)
    front.publish(REQUEST, request(name, provisionDeviceKey=profile.provision_key))
    front.expect_silence(0.1)
    front.puback()
    front.expect_closed()


@pytest.mark.parametrize(
    "fields", [{"credentialsType": "access_token"}, {"token": {}}, {"deviceName": [1, 2]}, {"credentialsType": ""}]
)
@pytest.mark.usefixtures("profile")
def test_unreadable_value_is_acknowledged_and_closed(front: RawClient, name: str, fields: dict[str, object]) -> None:
    front.publish(REQUEST, request(name, **fields))
    front.puback()
    front.expect_closed()


def test_null_value_is_acknowledged_and_closed(front: RawClient) -> None:
    front.publish(REQUEST, b'{"provisionDeviceKey":"K","provisionDeviceSecret":"S","deviceName":null}')
    front.puback()
    front.expect_closed()


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"{", b"\xff\xfe"])
def test_request_that_is_no_object_is_closed_without_puback(front: RawClient, body: bytes) -> None:
    front.publish(REQUEST, body)
    front.expect_closed()


def test_empty_request_is_not_found_in_protobuf(front: RawClient) -> None:
    assert ask(front, b"") == b"\x08\x02"


@pytest.mark.parametrize("qos", [0, 1])
@pytest.mark.usefixtures("profile")
def test_answer_has_the_qos_that_was_subscribed(front: RawClient, name: str, qos: int) -> None:
    front.subscribe(RESPONSE, qos=qos)
    assert front.suback() == [qos]
    front.publish(REQUEST, request(name), qos=0)
    assert front.message().qos == qos


@pytest.mark.usefixtures("profile")
def test_subscription_is_never_granted_qos_2_and_can_be_given_up(front: RawClient, name: str) -> None:
    front.subscribe(RESPONSE, qos=2)
    assert front.suback() == [1]
    front.unsubscribe(RESPONSE)
    assert front.receive().kind == 11
    assert b"SUCCESS" in ask(front, request(name))


@pytest.mark.usefixtures("profile")
def test_session_is_closed_some_time_after_an_answer(tb: StandInThread, front: RawClient, name: str) -> None:
    tb.settings.provision_close_s = 0.2
    ask(front, request(name))
    front.ping()
    front.expect_closed()
    tb.journal.wait("close", by="server", cause="provisioning is over")


@pytest.mark.parametrize("version", ["3.2", "3.8.1"])
@pytest.mark.usefixtures("profile")
def test_before_3_9_subscribe_and_unsubscribe_are_ignored(
    tb: StandInThread, front: RawClient, name: str, version: str
) -> None:
    tb.settings.server_version = version
    front.subscribe(RESPONSE, qos=0)
    front.unsubscribe(RESPONSE)
    front.expect_silence()
    assert b"SUCCESS" in ask(front, request(name))


@pytest.mark.parametrize(("topic", "body"), [(REQUEST, b"{}"), ("v1/devices/me/telemetry", b"{}")])
def test_before_3_7_a_refused_publish_is_not_acknowledged(
    tb: StandInThread, front: RawClient, topic: str, body: bytes
) -> None:
    tb.settings.server_version = "3.6.4"
    front.publish(topic, body)
    front.expect_closed()


@pytest.mark.parametrize(("version", "survives"), [("3.9.0", False), ("3.9.1", True)])
def test_unsubscribe_without_subscription_is_fatal_in_3_9_0_only(
    tb: StandInThread, front: RawClient, version: str, survives: bool
) -> None:
    tb.settings.server_version = version
    front.unsubscribe(RESPONSE)
    if survives:
        assert front.receive().kind == 11
    else:
        front.expect_closed()


@pytest.mark.usefixtures("profile")
def test_http_twin_answers_the_same(tb: StandInThread, name: str) -> None:
    def post(body: bytes) -> requests.Response:
        return requests.post(f"{tb.url}/api/v1/provision", data=body, timeout=5)

    first, second = post(request(name, token=f"T{name}")), post(request(name, token=f"T{name}"))
    assert first.text == f'{{"credentialsValue":"T{name}","credentialsType":"ACCESS_TOKEN","status":"SUCCESS"}}'
    assert (second.status_code, second.content) == (200, FAILURE)
    assert post(b"[]").status_code == 400


@pytest.mark.usefixtures("profile")
def test_journal_tells_the_cause_and_no_secret(
    tb: StandInThread, connect: Connect, front: RawClient, name: str
) -> None:
    ask(front, request(name, provisionDeviceSecret="hush-secret"))
    ask(front, request(name, token="hush-token"))
    connect().login(username="hush-token", client_id="hush-token")
    connect(username="hush-wrong", password="hush-password").connack()
    connect(client_id="hush-client").connack()
    causes = [(event["status"], event["cause"]) for event in tb.journal.events("provision", device=name)]
    assert causes == [("NOT_FOUND", "wrong secret"), ("SUCCESS", "")]
    everything = json.dumps(tb.journal.events())
    assert "hush" not in everything
    assert f"K{name}" not in everything
    assert f"S{name}" not in everything
