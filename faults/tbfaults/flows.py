"""The ways in which a device comes to its credentials, or to other ones. A further one is one more entry in FLOWS."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum
from functools import partial

from OpenSSL import SSL
from tbtools.server import credentials as creds
from tbtools.server.model import Credentials, ProvisionType
from tbtools.server.standin import StandIn

from tbfaults import certificates, stories
from tbfaults.projects import TREE, Project
from tbfaults.stories import Story

KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
PROFILE = "faults"


class Tls(Enum):
    """Who shows a certificate."""

    NONE = 0
    SERVER = 1
    BOTH = 2


class Depth(IntEnum):
    """How much of a flow is tried. What is the same code for all flows is tried to its end in some; see choice.py."""

    SAMPLE = 0  # a sample
    EFFECTS = 1  # a power cut after every effect, a failure of every effect, and of all else a sample
    EVERYTHING = 2  # all that can be counted: every byte, every kind of power cut, every server version


@dataclass(frozen=True)
class Flow:
    """What server and device are told before the first boot, and the *story* that follows when the device works.

    *settings* go to the device's namespace `tb_cfg`, over those that all flows share. With *credentials*, an
    administrator has made the device. The server speaks no newer TLS than *newest_tls*. When the *server_chooses* the
    credentials, those of a lost answer are lost until an administrator helps (contract 2.7).
    """

    name: str
    strategy: ProvisionType
    settings: Mapping[str, str]
    credentials: Callable[[], Credentials] | None = None
    project: Project = TREE
    tls: Tls = Tls.NONE
    newest_tls: int = SSL.TLS1_3_VERSION
    server_chooses: bool = False
    story: Story | None = None
    depth: Depth = Depth.EFFECTS

    @property
    def asks(self) -> bool:
        """Whether the device sends a provisioning request."""
        return self.strategy is not ProvisionType.X509_CERTIFICATE_CHAIN

    @property
    def is_own(self) -> bool:
        """Whether nobody else has the device's credentials: it has made them, or they are its certificate."""
        configured = any(self.settings.get(key) for key in ("token", "client_id", "username", "password"))
        return not configured and not self.server_chooses

    @property
    def device_name(self) -> str:
        """The device's name; "": it makes one of its own."""
        return self.settings["device_name"]

    @property
    def secret(self) -> str:
        """The provision secret of the profile; that of a chain is the CA's certificate (contract 2.8)."""
        return SECRET if self.asks else certificates.fleet_ca()

    def prepare(self, server: StandIn) -> None:
        """Do what the administrator does."""
        if not self.asks:
            self._prepare_chain(server)
            return
        profile = server.create_profile(PROFILE, KEY, SECRET, self.strategy)
        if self.credentials is not None:
            server.store.create_device(self.device_name, profile, self.credentials())

    def _prepare_chain(self, server: StandIn) -> None:
        configuration = {
            "type": self.strategy.value,
            "provisionDeviceSecret": self.secret,
            "certificateRegExPattern": "(.*)",
            "allowCreateNewDevicesByX509Certificate": True,
        }
        profile_data = {"provisionConfiguration": configuration}
        server.create_profile(PROFILE, "", self.secret, self.strategy, profileData=profile_data)

    def configuration(self, port: int) -> dict[str, str]:
        """The device's settings."""
        return {
            "host": "127.0.0.1",
            "port": str(port),
            "prov_key": KEY,
            "prov_secret": SECRET,
            "run_time_s": "0",  # it lives until the power goes
            "telemetry_s": "1",
            **(certificates.ca_settings() if self.tls is not Tls.NONE else {}),
            **(certificates.device_settings() if self.tls is Tls.BOTH else {}),
            **self.settings,
        }


CREATE = ProvisionType.ALLOW_CREATE_NEW_DEVICES
CHECK = ProvisionType.CHECK_PRE_PROVISIONED_DEVICES

_NAME = {"device_name": certificates.DEVICE}
_NO_NAME = {"device_name": ""}
_TOKEN = "MY_ACCESS_TOKEN_20_B"
_WITH_TOKEN = {**_NAME, "token": _TOKEN}
_OWN = {**_NO_NAME, "token": ""}
_WITH_BASIC = {**_NAME, "client_id": "MY_CLIENT_ID", "username": "MY_USER_NAME", "password": "MY_PASSWORD"}
_OWN_BASIC = {**_NO_NAME, "client_id": "", "username": "", "password": ""}
_TOKEN_MADE = partial(creds.access_token, _TOKEN)

