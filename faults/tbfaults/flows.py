"""The ways in which a device comes to its credentials. A further one is one more entry in FLOWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tbbench.tools import ROOT
from tbtools.server.model import ProvisionType
from tbtools.server.standin import StandIn

KEY = "MY_PROVISION_KEY"
SECRET = "MY_PROVISION_SECRET"
PROFILE = "faults"


@dataclass(frozen=True)
class Flow:
    """What server and device are told before the first boot.

    *settings* go to the device's namespace `tb_cfg`, over those that all flows share. With *token*, an administrator
    has made the device. *project* is the directory whose host/ builds the firmware.
    """

    name: str
    strategy: ProvisionType
    settings: Mapping[str, str]
    token: str | None = None
    project: Path = ROOT

    @property
    def device_name(self) -> str:
        """The device's name; "": it makes one of its own."""
        return self.settings["device_name"]

    def prepare(self, server: StandIn) -> None:
        """Do what the administrator does."""
        profile = server.create_profile(PROFILE, KEY, SECRET, self.strategy)
        if self.token is not None:
            server.create_device(self.device_name, self.token, profile)

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


_NAME = "MY_DEVICE_NAME"
_TOKEN = "MY_ACCESS_TOKEN_20_B"

FLOWS = (
    Flow("create", ProvisionType.ALLOW_CREATE_NEW_DEVICES, {"device_name": _NAME, "token": _TOKEN}),
    Flow("create-own", ProvisionType.ALLOW_CREATE_NEW_DEVICES, {"device_name": "", "token": ""}),
    Flow(
        "pre-provisioned",
        ProvisionType.CHECK_PRE_PROVISIONED_DEVICES,
        {"device_name": _NAME, "token": _TOKEN},
        token=_TOKEN,
    ),
)
