"""Making a batch: each device's image, read back before it counts; import file, labels, manifest, ledger."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tbtools.console import EXIT_USAGE, ToolError
from tbtools.factory.batch import (
    IMPORT,
    LABELS,
    MANIFEST,
    Manifest,
    ManifestDevice,
    new_folder,
    read_manifest,
    replace,
    sha256,
)
from tbtools.factory.bulk_import import bulk_import_csv
from tbtools.factory.devices import Device
from tbtools.factory.files import write_new
from tbtools.factory.labels import labels_pdf
from tbtools.factory.ledger import Entry, Ledger
from tbtools.factory.nvs import NAMESPACE, key_partition, nvs_image
from tbtools.factory.nvs_reader import read_strings
from tbtools.factory.settings import Fleet, Told, tell

Step = Callable[[], None]
STEPS_PER_DEVICE = 2
"""Its image, and its label."""


@dataclass(frozen=True)
class Order:
    """What is to be made, and where: a batch of *devices* in *folder*.

    *grid* are columns and rows of the labels.
    """

    devices: Sequence[Device]
    fleet: Fleet
    folder: Path
    profile: str
    nvs_bytes: int
    encrypt: bool
    grid: tuple[int, int]
    font: Path | None
    replace: bool


def make(order: Order, ledger: Ledger, step: Step) -> tuple[Manifest, bool]:
    """Make it. Returns its manifest, and whether anything has changed by that; *step* is called as it goes on."""
    told = [tell(device, order.fleet) for device in order.devices]
    if order.folder.exists():
        read_manifest(order.folder)  # nothing but a batch may be replaced
    with new_folder(order.folder, order.encrypt) as folder:
        manifest = Manifest(
            batch=order.folder.name,
            model=order.fleet.wanted.name,
            profile=order.profile,
            nvs_bytes=order.nvs_bytes,
            encrypted=order.encrypt,
            devices=[_make_image(each, order, folder, step) for each in told],
        )
        texts = bulk_import_csv(told, order.fleet.wanted.texts, order.profile)
        write_new(folder / IMPORT, texts.encode())
        write_new(folder / LABELS, labels_pdf(order.devices, order.grid, order.font, step))
        write_new(folder / MANIFEST, manifest.text())
        entries = [_entry(each, order.fleet) for each in told]
        is_new = ledger.register(manifest.batch, manifest.digest(), order.fleet.seed.id, entries, order.replace)
        has_changed = replace(order.folder, folder)
    return manifest, is_new or has_changed


def _make_image(told: Told, order: Order, folder: Path, step: Step) -> ManifestDevice:
    name = told.device.name
    key = order.fleet.seed.derive("nvs key", name) if order.encrypt else None
    try:
        image = nvs_image(told.settings, order.nvs_bytes, key)
    except ValueError as error:
        raise ToolError(f"{name}: {error}", code=EXIT_USAGE) from error
    if read_strings(image, key) != {NAMESPACE: told.settings}:
        raise ToolError(f"the image of {name} holds something else than was written into it")
    made = ManifestDevice(
        name=name,
        serial=told.device.serial,
        label=told.device.label,
        image_sha256=sha256(image),
        key_sha256=sha256(key_partition(key)) if key else None,
    )
    write_new(folder / made.image, image)
    if key is not None:
        write_new(folder / made.key, key_partition(key))
    step()
    return made


def _entry(told: Told, fleet: Fleet) -> Entry:
    """The device as the ledger has it: of its credentials only what tells whether they are those of another one."""
    fingerprints = {
        kind: fleet.seed.derive(f"fingerprint of {kind}", text).hex()[:32] for kind, text in told.credentials().items()
    }
    return Entry(told.device.name, fingerprints)
