"""The CA that signs the certificates of devices.

Keys, serial numbers and dates follow from seed, name and CA, and the signature is deterministic (RFC 6979, or RSA with
PKCS #1 v1.5): the same device gets the same certificate, byte for byte.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tbtools import secret
from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.files import make_folder, read_file, read_private, write_new
from tbtools.factory.seed import Seed

PASSWORD_VARIABLE = "TB_FACTORY_CA_PASSWORD"
_PASSWORD_NAME = "factory-ca"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SERIAL_BYTES = 16
_NEW_CA_YEARS = 25
_PEM = serialization.Encoding.PEM
_PKCS8 = serialization.PrivateFormat.PKCS8

CaKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Identity:
    """What a device shows: its certificate with the CA's behind it, as PEM, and its private key.

    *body* is the device's own certificate in one line of base64.
    """

    chain: str
    body: str
    key: str


class Authority:
    """A CA: its certificate, those above it, and its private key."""

    def __init__(self, certificates: Sequence[x509.Certificate], key: CaKey) -> None:
        self._issuer = certificates[0]
        self._above = "".join(_text(certificate) for certificate in certificates)
        self._key = key

    def issue(self, name: str, seed: Seed) -> Identity:
        """The identity of the device *name*: valid as long as the CA, for the client's side of TLS."""
        scalar = int.from_bytes(seed.derive("certificate key", name), "big") % (_P256_ORDER - 1) + 1
        key = ec.derive_private_key(scalar, ec.SECP256R1())
        serial = int.from_bytes(seed.derive("certificate serial", name)[:_SERIAL_BYTES], "big") >> 1 | 1
        certificate = self._sign(name, serial, key.public_key())
        return Identity(
            chain=_text(certificate) + self._above,
            body="".join(_text(certificate).splitlines()[1:-1]),
            key=key.private_bytes(_PEM, _PKCS8, serialization.NoEncryption()).decode(),
        )

    def _sign(self, name: str, serial: int, public_key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        authority_key = self._key.public_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._issuer.subject)
            .public_key(public_key)
            .serial_number(serial)
            .not_valid_before(self._issuer.not_valid_before_utc)
            .not_valid_after(self._issuer.not_valid_after_utc)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(digital_signature=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key), critical=False)
        )
        is_ec = isinstance(self._key, ec.EllipticCurvePrivateKey)
        return builder.sign(self._key, hashes.SHA256(), ecdsa_deterministic=True if is_ec else None)


def load_authority(certificate_file: Path, key_file: Path) -> Authority:
    """The CA in two PEM files: certificate, others above it behind it, and key. ToolError when they are of no use."""
    try:
        certificates = x509.load_pem_x509_certificates(read_file(certificate_file))
    except ValueError as error:
        raise ToolError(f"{certificate_file} has no certificate in PEM", code=EXIT_USAGE) from error
    key = _read_key(key_file)
    if certificates[0].public_key() != key.public_key():
        raise ToolError(f"the key in {key_file} is not that of the certificate in {certificate_file}", code=EXIT_USAGE)
    try:
        is_ca = certificates[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_ca = False
    if not is_ca:
        raise ToolError(f"the certificate in {certificate_file} is not that of a CA", code=EXIT_USAGE)
    return Authority(certificates, key)


def make_authority(certificate_file: Path, key_file: Path) -> None:
    """Make a CA at random, and keep it in two files that must not exist yet.

    The key is encrypted if there is a password: TB_FACTORY_CA_PASSWORD, or in the keyring (name "factory-ca").
    """
    for file in (certificate_file, key_file):
        if file.exists():
            raise ToolError(f"{file} exists already", "Use it without --new-ca, or name other files.", EXIT_USAGE)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Device CA {secrets.token_hex(4)}")])
    begin = datetime.now(timezone.utc).replace(microsecond=0)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=365 * _NEW_CA_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    password = secret.given(PASSWORD_VARIABLE, _PASSWORD_NAME)
    encryption = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    for file, data in (
        (key_file, key.private_bytes(_PEM, _PKCS8, encryption)),
        (certificate_file, certificate.public_bytes(_PEM)),
    ):
        make_folder(file.parent)
        write_new(file, data)


def _read_key(file: Path) -> CaKey:
    data = read_private(file)
    password = secret.given(PASSWORD_VARIABLE, _PASSWORD_NAME) if b"ENCRYPTED" in data else None
    try:
        key = serialization.load_pem_private_key(data, password.encode() if password else None)
    except (ValueError, TypeError) as error:
        raise ToolError(
            f"{file} has no private key in PEM, or one with another password",
            f"The password is taken from {PASSWORD_VARIABLE}, or from the keyring ({_PASSWORD_NAME}).",
            EXIT_USAGE,
        ) from error
    if not isinstance(key, CaKey):
        raise ToolError(f"the key in {file} is neither EC nor RSA", code=EXIT_USAGE)
    return key


def _key_usage(
    *, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(_PEM).decode()
