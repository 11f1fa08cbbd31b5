"""Each kind of bad model gives one message with file, line, key and what is allowed, code 2, and nothing written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.codegen.support import MODELS, Run, snapshot

GOOD = (MODELS / "thing.yaml").read_text(encoding="utf-8")


@dataclass
class Bad:
    """The good model with `old` replaced by `new`, and what has to be said about it."""

    id: str
    old: str
    new: str
    place: str
    problem: str
    allowed: str


NAME_RULE = "lower-case letters, digits and single underscores, a letter first"
TYPES = "allowed: bool, double, float, int32, int64, string, uint32"
KEY_RULE = "any text, 1 to 255 bytes"
FIELDS_RULE = "of mqtt_basic: [client_id], [username], [username, password], [client_id, username] or all three"
PASSWORD_ALONE = "ThingsBoard refuses a password without a user name"
FLOAT_RANGE = "a number, -3.4028234663852886e+38 to 3.4028234663852886e+38"


def fields(value: str) -> tuple[str, str]:
    """Return what has to be replaced, and by what, for MQTT basic credentials of the fields *value*."""
    return ": access_token", f": mqtt_basic\n  fields: {value}"


BAD = [
    # YAML
    Bad("syntax", "  - name: label", "  - name: [label", "16", "not YAML", "yaml.org/spec"),
    Bad("tab", "title: A thing", "title:\n\tA thing", "3", "not YAML", "yaml.org/spec"),
    Bad("duplicate_key", "    max: 125", "    max: 125\n    max: 126", "14: telemetry[0].max", "line 13", "once"),
    Bad("anchor", "key: temp", "key: &k temp", "8: telemetry[0].key", "anchors and aliases", "write the value out"),
    Bad("alias", "key: temp", "key: *k", "8: telemetry[0].key", "anchors and aliases", "write the value out"),
    Bad("merge_key", "    key: temp", "    <<: *base", "8: telemetry[0].<<", "anchors and aliases", "write the value"),
    Bad("python_tag", "A thing", "!!python/object:os.system x", "2: title", "python/object:os.system", "plain text"),
    Bad("own_tag", "A thing", "!secret x", "2: title", "!secret", "plain text"),
    Bad("second_document", "name: label", "name: label\n---\nname: two", "16", "second document", "one document"),
    Bad("deep", "A thing", "[" * 40 + "]" * 40, "2: title[0][0]", "nested too deeply", "at most 16 levels"),
    Bad("key_no_text", "title: A thing", "5: A thing", "2", "the key 5 is not text", "quote it"),
    Bad("no_value", "key: temp", "key:", "8: telemetry[0].key", "has no value", "remove the key"),
    Bad("null", "title: A thing", "title: ~", "2: title", "has no value", "remove the key"),
    Bad("control", "A thing", '"bell \\a"', "2: title", "control character U+0007", "tab and newline"),
    Bad("nul", "A thing", '"nul \\0"', "2: title", "control character U+0000", "tab and newline"),
    Bad("raw_nul", "A thing", "nul \0", "2", "control character U+0000", "tab and newline"),
    Bad("surrogate", "A thing", '"\\ud83d"', "2: title", "control character U+D83D", "tab and newline"),
    Bad("no_character", "A thing", '"\\U00110000"', "2", "not YAML: the number of a character", "yaml.org/spec"),
    Bad("no_number", "A thing", '"\\UFFFFFFFF"', "2", "not YAML: the number of a character", "yaml.org/spec"),
    Bad("digits", "max: 125", f"max: {'9' * 5000}", "13: telemetry[0].max", "too long", "at most 400 digits"),
    # shape
    Bad("list", GOOD, "- a\n", "1", "a list is not allowed", "a mapping with the keys name, title"),
    Bad("scalar", GOOD, "hello\n", "1", "text 'hello' is not allowed", "a mapping with the keys name, title"),
    Bad("comment_only", GOOD, "# nothing\n", "1", "the file is empty", "a model starts with `name:`"),
    Bad("unknown_key", "    decimals", "    decimal", "10: telemetry[0].decimal", "unknown key", "mean `decimals`?"),
    Bad("unknown_top", "telemetry:", "telemetrie:", "6: telemetrie", "unknown key", "did you mean `telemetry`?"),
    Bad("not_for_type", "    max_len", "    decimals", "17: telemetry[1].decimals", "unknown key", "max_len"),
    Bad("missing", "    decimals: 2\n", "", "7: telemetry[0].decimals", "is missing", "a whole number, 0 to 6"),
    Bad("missing_section", GOOD[GOOD.index("telemetry:") :], "", "1: telemetry", "is missing", "1 to 64 items"),
    Bad("missing_type", "    type: int32\n", "", "19: telemetry[2].type", "is missing", TYPES),
    Bad("unknown_type", "int32", "integer", "20: telemetry[2].type", "text 'integer' is not allowed", TYPES),
    Bad("hinted_type", "type: float", "type: flaot", "9: telemetry[0].type", "text 'flaot'", "did you mean `float`?"),
    Bad("type_list", "int32", "[int32]", "20: telemetry[2].type", "a list is not allowed", TYPES),
    Bad("number_as_text", "decimals: 2", 'decimals: "2"', "10: telemetry[0].decimals", "text '2'", "whole number"),
    Bad("text_as_number", "A thing", "5", "2: title", "5 is not allowed", "any text"),
    Bad("text_as_bool", "A thing", "true", "2: title", "true is not allowed", "any text"),
    Bad("yes", "decimals: 2", "decimals: yes", "10: telemetry[0].decimals", "text 'yes'", "a whole number, 0 to 6"),
    Bad("bool_as_number", "min: -40", "min: true", "12: telemetry[0].min", "true is not allowed", FLOAT_RANGE),
    Bad("item_no_mapping", "  - name: count\n    type: int32\n", "  - 5\n", "19: telemetry[2]", "5", "a mapping"),
    Bad("items_no_list", GOOD[GOOD.index("telemetry:") :], "telemetry: 5\n", "6: telemetry", "5", "a list of 1 to 64"),
    Bad("no_items", GOOD[GOOD.index("telemetry:") :], "telemetry: []\n", "6: telemetry", "has 0", "a list of 1 to 64"),
    Bad(
        "too_many_items",
        GOOD[GOOD.index("  - name: temp") :],
        "".join(f"  - {{name: x{index}, type: bool}}\n" for index in range(65)),
        "6: telemetry",
        "has 65",
        "a list of 1 to 64",
    ),
    Bad("credentials", ": access_token", ": token", "4: provisioning.credentials", "text 'token'", "access_token"),
    Bad("transport", ": mqtt", ": tcp", "5: provisioning.transport", "text 'tcp'", "mqtt (plain, without TLS)"),
    Bad("tls", ": access_token", ": x509", "5: provisioning.transport", "x509 needs TLS", "mqtts"),
    Bad("tls_chain", ": access_token", ": x509_chain", "5: provisioning.transport", "x509_chain needs TLS", "mqtts"),
    Bad("tls_menu", ": access_token", ": menuconfig", "5: provisioning.transport", "menuconfig needs TLS", "mqtts"),
    Bad("no_fields", ": access_token", ": mqtt_basic", "3: provisioning.fields", "is missing", FIELDS_RULE),
    Bad("fields_empty", *fields("[]"), "5: provisioning.fields", "has 0", FIELDS_RULE),
    Bad("fields_text", *fields("username"), "5: provisioning.fields", "text 'username' is not allowed", FIELDS_RULE),
    Bad("fields_unknown", *fields("[token]"), "5: provisioning.fields[0]", "text 'token'", "client_id, username"),
    Bad("fields_twice", *fields("[username, username]"), "5: provisioning.fields", "names a field twice", FIELDS_RULE),
    Bad("password_alone", *fields("[password]"), "5: provisioning.fields", PASSWORD_ALONE, FIELDS_RULE),
    Bad("no_username", *fields("[client_id, password]"), "5: provisioning.fields", PASSWORD_ALONE, FIELDS_RULE),
    Bad(
        "fields_of_token",
        ": access_token",
        ": access_token\n  fields: [username]",
        "5: provisioning.fields",
        "access_token has no fields",
        "fields with mqtt_basic only",
    ),
    # numbers
    Bad("decimals_high", "decimals: 2", "decimals: 7", "10: telemetry[0].decimals", "7 is not", "0 to 6"),
    Bad("decimals_low", "decimals: 2", "decimals: -1", "10: telemetry[0].decimals", "-1 is not", "0 to 6"),
    Bad("decimals_fraction", "decimals: 2", "decimals: 2.0", "10: telemetry[0].decimals", "2.0", "whole number"),
    Bad("max_len_low", "max_len: 16", "max_len: 0", "17: telemetry[1].max_len", "0 is not", "1 to 1024"),
    Bad("max_len_high", "max_len: 16", "max_len: 1025", "17: telemetry[1].max_len", "1025", "1 to 1024"),
    Bad("nan", "min: -40", "min: .nan", "12: telemetry[0].min", "nan is not allowed", FLOAT_RANGE),
    Bad("infinity", "max: 125", "max: .inf", "13: telemetry[0].max", "inf is not allowed", FLOAT_RANGE),
    Bad("float_overflow", "max: 125", "max: 1e39", "13: telemetry[0].max", "1e+39 is not allowed", FLOAT_RANGE),
    Bad("int_overflow", "int32", "int32\n    max: 2147483648", "21: telemetry[2].max", "2147483648", "to 2147483647"),
    Bad("uint_negative", "int32", "uint32\n    min: -1", "21: telemetry[2].min", "-1", "0 to 4294967295"),
    Bad("int_fraction", "int32", "int64\n    example: 1.5", "21: telemetry[2].example", "1.5", "a number, -9223372"),
    Bad("example_no_number", "example: 25", "example: warm", "14: telemetry[0].example", "text 'warm'", FLOAT_RANGE),
    Bad("example_no_text", "example: shed", "example: 5", "18: telemetry[1].example", "5 is not allowed", "text of at"),
    Bad("example_no_bool", "int32", "bool\n    example: 1", "21: telemetry[2].example", "1", "true or false"),
    Bad("example_long", "shed", "s" * 17, "18: telemetry[1].example", "has 17 bytes", "at most max_len, 16"),
    Bad("example_bytes", "shed", "ß" * 9, "18: telemetry[1].example", "has 18 bytes", "at most max_len, 16"),
    Bad("example_low", "example: 25", "example: -41", "14: telemetry[0].example", "-41 is below min", "at least -40"),
    Bad("example_high", "example: 25", "example: 126", "14: telemetry[0].example", "126 is above max", "at most 125"),
    Bad(
        "example_digits",
        "    max: 125\n    example: 25",
        "    example: 1e13",
        "13: telemetry[0].example",
        "too large to print with 2 decimals",
        "between -10000000000000 and 10000000000000",
    ),
    Bad("min_over_max", "min: -40", "min: 126", "12: telemetry[0].min", "126 is above max, 125", "min at most max"),
    # names
    Bad("capitals", "name: label", "name: Label", "15: telemetry[1].name", "text 'Label'", NAME_RULE),
    Bad("digit_first", "name: label", "name: 2nd", "15: telemetry[1].name", "text '2nd'", NAME_RULE),
    Bad("double_underscore", "name: label", "name: a__b", "15: telemetry[1].name", "text 'a__b'", NAME_RULE),
    Bad("trailing_underscore", "name: label", "name: a_", "15: telemetry[1].name", "text 'a_'", NAME_RULE),
    Bad("long_name", "name: label", f"name: {'a' * 49}", "15: telemetry[1].name", "has 49 characters", "at most 48"),
    Bad("project_name", "name: thing", "name: My Thing", "1: name", "text 'My Thing'", NAME_RULE),
    Bad("project_keyword", "name: thing", "name: int", "1: name", "`int` is reserved", "any name"),
    Bad("duplicate_name", "name: count", "name: label", "19: telemetry[2].name", "[1].name in line 15", "each"),
    Bad(
        "collision",
        "name: count",
        "name: has_label",
        "19: telemetry[2].name",
        "the C name `has_label`, as telemetry[1].name in line 15",
        "`x` also takes `has_x`",
    ),
    # keys on the wire
    Bad("duplicate_wire_key", "key: temp", "key: label", "15: telemetry[1].key", "too, in line 8", "each key once"),
    Bad("blank_key", "key: temp", 'key: " \\n"', "8: telemetry[0].key", "is blank", KEY_RULE),
    Bad("empty_key", "key: temp", 'key: ""', "8: telemetry[0].key", "is blank", KEY_RULE),
    Bad("long_key", "key: temp", f"key: {'k' * 256}", "8: telemetry[0].key", "has 256 bytes", KEY_RULE),
    Bad("long_utf8_key", "key: temp", f"key: {'°' * 128}", "8: telemetry[0].key", "has 256 bytes", KEY_RULE),
    Bad("template_key", "key: temp", 'key: "a{{b}}"', "8: telemetry[0].key", "ThingsBoard would drop", "other text"),
    Bad("markup_key", "key: temp", 'key: "a<b"', "8: telemetry[0].key", "`<b`: ThingsBoard would drop", "other text"),
    # text
    Bad("long_title", "A thing", "t" * 121, "2: title", "has 121 characters", "at most 120"),
    Bad("long_unit", '"°C"', "u" * 33, "11: telemetry[0].unit", "has 33 characters", "1 to 32"),
    Bad("empty_unit", '"°C"', '""', "11: telemetry[0].unit", "has 0 characters", "1 to 32"),
    # size on the wire
    Bad(
        "packet",
        GOOD[GOOD.index("  - name: temp") :],
        "".join(f"  - {{name: x{index}, type: string, max_len: 1024}}\n" for index in range(11)),
        "6: telemetry",
        "one sample may take 67",
        "at most 65509: fewer items, or a smaller max_len",
    ),
]
for word in ("int", "class", "bool", "errno", "int32_t", "main", "asm", "linux", "size_t", "static_assert"):
    place = "19: telemetry[2].name"
    BAD.append(Bad(f"reserved_{word}", "name: count", f"name: {word}", place, f"`{word}` is reserved", "any name"))
for text in ("a*/b", 'a"b', "a\\\\b", "a??/b", "a\\nb", "größe", "a-b", "a b"):
    quoted = '"' + text.replace('"', '\\"') + '"'
    BAD.append(Bad(f"name_{text}", "name: count", f"name: {quoted}", "19: telemetry[2].name", "not allowed", NAME_RULE))


@pytest.mark.parametrize("bad", BAD, ids=[bad.id for bad in BAD])
def test_bad_model_is_refused(bad: Bad, root: Path, run: Callable[..., Run]) -> None:
    assert bad.old in GOOD
    model = root / "codegen" / "models" / "thing.yaml"
    model.write_text(GOOD.replace(bad.old, bad.new, 1), encoding="utf-8")
    before = snapshot(root)

    result = run("--model", "codegen/models/thing.yaml")

    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith(f"codegen/models/thing.yaml:{bad.place}"), result.err
    assert result.err.count("\n") == 1
    problem, _, allowed = result.err.rpartition("; ")
    assert bad.problem in problem
    assert bad.allowed in allowed
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("content", "line", "problem", "allowed"),
    [
        (b"", 1, "the file is empty", "a model starts with `name:`"),
        (b"name: thing\ntitle: \xff\n", 2, "byte 0xFF is not UTF-8", "save the file as UTF-8"),
        ("name: thing\n".encode("utf-16"), 1, "is not UTF-8", "save the file as UTF-8"),
        (b"# " + b"x" * (1 << 20), 1, "the file is too big", "at most 1048576 bytes"),
        (b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n", 1, "anchors and aliases", "write the value out"),
        (b"[" * 100_000, 1, "nested too deeply", "at most 16 levels"),
    ],
    ids=["empty", "not_utf8", "utf16", "huge", "alias_bomb", "brackets"],
)
def test_bad_file_is_refused(
    content: bytes, line: int, problem: str, allowed: str, root: Path, run: Callable[..., Run]
) -> None:
    (root / "bad.yaml").write_bytes(content)
    before = snapshot(root)
    result = run("--model", "bad.yaml")
    assert result.code == 2
    assert result.err.startswith(f"bad.yaml:{line}: ")
    assert result.err.count("\n") == 1
    assert problem in result.err
    assert allowed in result.err
    assert snapshot(root) == before


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("missing.yaml", "missing.yaml: no such file; a model is one YAML file"),
        ("codegen/models", "codegen/models: is a directory; a model is one YAML file"),
        ("thong", "thong: no such model; did you mean `thing`? a file, or one of thing"),
    ],
)
def test_no_model_is_refused(model: str, message: str, root: Path, run: Callable[..., Run]) -> None:
    before = snapshot(root)
    result = run("--model", model)
    assert (result.code, result.out, result.err) == (2, "", f"{message}\n")
    assert snapshot(root) == before


@pytest.mark.parametrize("model", ["x" * 300, "circle", "circle.yaml"])
def test_model_that_cannot_be_looked_at_is_refused(model: str, root: Path, run: Callable[..., Run]) -> None:
    for name in ("circle", "circle.yaml"):
        (root / name).symlink_to(name)
    result = run("--model", model)
    assert result.code == 2
    assert result.err.count("\n") == 1


def test_byte_order_mark_is_legal(root: Path, run: Callable[..., Run]) -> None:
    (root / "codegen" / "models" / "thing.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert run("--model", "thing").code == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "contract 2.1",
            "me",
            "protocol.yaml:5: topics.provision_request.source: text 'me' is not allowed; who says so",
        ),
        (
            "  telemetry:",
            "  Telemetry:",
            "protocol.yaml:7: topics.Telemetry: text 'Telemetry' is no usable key; lower-case",
        ),
        (
            "value: 65536",
            "value: 65537",
            "limits.packet.value: 65537 is not allowed; longest value in bytes, 1 to 65536",
        ),
        ("usernames:", "users:", "users: unknown key; did you mean `usernames`?"),
    ],
)
def test_protocol_table_has_the_same_errors(
    old: str, new: str, message: str, root: Path, run: Callable[..., Run]
) -> None:
    protocol = root / "codegen" / "protocol.yaml"
    protocol.write_text(protocol.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    result = run("--model", "thing")
    assert result.code == 2
    assert message in result.err
    assert result.err.count("\n") == 1
