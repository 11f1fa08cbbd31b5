"""The ways in which a device comes to its credentials. A further one is one more entry in FLOWS."""

import hashlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tbbench.tools import ROOT
from tbtools.server import credentials as creds
from tbtools.server.model import Credentials, ProvisionType
from tbtools.server.standin import StandIn

KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
PROFILE = "faults"


@dataclass(frozen=True)
class Flow:
    """What server and device are told before the first boot.

    *settings* go to the device's namespace `tb_cfg`, over those that all flows share. With *credentials*, an
    administrator has made the device. *model* is the device model, "" that of the tree.
    """

    name: str
    strategy: ProvisionType
    settings: Mapping[str, str]
    credentials: Credentials | None = None
    model: str = ""

    @property
    def project(self) -> Path:
        """The directory whose host/ builds the firmware; that of another model is outside of the tree."""
        return _PROJECTS / self.model if self.model else ROOT

    @property
    def is_own(self) -> bool:
        """Whether the device chooses its credentials, so that nobody else has them."""
        return not any(self.settings.get(key) for key in ("token", "client_id", "username", "password"))

    @property
    def device_name(self) -> str:
        """The device's name; "": it makes one of its own."""
        return self.settings["device_name"]

    def prepare(self, server: StandIn) -> None:
        """Do what the administrator does."""
        profile = server.create_profile(PROFILE, KEY, SECRET, self.strategy)
        if self.credentials is not None:
            server.store.create_device(self.device_name, profile, self.credentials)

    def configuration(self, port: int) -> dict[str, str]:
        """The device's settings."""
        return {
            "host": "127.0.0.1",
            "port": str(port),
            "prov_key": KEY,
            "prov_secret": SECRET,
            "run_time_s": "0",  # it lives until the power goes
            "telemetry_s": "1",
            **self.settings,
        }


_PROJECTS = Path(tempfile.gettempdir()) / f"tb_faults_{os.getuid()}_{hashlib.sha256(bytes(ROOT)).hexdigest()[:8]}"
_NAME = "MY_DEVICE_NAME"
_TOKEN = "MY_ACCESS_TOKEN_20_B"
_BASIC = {"client_id": "MY_CLIENT_ID", "username": "MY_USER_NAME", "password": "MY_PASSWORD"}

FLOWS = (
    Flow("create", ProvisionType.ALLOW_CREATE_NEW_DEVICES, {"device_name": _NAME, "token": _TOKEN}),
    Flow("create-own", ProvisionType.ALLOW_CREATE_NEW_DEVICES, {"device_name": "", "token": ""}),
    Flow(
        "pre-provisioned",
        ProvisionType.CHECK_PRE_PROVISIONED_DEVICES,
        {"device_name": _NAME, "token": _TOKEN},
        credentials=creds.access_token(_TOKEN),
    ),
    Flow(
        "basic-create",
        ProvisionType.ALLOW_CREATE_NEW_DEVICES,
        {"device_name": _NAME, **_BASIC},
        model="dev_sup_basic_mqtt_credential_cup_wo_ssl",
    ),
    Flow(
        "basic-create-own",
        ProvisionType.ALLOW_CREATE_NEW_DEVICES,
        {"device_name": "", "client_id": "", "username": "", "password": ""},
        model="dev_sup_basic_mqtt_credential_cup_wo_ssl",
    ),
)
