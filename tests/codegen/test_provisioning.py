"""The generated provisioning request of each kind of credentials, and what menuconfig chooses from."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import cffi
import esp_kconfiglib  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tbgen.layout import GEN
from tbgen.project import in_place
from tbgen.store import write

from tests.codegen.support import REPOSITORY, make_project

COMPONENT = REPOSITORY / "components" / "tb_mqtt_client_helper"
MODELS = REPOSITORY / "codegen" / "models"
OPTIONS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fPIC"]
SOURCES = ("tb_buf.c", "tb_json_write.c", "tb_utf8.c")
TOO_LONG, BAD_UTF8 = 0x54420001, 0x54420003

ALWAYS = {"device_name": "NAME", "provision_key": "KEY", "provision_secret": "SECRET"}
ON_THE_WIRE = {"deviceName": "NAME", "provisionDeviceKey": "KEY", "provisionDeviceSecret": "SECRET"}
LIMITS = {"device_name": 255, "certificate": 3999}
LIMIT = 128

TOKEN = ({"username": "T"}, {"credentialsType": "ACCESS_TOKEN", "token": "T"})
C = ({"client_id": "C"}, {"credentialsType": "MQTT_BASIC", "clientId": "C"})
UP = (
    {"username": "U", "password": "P"},
    {"credentialsType": "MQTT_BASIC", "username": "U", "password": "P"},
)
CUP = (
    {"client_id": "C", "username": "U", "password": "P"},
    {"credentialsType": "MQTT_BASIC", "clientId": "C", "username": "U", "password": "P"},
)
X509 = ({"certificate": "MIIB"}, {"credentialsType": "X509_CERTIFICATE", "hash": "MIIB"})
REQUESTS = {
    "dev_sup_access_token_wo_ssl": TOKEN,
    "dev_sup_access_token_w_onewayssl": TOKEN,
    "dev_sup_basic_mqtt_credential_c_wo_ssl": C,
    "dev_sup_basic_mqtt_credential_up_wo_ssl": UP,
    "dev_sup_basic_mqtt_credential_cup_wo_ssl": CUP,
    "dev_sup_basic_mqtt_credential_cup_w_onewayssl": CUP,
    "srv_gen_credentials_wo_ssl": ({}, {}),
    "srv_gen_credentials_w_onewayssl": ({}, {}),
    "dev_sup_x509_certificate_w_twowayssl": X509,
}
CHAIN, CHOSEN = "dev_sup_x509_chain_w_twowayssl", "device_provisioning"
KINDS = {0: ({}, {}), 1: TOKEN, 2: CUP, 3: X509}


class Builder:
    """The request builder of a model, called through cffi."""

    def __init__(self, model: str, folder: Path) -> None:
        make_project(folder)
        write(folder, in_place(folder, MODELS / f"{model}.yaml").plan)
        self.gen = folder / GEN
        library = folder / "builder.so"
        sources = [self.gen / "tb_model_prov.c", *(COMPONENT / "src" / name for name in SOURCES)]
        includes = [f"-I{self.gen}", f"-I{COMPONENT / 'include'}"]
        subprocess.run(["gcc", *OPTIONS, *includes, "-shared", "-o", library, *sources], check=True)
        header = (self.gen / "tb_model_prov.h").read_text(encoding="utf-8")
        members = re.search(r"typedef struct \{(.*?)\} tb_model_prov_request_t;", header, re.DOTALL)
        size = re.search(r"#define TB_MODEL_PROV_REQUEST_MAX (\d+)", header)
        assert members
        assert size
        self.max = int(size.group(1))
        self.members = re.findall(r"tb_str_t (\w+);", members.group(1))
        self.ffi = cffi.FFI()
        self.ffi.cdef(
            "typedef struct { const char *ptr; size_t len; } tb_str_t;"
            "typedef struct { char *ptr; size_t cap; size_t len; bool overflow; } tb_buf_t;"
            "typedef unsigned int tb_cred_kind_t;"
            + re.sub(r"/\*.*?\*/", "", members.group())
            + "int tb_model_prov_build_request(const tb_model_prov_request_t *, tb_buf_t *);"
        )
        self.library = self.ffi.dlopen(str(library))

    def build(self, values: dict[str, bytes], cap: int | None = None, kind: int | None = None) -> tuple[int, bytes]:
        """Return the error code and what was appended."""
        cap = self.max if cap is None else cap
        request, kept = self.ffi.new("tb_model_prov_request_t *"), []
        if kind is not None:
            request.kind = kind
        for name, value in values.items():
            kept.append(self.ffi.from_buffer(value))
            getattr(request, name).ptr, getattr(request, name).len = kept[-1], len(value)
        memory = self.ffi.new("char[]", cap + 8)
        out = self.ffi.new("tb_buf_t *", {"ptr": memory, "cap": cap + 1, "len": 1})
        code = self.library.tb_model_prov_build_request(request, out)
        assert bytes(self.ffi.buffer(memory)[cap + 1 :]) == bytes(7)
        return code, bytes(self.ffi.buffer(memory, out.len)[1:])


@pytest.fixture(scope="module", params=REQUESTS)
def single(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Builder]:
    return request.param, Builder(request.param, tmp_path_factory.mktemp("single") / "project")


@pytest.fixture(scope="module")
def chosen(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(CHOSEN, tmp_path_factory.mktemp("chosen") / "project")


def encoded(values: dict[str, str]) -> dict[str, bytes]:
    return {name: value.encode() for name, value in values.items()}


def longest(names: list[str]) -> dict[str, bytes]:
    return {name: b"x" * LIMITS.get(name, LIMIT) for name in names}


def compact(value: dict[str, str]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def test_request_is_that_of_the_contract(single: tuple[str, Builder]) -> None:
    model, builder = single
    values, added = REQUESTS[model]
    assert builder.members == [*ALWAYS, *values]
    assert builder.build(encoded(ALWAYS | values)) == (0, compact(ON_THE_WIRE | added))


def test_longest_request_takes_all_the_room_that_is_asked_for(single: tuple[str, Builder]) -> None:
    builder = single[1]
    values = longest(builder.members)
    code, wire = builder.build(values)
    assert (code, len(wire)) == (0, builder.max)
    assert builder.build(values, builder.max - 1) == (TOO_LONG, b"")


def test_no_room_is_refused_at_every_length(single: tuple[str, Builder]) -> None:
    model, builder = single
    values = encoded(ALWAYS | REQUESTS[model][0])
    for cap in range(len(builder.build(values)[1])):
        assert builder.build(values, cap) == (TOO_LONG, b"")


@given(st.data())
def test_any_bytes_stay_in_their_member_or_are_refused(single: tuple[str, Builder], data: st.DataObject) -> None:
    model, builder = single
    name = data.draw(st.sampled_from(builder.members))
    content = data.draw(st.binary(max_size=40) | st.text(max_size=10).map(str.encode))
    code, wire = builder.build(encoded(ALWAYS | REQUESTS[model][0]) | {name: content})
    try:
        text = content.decode()
    except UnicodeDecodeError:
        assert (code, wire) == (BAD_UTF8, b"")
        return
    read = json.loads(wire)
    assert code == 0
    assert list(read) == [*ON_THE_WIRE, *REQUESTS[model][1]]
    assert list(read.values()).count(text) >= 1


@pytest.mark.parametrize("kind", KINDS)
def test_chosen_request_has_what_its_kind_needs_and_no_more(kind: int, chosen: Builder) -> None:
    values, added = KINDS[kind]
    others = dict.fromkeys(chosen.members, "X")
    if kind == 2:
        assert chosen.build(encoded(ALWAYS | C[0]), kind=kind) == (0, compact(ON_THE_WIRE | C[1]))
        assert chosen.build(encoded(ALWAYS | UP[0]), kind=kind) == (0, compact(ON_THE_WIRE | UP[1]))
    assert chosen.build(encoded(others | ALWAYS | values), kind=kind) == (0, compact(ON_THE_WIRE | added))


def test_longest_chosen_request_takes_all_the_room_that_is_asked_for(chosen: Builder) -> None:
    lengths = [len(chosen.build(longest(chosen.members), kind=kind)[1]) for kind in KINDS]
    assert max(lengths) == chosen.max


def test_a_device_of_a_chain_asks_for_nothing(root: Path) -> None:
    write(root, in_place(root, MODELS / f"{CHAIN}.yaml").plan)
    header = (root / GEN / "tb_model_prov.h").read_text(encoding="utf-8")
    assert "#define TB_MODEL_PROV_REQUEST 0\n" in header
    assert "request_t" not in header
    kconfig = (root / "main" / "Kconfig.projbuild").read_text(encoding="utf-8")
    assert "DEVICE_KEY" not in kconfig
    assert "DEVICE_SECRET" not in kconfig


@dataclass
class Menu:
    """What follows from an entry of menuconfig's choice, as C has it."""

    symbol: str
    kind: str
    fields: str
    settings: list[str]


