"""X.509 certificates, as files and as ThingsBoard keeps them."""

import base64
from pathlib import Path
from typing import Any

from tbtools.console import EXIT_USAGE, ToolError

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def read(path: Path) -> str:
    """A file of one or more certificates in PEM; ToolError for anything else, a private key among them."""
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ToolError(f"{path} cannot be read: {error}", "Give a file in PEM.", EXIT_USAGE) from error
    if "PRIVATE KEY" in text:
        raise ToolError(
            f"{path} holds a private key, which must not leave its owner", "Give the certificate alone.", EXIT_USAGE
        )
    if _BEGIN not in text or _END not in text:
        raise ToolError(f"{path} holds no certificate", f"Give a file in PEM: {_BEGIN} ...", EXIT_USAGE)
    return text


def bare(certificate: str) -> str:
    r"""A certificate without armour and line ends, as ThingsBoard compares them.

    >>> bare("-----BEGIN CERTIFICATE-----\nMIIB\nAAA=\n-----END CERTIFICATE-----\n")
    'MIIBAAA='
    """
    return "".join(certificate.replace(_BEGIN, "").replace(_END, "").split())


def described(stored: str) -> dict[str, Any]:
    """Whose certificate it is and until when, of one as ThingsBoard keeps it; nothing of what is none."""
    from cryptography import x509  # only now: it takes a while

    try:
        certificate = x509.load_der_x509_certificate(base64.b64decode(bare(stored)))
    except ValueError:
        return {}
    return {"subject": certificate.subject.rfc4514_string(), "valid_until": certificate.not_valid_after_utc.isoformat()}
