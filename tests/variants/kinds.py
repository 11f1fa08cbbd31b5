"""What the tests know about each kind of credentials: how a device is told of them, and how the server holds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tbtools.server.model import CredentialsType


@dataclass(frozen=True)
class Variant:
    """A model; *settings* are the texts that it asks for. The server then holds credentials of *type*."""

    model: str
    type: CredentialsType
    settings: Mapping[str, str] = field(default_factory=dict)


_TOKEN = {"token": "MY_ACCESS_TOKEN"}
_C = {"client_id": "MY_CLIENT_ID"}
_UP = {"username": "MY_USER_NAME", "password": "MY_PASSWORD"}

PLAIN = (
    Variant("dev_sup_access_token_wo_ssl", CredentialsType.ACCESS_TOKEN, _TOKEN),
    Variant("dev_sup_basic_mqtt_credential_c_wo_ssl", CredentialsType.MQTT_BASIC, _C),
    Variant("dev_sup_basic_mqtt_credential_up_wo_ssl", CredentialsType.MQTT_BASIC, _UP),
    Variant("dev_sup_basic_mqtt_credential_cup_wo_ssl", CredentialsType.MQTT_BASIC, {**_C, **_UP}),
    Variant("srv_gen_credentials_wo_ssl", CredentialsType.ACCESS_TOKEN),
)
ONE_WAY = (
    Variant("dev_sup_access_token_w_onewayssl", CredentialsType.ACCESS_TOKEN, _TOKEN),
    Variant("dev_sup_basic_mqtt_credential_cup_w_onewayssl", CredentialsType.MQTT_BASIC, {**_C, **_UP}),
    Variant("srv_gen_credentials_w_onewayssl", CredentialsType.ACCESS_TOKEN),
)
TWO_WAY = (Variant("dev_sup_x509_certificate_w_twowayssl", CredentialsType.X509_CERTIFICATE),)
CHAIN = "dev_sup_x509_chain_w_twowayssl"