MENU = [
    Menu("ACCESS_TOKEN", "TB_CRED_ACCESS_TOKEN", "TB_CRED_USERNAME", ["token TOKEN username"]),
    Menu("BASIC_C", "TB_CRED_MQTT_BASIC", "TB_CRED_CLIENT_ID", ["client_id CLIENT_ID client_id"]),
    Menu(
        "BASIC_UP",
        "TB_CRED_MQTT_BASIC",
        "TB_CRED_USERNAME | TB_CRED_PASSWORD",
        ["username USER_NAME username", "password PASSWORD password"],
    ),
    Menu(
        "BASIC_CUP",
        "TB_CRED_MQTT_BASIC",
        "TB_CRED_CLIENT_ID | TB_CRED_USERNAME | TB_CRED_PASSWORD",
        ["client_id CLIENT_ID client_id", "username USER_NAME username", "password PASSWORD password"],
    ),
    Menu("X509", "TB_CRED_X509", "0", []),
    Menu("BY_SERVER", "TB_CRED_NONE", "0", []),
]
TEXTS = ("TOKEN", "CLIENT_ID", "USER_NAME", "PASSWORD")
CHECKS = """\
#include <stdio.h>
#include "sdkconfig.h"
#include "tb_model_prov.h"
_Static_assert(TB_MODEL_PROV_KIND == {kind}, "kind");
_Static_assert(TB_MODEL_PROV_FIELDS == ({fields}), "fields");
#define SHOW(key, text, member) printf("%s %s %s\\n", key, text, #member);
int main(void) {{ TB_MODEL_PROV_SETTINGS(SHOW) return 0; }}
"""


