"""From the options of `factory make` to what is to be made."""

from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.authority import Authority, load_authority, make_authority
from tbtools.factory.devices import Device, count_devices, read_csv
from tbtools.factory.files import read_file
from tbtools.factory.labels import parse_grid
from tbtools.factory.ledger import Ledger
from tbtools.factory.make import Order
from tbtools.factory.model import ROOT, Wanted, read_wanted
from tbtools.factory.partitions import NVS, size_in_csv
from tbtools.factory.seed import Seed, default_seed_file, find_seed, make_seed
from tbtools.factory.settings import Fleet
from tbtools.secret import given

KEY_VARIABLE, SECRET_VARIABLE = "TB_PROVISION_KEY", "TB_PROVISION_SECRET"


@dataclass(frozen=True)
class Options:
    """The options of the command, by their names there."""

    csv: Path | None
    count: int | None
    first: int
    name_pattern: str
    host: str | None
    port: int | None
    profile: str
    model: str | None
    credentials: str | None
    server_ca: Path | None
    ca_cert: Path | None
    ca_key: Path | None
    new_ca: bool
    run_time_s: int | None
    telemetry_s: int | None
    partitions: Path | None
    encrypt: bool
    grid: str
    font: Path | None
    out: Path | None
    replace: bool
    seed_file: Path | None

    def folder(self) -> Path:
        """Where the batch goes; its name is the folder's."""
        if self.out is not None:
            return self.out
        name = self.csv.stem if self.csv else f"{self.count}-from-{self.first}"
        return Path("tb_factory") / name


def read_order(options: Options, ledger: Ledger, notes: list[str]) -> Order:
    """What *options* ask for; *notes* gets what a person should know of it."""
    wanted = read_wanted(options.model, options.credentials)
    devices = _devices(options, wanted)
    settings = _settings(options, devices)
    if wanted.request:
        settings.update(_provisioning(wanted, notes))
    return Order(
        devices=devices,
        fleet=Fleet(
            wanted,
            _seed(options.seed_file or default_seed_file(), ledger, notes),
            settings,
            _authority(options, wanted, notes),
        ),
        folder=options.folder(),
        profile=options.profile,
        nvs_bytes=_nvs_bytes(options.partitions or ROOT / "partitions.csv"),
        encrypt=options.encrypt,
        grid=parse_grid(options.grid),
        font=options.font,
        replace=options.replace,
    )


def _devices(options: Options, wanted: Wanted) -> list[Device]:
    if (options.csv is None) == (options.count is None):
        raise ToolError("give either --csv FILE or --count N", code=EXIT_USAGE)
    if options.csv is not None:
        return read_csv(options.csv, wanted)
    return count_devices(options.count or 0, options.first, options.name_pattern, wanted)


def _settings(options: Options, devices: list[Device]) -> dict[str, str]:
    host = {"host": options.host} if options.host else {}
    if not host and not all("host" in device.settings for device in devices):
        raise ToolError("no server", "Give it by --host, or in a column host of the CSV.", EXIT_USAGE)
    numbers = {"port": options.port, "run_time_s": options.run_time_s, "telemetry_s": options.telemetry_s}
    given = {key: str(value) for key, value in numbers.items() if value is not None}
    return {**host, **given, **({"ca_cert": _certificate_text(options.server_ca)} if options.server_ca else {})}


def _certificate_text(file: Path) -> str:
    data = read_file(file)
    try:
        x509.load_pem_x509_certificates(data)
        return data.decode("ascii")
    except ValueError as error:
        raise ToolError(f"{file} has no certificate in PEM", code=EXIT_USAGE) from error


def _provisioning(wanted: Wanted, notes: list[str]) -> dict[str, str]:
    """Key and secret of the device profile, if they are to be in the images."""
    key, secret = given(KEY_VARIABLE, "provision-key"), given(SECRET_VARIABLE, "provision-secret")
    if not key and not secret:
        notes.append(
            f"{KEY_VARIABLE} and {SECRET_VARIABLE} are not set: devices use those of the firmware's menuconfig."
        )
        return {}
    if not key or not secret:
        raise ToolError(f"{KEY_VARIABLE} and {SECRET_VARIABLE} go together", code=EXIT_USAGE)
    for text, limit in ((key, "provision_key"), (secret, "provision_secret")):
        if len(text.encode()) > wanted.limits[limit] or not text.isprintable():
            raise ToolError(f"the {limit.replace('_', ' ')} is none", f"It has at most {wanted.limits[limit]} bytes.")
    return {"prov_key": key, "prov_secret": secret}


def _authority(options: Options, wanted: Wanted, notes: list[str]) -> Authority | None:
    given = (options.ca_cert, options.ca_key)
    if not wanted.certificate:
        if any(given) or options.new_ca:
            raise ToolError(f"devices of {wanted.name} have no certificate", "Leave out --ca-cert.", EXIT_USAGE)
        return None
    if options.ca_cert is None or options.ca_key is None:
        raise ToolError(
            f"devices of {wanted.name} have a certificate, and there is no CA to sign it",
            "Give --ca-cert FILE --ca-key FILE, and with --new-ca they are made.",
            EXIT_USAGE,
        )
    if options.new_ca:
        make_authority(options.ca_cert, options.ca_key)
        notes.append(f"A CA was made: {options.ca_cert}, and its key {options.ca_key}. Keep the key in a safe place.")
    return load_authority(options.ca_cert, options.ca_key)


def _seed(file: Path, ledger: Ledger, notes: list[str]) -> Seed:
    seed = find_seed(file)
    if seed is None and ledger.seed_id() is not None:
        raise ToolError(
            "the seed with which the ledger was begun is not here",
            f"Put it into {file}, TB_FACTORY_SEED or the keyring; or begin another --ledger.",
        )
    if seed is None:
        seed = make_seed(file)
        notes.append(f"A seed was made: {file}. Keep a copy in a safe place: what it made cannot be made without it.")
    return seed


def _nvs_bytes(partitions: Path) -> int:
    try:
        return size_in_csv(partitions, NVS)
    except (OSError, ValueError) as error:
        raise ToolError(str(error), "--partitions names the table of the firmware.", EXIT_USAGE) from error
