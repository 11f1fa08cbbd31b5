"""`factory make`: what is in a batch, that it comes out the same again, and that no two devices are alike."""

import csv
import io
import json
import shutil
import stat
import time
from pathlib import Path

import pytest
from tbtools.factory.devices import read_csv
from tbtools.factory.model import read_wanted

from tests.factory.conftest import ROOT, SEED, Done, Factory, settings_in

MAKE = ("make", "--host", "192.0.2.7")
COUNT = (*MAKE, "--count", 3, "--name-pattern", "s-{serial}")
FOLDER = Path("tb_factory") / "3-from-1"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def import_rows(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((folder / "thingsboard_import.csv").read_text())))


def error_of(done: Done) -> str:
    assert done.status != 0
    return str(done.result["error"])


def test_a_thousand_devices_in_less_than_a_minute_and_no_two_alike(factory: Factory) -> None:
    begin = time.monotonic()
    done = factory(*MAKE, "--count", 1000, "--name-pattern", "sensor-{serial:06}")
    assert time.monotonic() - begin < 60
    assert (done.status, done.result["devices"], done.result["changed"]) == (0, 1000, True)
    folder = Path(done.result["folder"])
    names = [f"sensor-{serial:06}" for serial in range(1, 1001)]
    told = [settings_in(folder, name) for name in names]
    assert [each["device_name"] for each in told] == names
    assert {each["host"] for each in told} == {"192.0.2.7"}
    assert len({each["token"] for each in told}) == 1000
    assert len({(folder / "images" / f"{name}.bin").read_bytes() for name in names}) == 1000
    assert len(list((folder / "images").iterdir())) == 1000
    assert import_rows(folder) == [
        {"NAME": each["device_name"], "TYPE": "default", "ACCESS_TOKEN": each["token"]} for each in told
    ]
    manifest = json.loads((folder / "manifest.json").read_text())
    assert [device["name"] for device in manifest["devices"]] == names
    assert not any(each["token"] in (folder / "manifest.json").read_text() for each in told)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--encrypt",),
        ("--model", "dev_sup_x509_chain_w_twowayssl", "--ca-cert", "ca.pem", "--ca-key", "ca.key"),
        ("--model", "dev_sup_basic_mqtt_credential_cup_wo_ssl", "--font", "font.ttf"),
    ],
)
def test_the_same_command_makes_the_same_bytes(factory: Factory, arguments: tuple[str, ...], font: Path) -> None:
    assert factory(*COUNT, "--model", "dev_sup_x509_chain_w_twowayssl", "--ca-cert", "ca.pem", "--ca-key", "ca.key",
                   "--new-ca", "--out", "unused/x", "--ledger", "unused/ledger").status == 0  # fmt: skip
    shutil.copy(font, "font.ttf")
    assert factory(*COUNT, *arguments).result["changed"]
    first = content(FOLDER)
    shutil.rmtree("tb_factory")
    assert factory(*COUNT, *arguments).result["changed"]
    assert content(FOLDER) == first


def test_another_seed_makes_other_tokens(factory: Factory, environment: pytest.MonkeyPatch) -> None:
    factory(*COUNT, "--out", "a/b", "--ledger", "a.db")
    environment.setenv("TB_FACTORY_SEED", "ab" * 32)
    factory(*COUNT, "--out", "c/b", "--ledger", "c.db")
    tokens = [settings_in(Path(folder), f"s-{n}")["token"] for folder in ("a/b", "c/b") for n in (1, 2, 3)]
    assert len(set(tokens)) == 6


def test_the_seed_is_in_nothing_that_is_made(factory: Factory) -> None:
    factory(*COUNT, "--encrypt")
    made = content(Path("tb_factory"))
    assert set(made) >= {"ledger.db", "3-from-1/keys/s-1.bin", "3-from-1/images/s-1.bin", "3-from-1/labels.pdf"}
    for data in made.values():
        assert bytes.fromhex(SEED) not in data
        assert SEED[:16].encode() not in data.lower()


