"""What is checked before any board: the build, and whether build and batch go together."""

from pathlib import Path
from typing import Any

import pytest
from tbtools.console import ToolError
from tbtools.factory.batch import Manifest
from tbtools.factory.build import read_plan
from tbtools.factory.partitions import Partition, read_partition_table, size_in_csv

from tests.factory.conftest import ROOT
from tests.factory.firmware_build import APP, NVS, NVS_KEYS, FirmwareBuild
from tests.factory.table import table_of

PLAIN = Manifest(batch="b", model="m", profile="default", nvs_bytes=NVS.size, encrypted=False, devices=[])
ENCRYPTED = PLAIN.model_copy(update={"encrypted": True})


@pytest.fixture
def build(tmp_path: Path) -> FirmwareBuild:
    return FirmwareBuild(tmp_path / "build")


def problem_of(build: FirmwareBuild, manifest: Manifest = PLAIN) -> str:
    with pytest.raises(ToolError) as caught:
        read_plan(build.folder, manifest)
    return str(caught.value).replace(f"{build.folder}/", "")


def test_a_plan(build: FirmwareBuild) -> None:
    plan = read_plan(build.write().folder, PLAIN)
    assert (plan.chip, plan.with_stub, plan.nvs, plan.nvs_keys) == ("esp32c3", True, NVS, None)
    assert plan.settings == {"flash_mode": "dio", "flash_size": "4MB", "flash_freq": "80m"}
    parts = plan.parts(b"image", None)
    assert [(part.name, part.offset) for part in parts] == [
        ("bootloader/bootloader.bin", 0),
        ("partition_table/partition-table.bin", 0x8000),
        ("firmware.bin", APP.offset),
        ("NVS image", NVS.offset),
    ]
    assert parts[2].data == (build.folder / "firmware.bin").read_bytes()


def test_the_key_of_an_encrypted_image_has_a_partition(build: FirmwareBuild) -> None:
    build.partitions = (NVS, APP, NVS_KEYS)
    build.sdkconfig = {"NVS_ENCRYPTION": True, "NVS_SEC_KEY_PROTECT_USING_FLASH_ENC": True}
    plan = read_plan(build.write().folder, ENCRYPTED)
    assert [(part.name, part.offset) for part in plan.parts(b"image", b"key")][-2:] == [
        ("NVS key", NVS_KEYS.offset),
        ("NVS image", NVS.offset),
    ]


@pytest.mark.parametrize(
    ("manifest", "partitions", "sdkconfig", "problem"),
    [
        (ENCRYPTED, (NVS, APP), {"NVS_ENCRYPTION": True}, "has no partition for their keys"),
        (ENCRYPTED, (NVS, APP, NVS_KEYS), {}, ""),
        (ENCRYPTED, (NVS, APP, NVS_KEYS), {"NVS_ENCRYPTION": False}, "does not encrypt NVS, and the images are encry"),
        (PLAIN, (NVS, APP, NVS_KEYS), {"NVS_ENCRYPTION": True}, "encrypts NVS, and the images are not encrypted"),
        (PLAIN, (NVS, APP), {}, ""),
        (
            ENCRYPTED,
            (NVS, APP, NVS_KEYS),
            {"NVS_ENCRYPTION": True, "NVS_SEC_KEY_PROTECT_USING_HMAC": True},
            "derives the keys of NVS from an eFuse",
        ),
        (PLAIN, (APP,), {}, "has no partition nvs"),
        (PLAIN, (Partition("nvs", 0x9000, 0x4000), APP), {}, "has 16384 bytes, the images have 24576"),
        (PLAIN, (Partition("nvs", 0xB000, 0x6000), APP), {}, "nvs reaches into firmware.bin, at 0x10000"),
        (PLAIN, (Partition("nvs", 0x8000, 0x6000), APP), {}, "reaches into"),
        (PLAIN, (NVS, Partition("factory", 0x10000, 0x4000)), {}, "bytes, and partition factory 16384"),
    ],
)
def test_build_and_batch(
    build: FirmwareBuild, manifest: Manifest, partitions: Any, sdkconfig: dict[str, Any], problem: str
) -> None:
    build.partitions, build.sdkconfig = partitions, sdkconfig
    build.write()
    if problem:
        assert problem in problem_of(build, manifest)
    else:
        assert read_plan(build.folder, manifest)


def test_what_is_no_build(build: FirmwareBuild) -> None:
    assert problem_of(build) == "flasher_args.json is not there"
    build.write()
    build.write_args(flash_settings={"flash_mode": "dio"})
    assert problem_of(build) == "flasher_args.json: flash_settings.flash_size: Field required"
    build.write_args(flash_files={"here": "firmware.bin"})
    assert problem_of(build) == "flasher_args.json: 'here' is no offset"
    build.write_args(flash_files={})
    assert problem_of(build).startswith("flasher_args.json: flash_files: ")
    build.write_args(flash_files={"0x0": "none.bin"})
    assert problem_of(build) == "none.bin cannot be read: No such file or directory"
    (build.folder / "flasher_args.json").write_text("{")
    assert problem_of(build).startswith("flasher_args.json: : Invalid JSON")
    build.write_args()
    (build.folder / "config/sdkconfig.json").write_text("{")
    assert problem_of(build) == "config/sdkconfig.json is no JSON"


def test_a_binary_table() -> None:
    assert read_partition_table(table_of(NVS, APP, NVS_KEYS)) == {"nvs": NVS, "factory": APP, "nvs_key": NVS_KEYS}
    assert read_partition_table(b"") == {}


def test_a_table_in_csv(tmp_path: Path) -> None:
    assert size_in_csv(ROOT / "partitions.csv", "nvs") == NVS.size
    file = tmp_path / "partitions.csv"
    file.write_text("# Name, Type\nnvs, data, nvs, , 24K # grows\nshort, data\nbad, data, nvs, , x\n")
    assert size_in_csv(file, "nvs") == NVS.size
    for name in ("none", "short", "bad"):
        with pytest.raises(ValueError):
            size_in_csv(file, name)
