"""All that a device is told: its `tb_cfg`, and what ThingsBoard has to know of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tbtools.factory.authority import Authority
from tbtools.factory.devices import UNIQUE_TEXTS, Device
from tbtools.factory.model import Wanted
from tbtools.factory.seed import Seed


@dataclass(frozen=True)
class Fleet:
    """What all devices of a batch share; *settings* are texts of `tb_cfg`."""

    wanted: Wanted
    seed: Seed
    settings: Mapping[str, str]
    authority: Authority | None = None


@dataclass(frozen=True)
class Told:
    """What one device is told; *certificate* is its own, in one line of base64, if it has one."""

    device: Device
    settings: Mapping[str, str] = field(repr=False)
    certificate: str = ""

    def credentials(self) -> dict[str, str]:
        """Those texts that nobody else may have, by what they have to be unique among."""
        return {UNIQUE_TEXTS[key]: text for key, text in self.settings.items() if key in UNIQUE_TEXTS}


def tell(device: Device, fleet: Fleet) -> Told:
    """What *device* is told: what was given for it, else what is the fleet's, else what follows from the seed."""
    made = {text: fleet.seed.derive_text(text, device.name) for text in fleet.wanted.texts}
    settings = {**fleet.settings, "device_name": device.name, **made, **device.settings}
    if fleet.authority is None:
        return Told(device, settings)
    identity = fleet.authority.issue(device.name, fleet.seed)
    return Told(device, {**settings, "client_cert": identity.chain, "client_key": identity.key}, identity.body)
