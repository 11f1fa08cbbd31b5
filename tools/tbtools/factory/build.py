"""What a build of ESP-IDF leaves to be flashed, and whether a batch goes with it. All is checked before any board."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from tbtools.console import ToolError
from tbtools.factory.batch import Manifest
from tbtools.factory.files import read_file
from tbtools.factory.partitions import NVS, SECTOR_BYTES, Partition, read_partition_table

FLASHER_ARGS = "flasher_args.json"
_SDKCONFIG = "config/sdkconfig.json"
_TABLE = "partition-table"
_BUILD_ADVICE = "`idf.py build` makes it; --build names the folder."


class _FlashSettings(BaseModel):
    flash_mode: str
    flash_size: str
    flash_freq: str


class _TableFile(BaseModel):
    offset: str
    file: str


class _EsptoolArgs(BaseModel):
    chip: str
    stub: bool = True


class _FlasherArgs(BaseModel):
    flash_settings: _FlashSettings
    flash_files: dict[str, str] = Field(min_length=1)
    table: _TableFile = Field(alias=_TABLE)
    extra_esptool_args: _EsptoolArgs


@dataclass(frozen=True)
class Part:
    """Bytes and where they go, called *name* before people."""

    name: str
    offset: int
    data: bytes

    @property
    def end(self) -> int:
        """The offset behind it, as flash is erased: by whole sectors."""
        return -(-(self.offset + len(self.data)) // SECTOR_BYTES) * SECTOR_BYTES


@dataclass(frozen=True)
class FlashPlan:
    """The firmware for a chip, and the partitions for each device's own; *settings* are esptool's of those names."""

    chip: str
    settings: dict[str, str]
    firmware: tuple[Part, ...]
    nvs: Partition
    nvs_keys: Partition | None
    with_stub: bool

    def parts(self, image: bytes, key: bytes | None) -> list[Part]:
        """All that a board gets, its own last: with that it becomes this device."""
        own = [Part("NVS image", self.nvs.offset, image)]
        if key is not None and self.nvs_keys is not None:
            own.insert(0, Part("NVS key", self.nvs_keys.offset, key))
        return [*self.firmware, *own]


def read_plan(build: Path, manifest: Manifest) -> FlashPlan:
    """The plan for the build in folder *build* and that batch. ToolError when they do not go together."""
    args = _read_args(build / FLASHER_ARGS)
    firmware = tuple(sorted(_read_parts(build, args.flash_files), key=lambda part: part.offset))
    partitions = read_partition_table(read_file(build / args.table.file))
    plan = FlashPlan(
        chip=args.extra_esptool_args.chip,
        settings=args.flash_settings.model_dump(),
        firmware=firmware,
        nvs=_nvs(partitions, manifest),
        nvs_keys=next((each for each in partitions.values() if each.holds_nvs_keys), None),
        with_stub=args.extra_esptool_args.stub,
    )
    _check_encryption(plan, manifest, _read_sdkconfig(build / _SDKCONFIG))
    _check_places(plan, partitions)
    return plan


def _read_args(file: Path) -> _FlasherArgs:
    if not file.exists():
        raise ToolError(f"{file} is not there", _BUILD_ADVICE)
    try:
        return _FlasherArgs.model_validate_json(read_file(file))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ToolError(f"{file}: {where}: {first['msg']}", _BUILD_ADVICE) from error


def _read_parts(build: Path, files: dict[str, str]) -> list[Part]:
    parts = []
    for offset, file in files.items():
        try:
            parts.append(Part(file, int(offset, 0), read_file(build / file)))
        except ValueError as error:
            raise ToolError(f"{build / FLASHER_ARGS}: {offset!r} is no offset", _BUILD_ADVICE) from error
    return parts


def _read_sdkconfig(file: Path) -> dict[str, Any]:
    """The configuration of the firmware; nothing is known of it where the build left none."""
    try:
        config = json.loads(read_file(file)) if file.exists() else {}
    except ValueError as error:
        raise ToolError(f"{file} is no JSON", _BUILD_ADVICE) from error
    return config if isinstance(config, dict) else {}


def _nvs(partitions: dict[str, Partition], manifest: Manifest) -> Partition:
    nvs = partitions.get(NVS)
    if nvs is None:
        raise ToolError(f"the firmware's partition table has no partition {NVS}")
    if nvs.size != manifest.nvs_bytes:
        raise ToolError(
            f"partition {NVS} of the firmware has {nvs.size} bytes, the images have {manifest.nvs_bytes}",
            "Make the batch with the firmware's table: --partitions.",
        )
    return nvs


def _check_encryption(plan: FlashPlan, manifest: Manifest, sdkconfig: dict[str, Any]) -> None:
    """NVS is encrypted for both, or for none; the firmware would erase what it cannot read."""
    if manifest.encrypted and plan.nvs_keys is None:
        raise ToolError(
            "the images are encrypted, and the firmware's partition table has no partition for their keys",
            "See docs/factory.md, Encrypted Images.",
        )
    if sdkconfig.get("NVS_SEC_KEY_PROTECT_USING_HMAC"):
        raise ToolError(
            "the firmware derives the keys of NVS from an eFuse, and these images have keys of their own",
            "Use CONFIG_NVS_SEC_KEY_PROTECT_USING_FLASH_ENC.",
        )
    if sdkconfig and bool(sdkconfig.get("NVS_ENCRYPTION")) != manifest.encrypted:
        has, have = ("encrypts", "are not") if not manifest.encrypted else ("does not encrypt", "are")
        raise ToolError(
            f"the firmware {has} NVS, and the images {have} encrypted",
            "Make the batch " + ("without" if manifest.encrypted else "with") + " --encrypt.",
        )


def _check_places(plan: FlashPlan, partitions: dict[str, Partition]) -> None:
    """No two parts overlap, and each stays in its partition."""
    own = [(each.name, each.offset, each.end) for each in (plan.nvs, plan.nvs_keys) if each is not None]
    places = sorted([*own, *((part.name, part.offset, part.end) for part in plan.firmware)], key=lambda each: each[1])
    for (name, _, end), (next_name, offset, _) in zip(places, places[1:], strict=False):
        if end > offset:
            raise ToolError(f"{name} reaches into {next_name}, at {offset:#x}")
    _check_sizes(plan.firmware, {partition.offset: partition for partition in partitions.values()})


def _check_sizes(firmware: Sequence[Part], partitions: dict[int, Partition]) -> None:
    for part in firmware:
        partition = partitions.get(part.offset)
        if partition is not None and len(part.data) > partition.size:
            raise ToolError(f"{part.name} has {len(part.data)} bytes, and partition {partition.name} {partition.size}")
