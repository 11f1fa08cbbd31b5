"""The generated C: compiles without a warning whatever the model's texts hold, and writes what Python's json reads."""

from __future__ import annotations

import json
import math
import re
import shutil
import struct
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import cffi
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from tbgen.project import in_place
from tbgen.store import write

from tests.codegen.support import MODELS, REPOSITORY, make_project

COMPONENT = REPOSITORY / "components" / "tb_mqtt_client_helper"
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-trigraphs"]
ENCODER = ("tb_buf.c", "tb_json_write.c", "tb_utf8.c")
TOO_LONG, BAD_UTF8, OUT_OF_RANGE = (0x54420000 + code for code in (1, 3, 5))

DEFAULT_MODEL = sorted((REPOSITORY / "codegen" / "models").glob("*.yaml"))
ALL_MODELS = [*sorted(MODELS.glob("*.yaml")), *DEFAULT_MODEL]


def generate(model: Path, folder: Path) -> Path:
    make_project(folder)
    write(folder, in_place(folder, model).plan)
    return folder


def includes(folder: Path) -> list[str]:
    gen = folder / "components" / "tb_mqtt_client_helper" / "gen"
    own = [folder, folder / "main", gen]
    return [f"-I{path}" for path in (*own, COMPONENT / "include", COMPONENT / "port/posix", REPOSITORY / "main")]


def keys_of(model: str) -> list[str]:
    items = YAML(typ="safe", pure=True).load(MODELS / f"{model}.yaml")["telemetry"]
    return [item.get("key", item["name"]) for item in items]


