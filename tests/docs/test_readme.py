"""README.md and README_CN.md say the same, and what they name exists."""

import re
from urllib.parse import unquote

import pytest
from tbgen.layout import project_files

from tests.docs.markdown import ROOT, Page, read

READMES = ("README.md", "README_CN.md")
DOCUMENTS = (
    *READMES,
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/bench-and-runner.md",
    "docs/component.md",
    "docs/factory.md",
    "docs/model.md",
    "docs/outcomes.md",
    "docs/porting.md",
    "docs/protocol.md",
    "docs/security.md",
    "docs/state-machine.md",
)
COMPONENT = "components/tb_mqtt_client_helper"
OUR_KCONFIG = ("main/Kconfig.projbuild", f"{COMPONENT}/Kconfig")
OF_ESP_IDF = {
    "Component config",
    "Example Connection Configuration",
    "connect using WiFi interface",
    "WiFi SSID",
    "WiFi Password",
}
SYMBOLS_OF_ESP_IDF = ("MBEDTLS_", "NVS_", "PARTITION_TABLE_", "SECURE_")
_MENU_LINE = re.compile(r"^ *(?:\(.*?\) (?P<value>.+)|\[[* ]\] (?P<switch>.+)|(?P<menu>.+?)  --->)$")


def _text(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


@pytest.fixture(params=READMES)
def readme(request: pytest.FixtureRequest) -> Page:
    return read(request.param)


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Page:
    return read(request.param)


def test_both_have_the_same_sections() -> None:
    english, chinese = ([level for level, _ in read(name).headings] for name in READMES)
    assert english == chinese


def test_both_have_the_same_code_blocks() -> None:
    english, chinese = (read(name).blocks for name in READMES)
    assert english == chinese


def test_both_have_tables_of_the_same_size() -> None:
    english, chinese = ([(len(table), len(table[0])) for table in read(name).tables()] for name in READMES)
    assert english == chinese


def test_both_link_to_the_same_files() -> None:
    english, chinese = ([link for link in read(name).links if "README" not in link] for name in READMES)
    assert [link for link in english if link[0] != "#"] == [link for link in chinese if link[0] != "#"]


def test_links_lead_somewhere(document: Page) -> None:
    for link in document.links:
        path, _, fragment = unquote(link).partition("#")
        if path.startswith(("http://", "https://")):
            continue
        target = document.path.parent / path if path else document.path
        assert target.exists(), f"{document.path.name}: {link}"
        if fragment:
            assert fragment in read(str(target.relative_to(ROOT))).anchors, f"{document.path.name}: {link}"


def test_make_knows_the_commands(document: Page) -> None:
    makefile = _text("Makefile")
    for target in re.findall(r"\bmake ([a-z][a-z-]*)", document.code):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{document.path.name}: make {target}"


def test_settings_exist(document: Page) -> None:
    names = set(re.findall(r"^\s*config (\w+)", _text(*OUR_KCONFIG), re.MULTILINE))
    for symbol in re.findall(r"\bCONFIG_(\w+)", document.code):
        assert symbol in names or symbol.startswith(SYMBOLS_OF_ESP_IDF), f"{document.path.name}: CONFIG_{symbol}"


def test_menus_are_those_of_kconfig(readme: Page) -> None:
    prompts = set(re.findall(r'^\s*(?:menu|string|int|bool) "(.*)"$', _text(*OUR_KCONFIG), re.MULTILINE)) | OF_ESP_IDF
    blocks = [block for block in readme.blocks if block.language == "menuconfig"]
    assert blocks
    for line in "\n".join(block.text for block in blocks).splitlines():
        match = _MENU_LINE.match(line)
        assert match, line
        assert (match["value"] or match["switch"] or match["menu"].strip()) in prompts, line


def test_all_of_our_menu_is_shown(readme: Page) -> None:
    """What a user has to set stands in the block of either use case."""
    prompts = re.findall(r'^\s*(?:string|int) "(.*)"$', _text(OUR_KCONFIG[0]), re.MULTILINE)
    blocks = [block.text for block in readme.blocks if "Provisioning config" in block.text]
    assert len(blocks) == 2
    for block in blocks:
        assert [prompt for prompt in prompts if prompt not in block] == []


def test_each_outcome_is_explained(readme: Page) -> None:
    listed = _text(f"{COMPONENT}/include/tb/tb_outcome.h").partition("#define TB_OUTCOME_LIST")[2]
    outcomes = [f"TB_OUTCOME_{name}" for name in re.findall(r"\bX\((\w+),", listed)]
    assert sorted(readme.first_column("TB_OUTCOME_PROVISIONED")) == sorted(outcomes)


def test_each_connack_code_is_explained(readme: Page) -> None:
    assert readme.first_column("0")[:-1] == ["0", "1", "2", "3", "4", "5"]


def test_keys_of_tb_cfg_are_those_of_the_firmware(readme: Page) -> None:
    source = _text("main/app_settings.c", "main/app_tls.c", "codegen/tbgen/provisioning.py")
    pattern = r'(?:\{|read_number\(|read_text\(|find_pem\(|ir\.Setting\(\s*)"(\w+)"'
    read_by_firmware = set(re.findall(pattern, source))
    (csv,) = (block.text for block in readme.blocks if block.language == "csv")
    in_csv = {line.split(",")[0] for line in csv.splitlines()[2:]}
    in_table = set(readme.first_column("host"))
    assert in_table == read_by_firmware
    assert in_csv < in_table


def test_named_files_exist(readme: Page) -> None:
    files = set(project_files(ROOT))
    pattern = r"\b(?:sdkconfig\.[\w.]+|pytest_provision\.py|main/[\w.]+(?![\w./])|codegen/gen\.py)"
    named = set(re.findall(pattern, readme.code))
    assert named
    assert [file for file in sorted(named) if file not in files] == []