def test_only_its_user_may_read_a_batch_and_git_does_not(factory: Factory) -> None:
    factory(*COUNT, "--encrypt")
    for path in (Path("tb_factory"), *Path("tb_factory").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert "*" in (FOLDER / ".gitignore").read_text().splitlines()
    assert "/tb_factory/" in (ROOT / ".gitignore").read_text().splitlines()


def test_made_twice_nothing_changes(factory: Factory) -> None:
    assert factory(*COUNT).result["changed"]
    before = {path: path.stat().st_mtime_ns for path in FOLDER.rglob("*")}
    done = factory(*COUNT)
    assert (done.status, done.result["changed"]) == (0, False)
    assert {path: path.stat().st_mtime_ns for path in FOLDER.rglob("*")} == before


def test_what_was_lost_or_damaged_is_made_again(factory: Factory) -> None:
    factory(*COUNT)
    before = content(FOLDER)
    (FOLDER / "images" / "s-1.bin").write_bytes(b"damaged")
    (FOLDER / "labels.pdf").unlink()
    assert factory(*COUNT).result["changed"]
    assert content(FOLDER) == before


def test_labels_may_change_without_another_batch(factory: Factory) -> None:
    factory(*COUNT)
    before = content(FOLDER)
    assert factory(*COUNT, "--grid", "2x7").result["changed"]
    after = content(FOLDER)
    assert {name for name in after if after[name] != before[name]} == {"labels.pdf"}


def test_another_batch_takes_the_place_of_one_only_when_told(factory: Factory) -> None:
    factory(*COUNT)
    before = content(Path("tb_factory"))
    other = ("make", "--host", "192.0.2.8", *COUNT[3:])
    done = factory(*other)
    assert "was made of something else before" in error_of(done)
    assert "--replace" in done.result["advice"]
    assert content(FOLDER) == {name.removeprefix("3-from-1/"): data for name, data in before.items() if "/" in name}
    assert factory(*other, "--replace").result["changed"]
    assert settings_in(FOLDER, "s-1")["host"] == "192.0.2.8"


def test_nothing_but_a_batch_is_replaced(factory: Factory) -> None:
    FOLDER.mkdir(parents=True)
    (FOLDER / "precious").write_text("x")
    assert "is no batch" in error_of(factory(*COUNT, "--replace"))
    assert content(FOLDER) == {"precious": b"x"}


def test_no_two_devices_of_all_batches_are_alike(factory: Factory) -> None:
    Path("first.csv").write_text("name,token\na,T1\nb,\n")
    Path("same-name.csv").write_text("name\nc\nb\n")
    Path("same-token.csv").write_text("name,token\nd,T1\n")
    assert factory(*MAKE, "--csv", "first.csv").status == 0
    assert error_of(factory(*MAKE, "--csv", "same-name.csv")) == "device b is there already, in batch first"
    assert (
        error_of(factory(*MAKE, "--csv", "same-token.csv")) == "devices a and d have the same access token or user name"
    )
    assert sorted(path.name for path in Path("tb_factory").iterdir()) == ["first", "ledger.db"]
    assert b"T1" not in Path("tb_factory/ledger.db").read_bytes()
    derived = settings_in(Path("tb_factory/first"), "b")["token"]
    Path("user.csv").write_text(f"name,username\ne,{derived}\n")
    model = "dev_sup_basic_mqtt_credential_up_wo_ssl"
    assert "have the same access token or user name" in error_of(factory(*MAKE, "--csv", "user.csv", "--model", model))
    batches = factory("ledger").result["batches"]
    assert [(each["batch"], each["devices"]) for each in batches] == [("first", 2)]


def test_one_seed_for_a_ledger(factory: Factory, environment: pytest.MonkeyPatch) -> None:
    factory(*COUNT)
    environment.setenv("TB_FACTORY_SEED", "ab" * 32)
    assert "begun with another seed" in error_of(factory(*COUNT, "--out", "tb_factory/x", "--first", 9))
    environment.delenv("TB_FACTORY_SEED")
    done = factory(*COUNT, "--out", "tb_factory/x", "--first", 9)
    assert error_of(done) == "the seed with which the ledger was begun is not here"
    assert not Path("no seed").exists()
    done = factory(*COUNT, "--ledger", "other.db", "--out", "x")
    assert "A seed was made" in " ".join(done.result["notes"])
    assert len(Path("no seed").read_text().strip()) == 64


def test_what_the_csv_gives_goes_before_what_is_common(factory: Factory) -> None:
    Path("d.csv").write_text("name,label,host,port,token,run_time_s\na,Kitchen,h,1,T,0\nb,,,,,\n")
    common = ("--host", "common", "--port", 1883, "--telemetry-s", 60, "--profile", "Sensors, all", "--run-time-s", 5)
    assert factory("make", "--csv", "d.csv", *common).status == 0
    folder = Path("tb_factory/d")
    assert settings_in(folder, "a") == {
        "host": "h", "port": "1", "run_time_s": "0", "telemetry_s": "60", "device_name": "a", "token": "T",
    }  # fmt: skip
    b = settings_in(folder, "b")
    assert (b["host"], b["port"], b["run_time_s"]) == ("common", "1883", "5")
    assert import_rows(folder) == [
        {"NAME": "a", "TYPE": "Sensors, all", "LABEL": "Kitchen", "ACCESS_TOKEN": "T"},
        {"NAME": "b", "TYPE": "Sensors, all", "LABEL": "", "ACCESS_TOKEN": b["token"]},
    ]


@pytest.mark.parametrize(
    ("model", "columns"),
    [
        ("srv_gen_credentials_wo_ssl", {}),
        ("dev_sup_basic_mqtt_credential_c_wo_ssl", {"client_id": "MQTT_CLIENT_ID"}),
        ("dev_sup_basic_mqtt_credential_up_wo_ssl", {"username": "MQTT_USER_NAME", "password": "MQTT_PASSWORD"}),
        (
            "dev_sup_basic_mqtt_credential_cup_w_onewayssl",
            {"client_id": "MQTT_CLIENT_ID", "username": "MQTT_USER_NAME", "password": "MQTT_PASSWORD"},
        ),
    ],
)
def test_the_model_decides_which_credentials(factory: Factory, model: str, columns: dict[str, str]) -> None:
    assert factory(*COUNT, "--model", model).status == 0
    told = settings_in(FOLDER, "s-1")
    assert set(told) == {"host", "device_name", *columns}
    expected = {column: told[key] for key, column in columns.items()}
    assert import_rows(FOLDER)[0] == {"NAME": "s-1", "TYPE": "default", **expected}


def test_a_model_with_certificates(factory: Factory) -> None:
    model = ("--model", "dev_sup_x509_certificate_w_twowayssl", "--ca-cert", "ca.pem", "--ca-key", "ca.key")
    assert factory(*COUNT, *model, "--new-ca").status == 0
    told = settings_in(FOLDER, "s-1")
    assert set(told) == {"host", "device_name", "client_cert", "client_key"}
    assert told["client_cert"].endswith(Path("ca.pem").read_text())
    body = "".join(told["client_cert"].partition("-----END")[0].splitlines()[1:])
    assert import_rows(FOLDER)[0] == {"NAME": "s-1", "TYPE": "default", "X509": body}


def test_key_and_secret_of_the_profile_are_in_the_images_alone(
    factory: Factory, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("TB_PROVISION_KEY", "the-key")
    environment.setenv("TB_PROVISION_SECRET", "the-secret")
    done = factory(*COUNT)
    assert done.result["notes"] == []
    told = settings_in(FOLDER, "s-1")
    assert (told["prov_key"], told["prov_secret"]) == ("the-key", "the-secret")
    others = {name: data for name, data in content(Path("tb_factory")).items() if "/images/" not in name}
    assert not any(b"the-key" in data or b"the-secret" in data for data in others.values())


def test_the_servers_ca_is_in_each_image(factory: Factory) -> None:
    model = ("--model", "dev_sup_x509_chain_w_twowayssl", "--ca-cert", "ca.pem", "--ca-key", "ca.key")
    done = factory(*COUNT, *model, "--new-ca", "--out", "x/1")
    assert "A CA was made" in " ".join(done.result["notes"])
    assert factory(*COUNT, *model, "--server-ca", "ca.pem", "--first", 7).status == 0
    assert settings_in(Path("tb_factory/3-from-7"), "s-7")["ca_cert"] == Path("ca.pem").read_text()
    assert "has no certificate in PEM" in error_of(factory(*COUNT, *model, "--server-ca", "ca.key"))


def test_encrypted_images_have_keys_of_their_own(factory: Factory) -> None:
    factory(*COUNT, "--encrypt")
    keys = [(FOLDER / "keys" / f"s-{n}.bin").read_bytes() for n in (1, 2, 3)]
    assert len({key[:64] for key in keys}) == 3
    images = [(FOLDER / "images" / f"s-{n}.bin").read_bytes() for n in (1, 2, 3)]
    assert not any(b"192.0.2.7" in image or b"s-1" in image for image in images)
    assert settings_in(FOLDER, "s-2")["device_name"] == "s-2"


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("make", "--host", "h"), "give either --csv FILE or --count N"),
        (("make", "--host", "h", "--count", 1, "--csv", "x.csv"), "give either --csv FILE or --count N"),
        (("make", "--count", 1), "no server"),
        ((*COUNT, "--ca-cert", "ca.pem"), "have no certificate"),
        ((*COUNT, "--model", "dev_sup_x509_chain_w_twowayssl"), "there is no CA to sign it"),
        ((*COUNT, "--partitions", "none.csv"), "No such file"),
        ((*COUNT, "--grid", "9x9"), "--grid '9x9' is no grid"),
    ],
)
def test_wrong_options(factory: Factory, arguments: tuple[object, ...], problem: str) -> None:
    done = factory(*arguments)
    assert done.status == 2
    assert problem in error_of(done)
    assert not any(path.is_dir() for path in Path("tb_factory").glob("*"))


