"""docs/protocol.md has each section that the code cites as `contract N.M`."""

import re

from tbgen.layout import project_files

from tests.docs.markdown import ROOT, read

_CITED = re.compile(r"\bcontract (\d+(?:\.\d+)?(?:(?:, | and | to )\d+(?:\.\d+)?)*)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def _citations() -> dict[str, set[str]]:
    """The files that cite each section."""
    found: dict[str, set[str]] = {}
    for file in project_files(ROOT):
        text = (ROOT / file).read_text(encoding="utf-8", errors="replace")
        for citation in _CITED.finditer(text):
            for number in _NUMBER.findall(citation[1]):
                found.setdefault(number, set()).add(file)
    return found


def test_each_cited_section_exists() -> None:
    page = read("docs/protocol.md")
    sections = {match[0].rstrip(".") for _, text in page.headings if (match := re.match(r"\d+(\.\d+)?", text))}
    missing = {number: files for number, files in _citations().items() if number not in sections}
    assert not missing


def test_sections_are_cited() -> None:
    assert len(_citations()) > 10, "the citations of the code are no longer found"
