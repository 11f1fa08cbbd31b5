"""The component's JSON layer, compiled to a shared library and called through cffi."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cffi

ROOT = Path(__file__).resolve().parents[2]
COMPONENT = ROOT / "components" / "tb_mqtt_client_helper"
SOURCES = [*sorted((COMPONENT / "src").glob("tb_json_*.c")), COMPONENT / "src/tb_utf8.c", COMPONENT / "src/tb_buf.c"]
OPTIONS = ["-std=c11", "-O1", "-shared", "-fPIC", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]

OK = 0
TOO_LONG, BAD_JSON, BAD_UTF8, INCOMPLETE = (0x54420000 + code for code in (1, 2, 3, 4))
TYPES = ("absent", "null", "bool", "number", "string", "object", "array")  # tb_json_type_t

_DECLARATIONS = """
typedef struct { const char *ptr; size_t len; } tb_str_t;
typedef struct { char *ptr; size_t cap; size_t len; bool overflow; } tb_buf_t;
typedef struct { int type; tb_str_t raw; } tb_json_value_t;
typedef struct { tb_str_t key; tb_json_value_t value; } tb_json_member_t;
int tb_json_check(tb_str_t text);
int tb_json_read_object(tb_str_t text, tb_json_member_t *members, size_t count);
int tb_json_read_string(const tb_json_value_t *value, char *dst, size_t cap);
bool tb_json_is_string(const tb_json_value_t *value, tb_str_t text);
int tb_json_put_string(tb_buf_t *out, tb_str_t text);
"""


@dataclass(frozen=True)
class Member:
    """What was found under a key: one of TYPES, its bytes on the wire, and how a string reads (or why it does not)."""

    kind: str
    raw: bytes
    error: int
    text: bytes


class JsonReader:
    """The C functions, with bytes in and out."""

    def __init__(self, library: Path) -> None:
        """Compile into the file *library*."""
        includes = [f"-I{COMPONENT / folder}" for folder in ("include", "src")]
        subprocess.run(["gcc", *OPTIONS, *includes, "-o", library, *SOURCES], check=True)
        self._ffi = cffi.FFI()
        self._ffi.cdef(_DECLARATIONS)
        self._c = self._ffi.dlopen(str(library))

    def check(self, text: bytes) -> int:
        """Return what tb_json_check() says of *text*."""
        view, _owner = self._view(text)
        return int(self._c.tb_json_check(view))

    def read_object(self, text: bytes, keys: Sequence[bytes]) -> tuple[int, list[Member]]:
        """Return the error code, and a member for each of *keys*, none on error."""
        view, _owner = self._view(text)
        members = self._ffi.new("tb_json_member_t[]", len(keys))
        owners = []
        for member, key in zip(members, keys, strict=True):
            member.key, owner = self._view(key)
            owners.append(owner)
        error = int(self._c.tb_json_read_object(view, members, len(keys)))
        return error, [self._member(member.value) for member in members] if error == OK else []

    def put_string(self, text: bytes) -> tuple[int, bytes]:
        """Return the error code, and what was written for *text*."""
        view, _owner = self._view(text)
        memory = self._ffi.new("char[]", 6 * len(text) + 2)
        out = self._ffi.new("tb_buf_t *", {"ptr": memory, "cap": len(memory), "len": 0, "overflow": False})
        error = int(self._c.tb_json_put_string(out, view))
        assert not out.overflow
        return error, self._bytes(memory, out.len)

    def _member(self, value: Any) -> Member:
        raw = self._bytes(value.raw.ptr, value.raw.len) if value.raw.len else b""
        dst = self._ffi.new("char[]", len(raw) + 1)
        error = int(self._c.tb_json_read_string(self._ffi.addressof(value), dst, len(dst)))
        return Member(TYPES[value.type], raw, error, self._ffi.string(dst) if error == OK else b"")

    def _bytes(self, pointer: Any, length: int) -> bytes:
        return bytes(self._ffi.buffer(pointer, length))

    def _view(self, text: bytes) -> tuple[Any, Any]:
        """Return a tb_str_t, and what keeps its bytes alive."""
        owner = self._ffi.from_buffer("char[]", text)
        return self._ffi.new("tb_str_t *", {"ptr": owner, "len": len(text)})[0], owner