def test_settings_that_do_not_fit_are_told_by_device(factory: Factory) -> None:
    Path("small.csv").write_text("nvs, data, nvs, 0x9000, 0x1000\n")
    assert error_of(factory(*COUNT, "--partitions", "small.csv")).startswith("s-1: the settings do not fit")


def test_key_and_secret_of_the_profile_go_together(factory: Factory, environment: pytest.MonkeyPatch) -> None:
    done = factory(*COUNT)
    assert "devices use those of the firmware's menuconfig" in " ".join(done.result["notes"])
    environment.setenv("TB_PROVISION_KEY", "the-key")
    assert "go together" in error_of(factory(*COUNT, "--out", "x/y"))
    environment.setenv("TB_PROVISION_SECRET", "x" * 129)
    assert "the provision secret is none" in error_of(factory(*COUNT, "--out", "x/y"))


def test_a_csv_of_names_that_are_no_file_names(factory: Factory) -> None:
    text = 'name\n../up\n.\n"a,b/ü"\n'
    Path("d.csv").write_text(text)
    assert factory(*MAKE, "--csv", "d.csv").status == 0
    names = {path.name for path in Path("tb_factory/d/images").iterdir()}
    assert names == {"..%2Fup.bin", "..bin", "a%2Cb%2F%C3%BC.bin"}
    wanted = read_wanted(None, None)
    assert [row["NAME"] for row in import_rows(Path("tb_factory/d"))] == [
        device.name for device in read_csv(Path("d.csv"), wanted)
    ]
