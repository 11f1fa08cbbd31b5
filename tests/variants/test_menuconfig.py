"""One model, device_provisioning, whose credentials are chosen in menuconfig: each choice over TLS."""

from pathlib import Path

import pytest
from tbtools.server.model import CredentialsType, ProvisionType
from tbtools.server.standin import StandInConfig
from tbtools.server.thread import StandInThread

from tests.authority import Authority
from tests.variants.firmware import Firmware, build

NAME = "MY_DEVICE_NAME"
CHOICES = {
    "TBC_PROVISION_ACCESS_TOKEN": CredentialsType.ACCESS_TOKEN,
    "TBC_PROVISION_BASIC_C": CredentialsType.MQTT_BASIC,
    "TBC_PROVISION_BASIC_UP": CredentialsType.MQTT_BASIC,
    "TBC_PROVISION_BASIC_CUP": CredentialsType.MQTT_BASIC,
    "TBC_PROVISION_X509": CredentialsType.X509_CERTIFICATE,
    "TBC_PROVISION_BY_SERVER": CredentialsType.ACCESS_TOKEN,
}


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("strategy", ["ALLOW_CREATE_NEW_DEVICES", "CHECK_PRE_PROVISIONED_DEVICES"])
def test_each_choice(choice: str, strategy: str, tmp_path: Path) -> None:
    authority = Authority()
    identity = authority.device(NAME)
    with StandInThread(StandInConfig(tls=authority.server())) as server:
        profile = server.create_profile("chosen", "MY_KEY", "MY_SECRET", ProvisionType(strategy))
        if strategy == "CHECK_PRE_PROVISIONED_DEVICES":
            server.create_device(NAME, "TOKEN_OF_THE_SERVER", profile)
        device = Firmware(build("device_provisioning", choice), tmp_path)
        device.configure(
            {
                **{"host": "127.0.0.1", "port": server.mqtts_port, "device_name": NAME},
                **{"prov_key": "MY_KEY", "prov_secret": "MY_SECRET", "run_time_s": 1},
                **{"ca_cert": authority.pem, "client_cert": identity.certificate, "client_key": identity.key},
            }
        )
        assert device.run() == 0, device.log
        assert device.run() == 0, device.log
        found = server.device(NAME)
        assert found is not None
        assert found.telemetry
        if strategy == "ALLOW_CREATE_NEW_DEVICES":
            assert found.credentials.type is CHOICES[choice]
        assert [event["status"] for event in server.journal.events("provision")] == ["SUCCESS"]