class Encoder:
    """The encoder of a model, called through cffi."""

    def __init__(self, folder: Path) -> None:
        gen = folder / "components" / "tb_mqtt_client_helper" / "gen"
        library = folder / "encoder.so"
        sources = [gen / "tb_model_telemetry.c", *(COMPONENT / "src" / name for name in ENCODER)]
        options = ["-shared", "-fPIC", "-O1", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
        subprocess.run(["gcc", *WARNINGS, *options, *includes(folder), "-o", library, *sources], check=True)
        header = (gen / "tb_model.h").read_text(encoding="utf-8")
        struct_text = re.search(r"typedef struct \{.*?\} tb_model_telemetry_t;", header, re.DOTALL)
        size = re.search(r"#define TB_MODEL_TELEMETRY_MAX (\d+)", header)
        assert struct_text
        assert size
        self.max = int(size.group(1))
        self.ffi = cffi.FFI()
        self.ffi.cdef(
            "typedef struct { const char *ptr; size_t len; } tb_str_t;"
            "typedef struct { char *ptr; size_t cap; size_t len; bool overflow; } tb_buf_t;"
            + re.sub(r"/\*.*?\*/", "", struct_text.group(), flags=re.DOTALL)
            + "int tb_model_telemetry_encode(const tb_model_telemetry_t *, tb_buf_t *);"
        )
        self.library = self.ffi.dlopen(str(library))

    def encode(self, values: dict[str, Any], cap: int | None = None) -> tuple[int, bytes]:
        """Return the error code and what was appended for *values*, of which a missing one is left out."""
        cap = self.max if cap is None else cap
        sample, kept = self.ffi.new("tb_model_telemetry_t *"), []
        for name, value in values.items():
            setattr(sample, f"has_{name}", True)
            if isinstance(value, bytes):
                kept.append(self.ffi.from_buffer(value))
                getattr(sample, name).ptr, getattr(sample, name).len = kept[-1], len(value)
            else:
                setattr(sample, name, value)
        memory = self.ffi.new("char[]", cap + 8)
        out = self.ffi.new("tb_buf_t *", {"ptr": memory, "cap": cap + 1, "len": 1})
        code = self.library.tb_model_telemetry_encode(sample, out)
        assert bytes(self.ffi.buffer(memory)[cap + 1 :]) == bytes(7)
        return code, bytes(self.ffi.buffer(memory, out.len)[1:])


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(generate(MODELS / "types.yaml", tmp_path_factory.mktemp("types") / "project"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return Encoder(generate(MODELS / "hostile.yaml", tmp_path_factory.mktemp("hostile") / "project"))


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda path: path.stem)
def test_generated_c_compiles_without_a_warning(model: Path, tmp_path: Path) -> None:
    folder = generate(model, tmp_path / "generated")
    (folder / "sdkconfig.h").write_text("")
    sources = sorted(folder.rglob("*.c"))
    assert len(sources) == 6
    for header in sorted(folder.rglob("*.h")):
        sources.append(folder / f"{header.stem}_alone.c")
        sources[-1].write_text(f'#include "{header.name}"\ntypedef int not_empty_t;\n')
    for source in sources:
        command = ["gcc", *WARNINGS, "-fsyntax-only", *includes(folder), str(source)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr


@pytest.mark.skipif(not shutil.which("clang-format"), reason="needs clang-format")
@pytest.mark.parametrize("model", [MODELS / "types.yaml", *DEFAULT_MODEL], ids=lambda path: path.stem)
def test_generated_c_is_formatted(model: Path, tmp_path: Path) -> None:
    folder = generate(model, tmp_path / "generated")
    shutil.copy(REPOSITORY / ".clang-format", folder)
    sources = [*folder.rglob("*.c"), *folder.rglob("*.h")]
    subprocess.run(["clang-format", "--dry-run", "-Werror", *sources], check=True)


def test_hostile_texts_arrive_intact(hostile: Encoder) -> None:
    text = 'a"b\\c\n*/ ??/ °C 🌡\x00'
    values = {
        "comment": True,
        "quotes": -1,
        "backslash": 2,
        "trigraph": 3,
        "newline": 0.5,
        "emoji": -0.25,
        "octal": False,
        "format": True,
        "text": text.encode(),
        "separators": True,
        "longest": False,
    }
    code, wire = hostile.encode(values)
    assert code == 0
    assert list(json.loads(wire)) == keys_of("hostile")
    assert list(json.loads(wire).values()) == [True, -1, 2, 3, 0.5, -0.25, False, True, text, True, False]


def test_nothing_to_say_is_an_empty_object(types: Encoder) -> None:
    assert types.encode({}) == (0, b"{}")


INTEGERS = {"i32": (-(2**31), 2**31 - 1), "u32": (0, 2**32 - 1), "i64": (-(2**63), 2**63 - 1)}


@given(
    st.fixed_dictionaries({}, optional={name: st.integers(*bounds) for name, bounds in INTEGERS.items()}), st.booleans()
)
def test_integers_and_bools(types: Encoder, values: dict[str, int], flag: bool) -> None:
    code, wire = types.encode({"b": flag, **values})
    assert code == 0
    assert json.loads(wire) == {"b": flag, **values}
    assert (
        wire
        == json.dumps(
            {"b": flag, **{name: values[name] for name in INTEGERS if name in values}}, separators=(",", ":")
        ).encode()
    )


def as_float(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


FIXED = {"f0": 0, "f6": 6, "d0": 0, "d9": 9}
NUMBERS = st.one_of(
    st.floats(allow_nan=False, width=32),
    st.floats(min_value=-1e6, max_value=1e6, width=32),
    st.integers(-(10**7), 10**7).map(lambda number: number / 2),
    st.sampled_from([0.0, -0.0, 0.5, -0.5, 2.5, 0.1, 1e-30, -1e-30, 999999.999999, 1e6, 1e15, -1e15, 9.9e14, 3e38]),
)


@given(st.sampled_from(sorted(FIXED)), NUMBERS)
def test_fractions_are_rounded_and_shortest(types: Encoder, name: str, value: float) -> None:
    value = as_float(value) if name.startswith("f") else value
    decimals = FIXED[name]
    code, wire = types.encode({name: value})
    if abs(value) * 10**decimals >= 1e15:
        assert (code, wire) == (OUT_OF_RANGE, b"")
        return
    assert code == 0
    text = wire.decode().removeprefix(f'{{"{name}":').removesuffix("}")
    assert re.fullmatch(r"-?(0|[1-9]\d*)(\.\d*[1-9])?", text)
    assert text != "-0"
    assert len(text.partition(".")[2]) <= decimals
    unit = Decimal(1).scaleb(-decimals)
    error = abs(Decimal(text) - Decimal(value))
    assert error <= unit / 2 + abs(Decimal(value)) * Decimal(2) ** -51
    assert json.loads(wire) == {name: float(text)}


@pytest.mark.parametrize(("value", "text"), [(0.5, b"1"), (-0.5, b"-1"), (2.5, b"3"), (-2.5, b"-3"), (25.0, b"25")])
def test_half_is_rounded_away_from_zero(types: Encoder, value: float, text: bytes) -> None:
    assert types.encode({"f0": value}) == (0, b'{"f0":%s}' % text)
    assert types.encode({"d0": value}) == (0, b'{"d0":%s}' % text)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
@pytest.mark.parametrize("name", ["d0", "d9"])
def test_what_json_cannot_say_is_refused_and_nothing_appended(types: Encoder, name: str, value: float) -> None:
    assert types.encode({"b": True, name: value}) == (OUT_OF_RANGE, b"")


@given(st.text(max_size=40).filter(lambda text: len(text.encode()) <= 40))
def test_texts(types: Encoder, text: str) -> None:
    code, wire = types.encode({"s40": text.encode()})
    assert code == 0
    assert json.loads(wire) == {"s40": text}


@given(st.binary(max_size=40))
def test_any_bytes_are_written_or_refused(types: Encoder, content: bytes) -> None:
    code, wire = types.encode({"s40": content})
    try:
        text = content.decode()
    except UnicodeDecodeError:
        assert (code, wire) == (BAD_UTF8, b"")
    else:
        assert json.loads(wire) == {"s40": text}


def test_text_over_its_bound_is_refused(types: Encoder) -> None:
    assert types.encode({"s40": b"x" * 41}) == (TOO_LONG, b"")
    assert types.encode({"s1": b"xy"}) == (TOO_LONG, b"")


WORST = {
    "b": False,
    "i32": -(2**31),
    "u32": 2**32 - 1,
    "i64": -(2**63),
    "big": -(2**63),
    "d0": -999999999999999.875,
    "d9": -999999.999999999,
    "s1": b"\0",
    "s40": b"\0" * 40,
}


def test_longest_sample_needs_all_the_room_that_is_asked_for(types: Encoder) -> None:
    code, wire = types.encode(WORST)
    floats = sum(len(f',"{name}":') + 17 for name in ("f0", "f6"))  # 32 bits have no value that takes all 17
    assert code == 0
    assert len(wire) + floats == types.max


def test_no_room_is_refused_at_every_length(types: Encoder) -> None:
    _, wire = types.encode(WORST)
    for cap in range(len(wire)):
        assert types.encode(WORST, cap) == (TOO_LONG, b"")
    assert types.encode(WORST, len(wire)) == (0, wire)
