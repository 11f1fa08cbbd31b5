"""The certificates of servers and devices, made once and kept in the build folder."""

import shutil
import ssl
from datetime import datetime, timedelta, timezone
from enum import Enum
from functools import cache

import trustme
from OpenSSL import SSL
from tbtools.server import credentials as creds
from tbtools.server.model import Credentials
from tbtools.server.tls import server_context

from tbfaults.projects import BUILD

DEVICE = "MY_DEVICE_NAME"
_FOLDER = BUILD / "certificates"
_HOST = "127.0.0.1"


class Shown(str, Enum):
    """What the server shows of itself. All but the first are mistakes of whoever runs it."""

    GOOD = "good"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"
    WRONG_HOST = "wrong_host"


def make() -> None:
    """Make what is not there yet."""
    if _FOLDER.exists():
        return
    ca, past = trustme.CA(), datetime.now(timezone.utc) - timedelta(days=2)
    fleet = trustme.CA(ca)
    leaves = {
        Shown.GOOD.value: ca.issue_cert(_HOST),
        Shown.EXPIRED.value: ca.issue_cert(_HOST, not_before=past, not_after=past + timedelta(days=1)),
        Shown.UNTRUSTED.value: trustme.CA().issue_cert(_HOST),
        Shown.WRONG_HOST.value: ca.issue_cert("thingsboard.example"),
    }
    draft = _FOLDER.with_name("certificates.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    ca.cert_pem.write_to_path(draft / "ca.pem")
    fleet.cert_pem.write_to_path(draft / "fleet.pem")
    for name, leaf in {**leaves, "device": fleet.issue_cert(common_name=DEVICE)}.items():
        for pem in leaf.cert_chain_pems:
            pem.write_to_path(draft / f"{name}.pem", append=True)
        leaf.private_key_pem.write_to_path(draft / f"{name}.key")
    draft.rename(_FOLDER)


@cache
def server_tls(newest: int, shown: Shown = Shown.GOOD) -> SSL.Context:
    """What a server speaks."""
    context = server_context(_read(f"{shown.value}.pem").encode(), _read(f"{shown.value}.key").encode())
    context.set_max_proto_version(newest)
    return context


@cache
def guest_tls() -> ssl.SSLContext:
    """What a client speaks that is none of ours."""
    return ssl.create_default_context(cafile=str(_FOLDER / "ca.pem"))


def fleet_ca() -> str:
    """The certificate of the CA that has signed for the device, and shows behind the device's own."""
    return _read("fleet.pem")


def ca_settings() -> dict[str, str]:
    """What tells a device whom to trust."""
    return {"ca_cert": _read("ca.pem")}


def device_settings() -> dict[str, str]:
    """What gives a device its certificate."""
    return {"client_cert": _read("device.pem"), "client_key": _read("device.key")}


def device_credentials() -> Credentials:
    """What the server has of that."""
    return creds.x509_certificate(creds.first_certificate(_read("device.pem")))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="ascii")