_OLD = SSL.TLS1_2_VERSION

_BASIC = Project("dev_sup_basic_mqtt_credential_cup_wo_ssl")
_CLIENT_ID = Project("dev_sup_basic_mqtt_credential_c_wo_ssl")
_USER_NAME = Project("dev_sup_basic_mqtt_credential_up_wo_ssl")
_BASIC_TLS = Project("dev_sup_basic_mqtt_credential_cup_w_onewayssl")
_TOKEN_TLS = Project("dev_sup_access_token_w_onewayssl")
_X509 = Project("dev_sup_x509_certificate_w_twowayssl")
_CHAIN = Project("dev_sup_x509_chain_w_twowayssl")
_GENERATED = Project("srv_gen_credentials_wo_ssl")
_ROTATING = Project("dev_sup_access_token_wo_ssl", app="rotation")

FLOWS = (
    Flow("create", CREATE, _WITH_TOKEN, depth=Depth.EVERYTHING),
    Flow("create-own", CREATE, _OWN, depth=Depth.EVERYTHING),
    Flow("pre-provisioned", CHECK, _WITH_TOKEN, _TOKEN_MADE),
    Flow("basic-create", CREATE, _WITH_BASIC, project=_BASIC),
    Flow("basic-create-own", CREATE, _OWN_BASIC, project=_BASIC),
    Flow("client-id-create-own", CREATE, {**_NO_NAME, "client_id": ""}, project=_CLIENT_ID),
    Flow("user-name-create-own", CREATE, {**_NO_NAME, "username": "", "password": ""}, project=_USER_NAME),
    Flow("tls-create", CREATE, _WITH_TOKEN, project=_TOKEN_TLS, tls=Tls.SERVER),
    Flow("tls-basic-create-own", CREATE, _OWN_BASIC, project=_BASIC_TLS, tls=Tls.SERVER, newest_tls=_OLD),
    Flow("x509-create", CREATE, _NAME, project=_X509, tls=Tls.BOTH),
    Flow("x509-pre-provisioned", CHECK, _NAME, certificates.device_credentials, _X509, Tls.BOTH, newest_tls=_OLD),
    Flow("x509-chain", ProvisionType.X509_CERTIFICATE_CHAIN, _NAME, project=_CHAIN, tls=Tls.BOTH),
    Flow("generated-create", CREATE, _NAME, project=_GENERATED, server_chooses=True),
    Flow("generated-pre-provisioned", CHECK, _NAME, _TOKEN_MADE, _GENERATED, server_chooses=True),
    Flow("rotation-device-first", CREATE, _WITH_TOKEN, project=_ROTATING, story=stories.DEVICE_FIRST),
    Flow("rotation-server-first", CREATE, _WITH_TOKEN, project=_ROTATING, story=stories.SERVER_FIRST),
    Flow("refused-often", CREATE, _WITH_TOKEN, story=stories.REFUSED_OFTEN, depth=Depth.SAMPLE),
    Flow("refused-long", CREATE, _WITH_TOKEN, story=stories.REFUSED_LONG, depth=Depth.SAMPLE),
    Flow("deleted-create", CREATE, _WITH_TOKEN, story=stories.DELETED),
    Flow("deleted-create-own", CREATE, _OWN, story=stories.DELETED, depth=Depth.SAMPLE),
    Flow(
        "deleted-client-id",
        CREATE,
        {**_NAME, "client_id": "MY_CLIENT_ID"},
        project=_CLIENT_ID,
        story=stories.DELETED,
        depth=Depth.SAMPLE,
    ),
    Flow("deleted-x509", CREATE, _NAME, project=_X509, tls=Tls.BOTH, story=stories.DELETED, depth=Depth.SAMPLE),
    *(
        Flow(name, CHECK, _WITH_TOKEN, _TOKEN_MADE, server_chooses=True, story=story, depth=Depth.SAMPLE)
        for name, story in (("remade-pre-provisioned", stories.REMADE), ("freed-pre-provisioned", stories.FREED))
    ),
)
