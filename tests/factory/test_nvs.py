"""NVS images are read back by a reader of our own, and encrypted ones by the package's own tool as well."""

import io
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace

import pytest
from esp_idf_nvs_partition_gen import nvs_partition_gen
from tbtools.factory.nvs import NAMESPACE, STRING_MAX, key_partition, nvs_image
from tbtools.factory.nvs_reader import read_strings

NVS_BYTES = 0x6000
KEY = bytes(range(64))
SETTINGS = {
    "host": "192.168.1.7",
    "port": "1883",
    "device_name": 'Gerät, "No. 1"\n',
    "prov_secret": "x" * 255,
    "token": "",
}


@pytest.mark.parametrize("key", [None, KEY])
def test_an_image_holds_the_settings_as_strings(key: bytes | None) -> None:
    image = nvs_image(SETTINGS, NVS_BYTES, key)
    assert len(image) == NVS_BYTES
    assert read_strings(image, key) == {NAMESPACE: SETTINGS}


@pytest.mark.parametrize("key", [None, KEY])
def test_over_several_pages(key: bytes | None) -> None:
    settings = {f"key{i}": str(i) * 200 for i in range(40)}
    assert read_strings(nvs_image(settings, NVS_BYTES, key), key) == {NAMESPACE: settings}


def test_the_longest_strings() -> None:
    settings = dict.fromkeys(("ca_cert", "client_cert", "client_key"), "x" * STRING_MAX)
    assert read_strings(nvs_image(settings, NVS_BYTES)) == {NAMESPACE: settings}


def test_a_longer_string_is_refused_by_its_key() -> None:
    with pytest.raises(ValueError, match="client_key has more than 3967 bytes"):
        nvs_image({"client_key": "é" * 1984}, NVS_BYTES)


def test_what_does_not_fit_is_refused() -> None:
    settings = {f"key{i}": "x" * STRING_MAX for i in range(6)}
    with pytest.raises(ValueError, match=f"do not fit into an NVS partition of {NVS_BYTES} bytes"):
        nvs_image(settings, NVS_BYTES)


def test_a_page_is_kept_in_reserve() -> None:
    assert nvs_image(SETTINGS, NVS_BYTES)[-4096:] == b"\xff" * 4096


def test_the_reader_sees_a_flipped_bit() -> None:
    image = bytearray(nvs_image(SETTINGS, NVS_BYTES))
    image[image.index(b"192.168")] ^= 1
    with pytest.raises(ValueError, match="checksum"):
        read_strings(bytes(image))


def test_an_encrypted_image_shows_no_setting() -> None:
    image = nvs_image(SETTINGS, NVS_BYTES, KEY)
    assert b"192.168" in nvs_image(SETTINGS, NVS_BYTES)
    assert not any(text in image for text in (b"192.168", b"device_name", b"xxxx"))
    with pytest.raises(ValueError):
        read_strings(image)


def test_the_package_decrypts_an_image_with_its_key_partition(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.bin" for name in ("input", "key", "output")}
    files["input"].write_bytes(nvs_image(SETTINGS, NVS_BYTES, KEY))
    files["key"].write_bytes(key_partition(KEY))
    with redirect_stdout(io.StringIO()):
        nvs_partition_gen.decrypt(
            SimpleNamespace(outdir=str(tmp_path), **{name: str(file) for name, file in files.items()})
        )
    assert files["output"].read_bytes() == nvs_image(SETTINGS, NVS_BYTES)


def test_a_key_partition_is_what_the_package_makes(tmp_path: Path) -> None:
    with redirect_stdout(io.StringIO()):
        key = nvs_partition_gen.generate_key(
            SimpleNamespace(keyfile="k.bin", outdir=str(tmp_path), key_protect_hmac=False)
        )
    assert (tmp_path / "keys" / "k.bin").read_bytes() == key_partition(bytes.fromhex(key))


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="64 bytes"):
        nvs_image(SETTINGS, NVS_BYTES, KEY[:32])
