"""What a device model asks of each device: the generator's own word."""

import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "codegen"))

from tbgen import ir, layout  # noqa: E402
from tbgen.decide import decide  # noqa: E402
from tbgen.errors import GenError  # noqa: E402
from tbgen.load import load  # noqa: E402
from tbgen.project import find_model  # noqa: E402
from tbgen.protocol import Protocol, read_protocol  # noqa: E402
from tbgen.schema import parse  # noqa: E402

from tbtools.console import EXIT_USAGE, ToolError  # noqa: E402

_X509 = 3
"""The number of X.509 in menuconfig's choice: tb_cred_kind_t."""
_CHOICE_PREFIX = "TBC_PROVISION_"


@dataclass(frozen=True)
class Wanted:
    """What each device of the model *name* needs.

    *texts* are the keys in `tb_cfg` of its credentials; *certificate* tells whether it has one, *request* whether it
    provisions with key and secret of the profile. *limits* are lengths in bytes, by the names in protocol.yaml.
    """

    name: str
    texts: tuple[str, ...]
    certificate: bool
    request: bool
    port: int
    limits: dict[str, int]


def read_wanted(model: str | None, credentials: str | None) -> Wanted:
    """Read *model*, a file or a name in codegen/models, or else the one in place.

    *credentials* is needed if, and only if, menuconfig chooses the kind.
    """
    try:
        path = find_model(ROOT, model)
        document = load(path)
        protocol = read_protocol(ROOT / layout.PROTOCOL)
        device = decide(document, parse(document), protocol, path.name)
    except GenError as error:
        raise ToolError(str(error), code=EXIT_USAGE) from error
    return _wanted(device, credentials, protocol)


def _wanted(device: ir.Device, credentials: str | None, protocol: Protocol) -> Wanted:
    provisioning = device.provisioning
    choices = {choice.config.removeprefix(_CHOICE_PREFIX).lower(): choice for choice in provisioning.choices}
    if choices and credentials not in choices:
        problem = f"menuconfig chooses the credentials of {device.name}"
        raise ToolError(problem, f"Say what it chose: --credentials {'|'.join(choices)}", EXIT_USAGE)
    if credentials and not choices:
        raise ToolError(f"{device.name} leaves no choice of credentials", "Leave out --credentials.", EXIT_USAGE)
    chosen = choices[credentials] if credentials else None
    settings = chosen.settings if chosen else provisioning.settings
    return Wanted(
        name=device.name,
        texts=tuple(setting.key for setting in settings),
        certificate=chosen.kind == _X509 if chosen else provisioning.has_certificate,
        request=provisioning.has_request,
        port=provisioning.port,
        limits={name: limit.value for name, limit in protocol.limits.items()},
    )
