"""Certificates of devices: what they say, who has signed them, and that they come out the same again."""

import base64
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tbtools.console import ToolError
from tbtools.factory.authority import Identity, load_authority, make_authority
from tbtools.factory.seed import Seed

SEED = Seed(bytes(range(32)))
PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
NO_PASSWORD = serialization.NoEncryption()

pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "ca" / "ca.pem", tmp_path / "ca" / "ca.key"


def own_ca(files: tuple[Path, Path], key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, is_ca: bool = True) -> None:
    """A CA as somebody else's tools make it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Own CA")])
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files[0].parent.mkdir(exist_ok=True)
    files[0].write_bytes(certificate.public_bytes(PEM))
    files[1].touch(0o600)
    files[1].write_bytes(key.private_bytes(PEM, PKCS8, NO_PASSWORD))


def parsed(identity: Identity) -> tuple[x509.Certificate, x509.Certificate]:
    leaf, issuer = x509.load_pem_x509_certificates(identity.chain.encode())
    return leaf, issuer


def test_a_certificate_of_the_device(files: tuple[Path, Path]) -> None:
    make_authority(*files)
    identity = load_authority(*files).issue("Küche 1", SEED)
    leaf, issuer = parsed(identity)
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(issuer)
    assert issuer == x509.load_pem_x509_certificate(files[0].read_bytes())
    assert leaf.subject.rfc4514_string() == "CN=Küche 1"
    assert base64.b64decode(identity.body) == leaf.public_bytes(serialization.Encoding.DER)
    key = serialization.load_pem_private_key(identity.key.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == leaf.public_key()
    assert isinstance(key.curve, ec.SECP256R1)
    assert (leaf.not_valid_before_utc, leaf.not_valid_after_utc) == (
        issuer.not_valid_before_utc,
        issuer.not_valid_after_utc,
    )
    extensions = leaf.extensions
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usages = list(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert 0 < leaf.serial_number < 1 << 127


@pytest.mark.parametrize("kind", ["made", "EC", "RSA"])
def test_the_same_device_gets_the_same_certificate(files: tuple[Path, Path], kind: str) -> None:
    if kind == "made":
        make_authority(*files)
    elif kind == "EC":
        own_ca(files, ec.generate_private_key(ec.SECP384R1()))
    else:
        own_ca(files, rsa.generate_private_key(65537, 2048))
    first, again = (load_authority(*files).issue("a", SEED) for _ in range(2))
    assert first == again
    others = [load_authority(*files).issue("b", SEED), load_authority(*files).issue("a", Seed(bytes(32)))]
    assert len({each.key for each in (first, *others)}) == 3
    assert len({parsed(each)[0].serial_number for each in (first, *others)}) == 3
    parsed(first)[0].verify_directly_issued_by(parsed(first)[1])


def test_a_ca_is_made_once(files: tuple[Path, Path]) -> None:
    make_authority(*files)
    before = [file.read_bytes() for file in files]
    with pytest.raises(ToolError, match="exists already"):
        make_authority(*files)
    assert [file.read_bytes() for file in files] == before
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def test_a_key_with_a_password(files: tuple[Path, Path], environment: pytest.MonkeyPatch) -> None:
    environment.setenv("TB_FACTORY_CA_PASSWORD", "correct horse")
    make_authority(*files)
    assert b"ENCRYPTED" in files[1].read_bytes()
    first = load_authority(*files).issue("a", SEED)
    assert parsed(first)[0].subject.rfc4514_string() == "CN=a"
    for wrong in ("wrong", ""):
        environment.setenv("TB_FACTORY_CA_PASSWORD", wrong)
        with pytest.raises(ToolError, match="another password"):
            load_authority(*files)


def test_an_issuer_below_a_root_is_sent_with_the_root(files: tuple[Path, Path], tmp_path: Path) -> None:
    make_authority(*files)
    root = (tmp_path / "root.pem", tmp_path / "root.key")
    make_authority(*root)
    files[0].write_bytes(files[0].read_bytes() + root[0].read_bytes())
    chain = load_authority(*files).issue("a", SEED).chain
    assert chain.endswith(files[0].read_text())
    assert chain.count("BEGIN CERTIFICATE") == 3


def test_what_is_no_ca_is_refused(files: tuple[Path, Path], tmp_path: Path) -> None:
    own_ca(files, ec.generate_private_key(ec.SECP256R1()), is_ca=False)
    with pytest.raises(ToolError, match="is not that of a CA"):
        load_authority(*files)
    make_authority(tmp_path / "other.pem", tmp_path / "other.key")
    with pytest.raises(ToolError, match="is not that of the certificate"):
        load_authority(files[0], tmp_path / "other.key")
    with pytest.raises(ToolError, match="has no certificate in PEM"):
        load_authority(files[1], files[1])
    with pytest.raises(ToolError, match="has no private key in PEM"):
        load_authority(files[0], tmp_path / "other.pem")
    files[1].write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, NO_PASSWORD))
    with pytest.raises(ToolError, match="neither EC nor RSA"):
        load_authority(*files)
    files[1].chmod(0o644)
    with pytest.raises(ToolError, match="others may read"):
        load_authority(*files)