def configured(chosen: Builder, **values: str) -> esp_kconfiglib.Kconfig:
    menu = esp_kconfiglib.Kconfig(str(chosen.gen.parents[2] / "main" / "Kconfig.projbuild"), parser_version=1)
    for name, value in values.items():
        assert menu.syms[f"TBC_{name}"].set_value(value)
    return menu


@pytest.mark.parametrize("entry", MENU, ids=lambda entry: entry.symbol)
def test_menuconfig_chooses_kind_fields_and_settings(entry: Menu, chosen: Builder, tmp_path: Path) -> None:
    menu = configured(chosen, **{f"PROVISION_{entry.symbol}": "y"})
    for text in TEXTS:  # each holds its own name, to be seen in C
        menu.syms[f"TBC_PROVISION_{text}"].set_value(text)
    menu.write_autoconf(str(tmp_path / "sdkconfig.h"))
    (tmp_path / "show.c").write_text(CHECKS.format(kind=entry.kind, fields=entry.fields))
    includes = [f"-I{path}" for path in (tmp_path, chosen.gen, COMPONENT / "include")]
    subprocess.run(["gcc", *OPTIONS, *includes, "-o", tmp_path / "show", tmp_path / "show.c"], check=True)
    shown = subprocess.run([tmp_path / "show"], capture_output=True, text=True, check=True).stdout
    assert shown.splitlines() == entry.settings
    header = (tmp_path / "sdkconfig.h").read_text(encoding="utf-8")
    for text in TEXTS:
        assert f"#define CONFIG_TBC_PROVISION_{text} " in header


def test_a_certificate_needs_tls_whatever_was_chosen_before(chosen: Builder) -> None:
    menu = configured(chosen, TRANSPORT_TLS="n")
    port, tls = (menu.syms[f"TBC_TRANSPORT_{name}"] for name in ("ADDRESS_PORT", "USES_TLS"))
    assert (port.str_value, tls.str_value) == ("1883", "0")
    assert menu.syms["TBC_PROVISION_X509"].set_value("y")
    assert (port.str_value, tls.str_value) == ("8883", "1")
