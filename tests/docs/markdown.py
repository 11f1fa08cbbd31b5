"""Just enough Markdown for the tests of the documents."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"^(\s*)```(\w*)\s*$")
_HEADING = re.compile(r"^(#{1,6}) (.+?)\s*$")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_CODE_SPAN = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class CodeBlock:
    """A fenced block: its language, and its text without the fence's own indent."""

    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A document, taken apart."""

    path: Path
    prose: str
    blocks: list[CodeBlock]

    @property
    def headings(self) -> list[tuple[int, str]]:
        """Level and text of each heading."""
        found = (_HEADING.match(line) for line in self.prose.splitlines())
        return [(len(match[1]), match[2]) for match in found if match]

    @property
    def links(self) -> list[str]:
        """The target of each link."""
        return _LINK.findall(_CODE_SPAN.sub("", self.prose))

    @property
    def code(self) -> str:
        """All that is set as code, in blocks and in lines."""
        return "\n".join([*(block.text for block in self.blocks), *_CODE_SPAN.findall(self.prose)])

    @property
    def anchors(self) -> set[str]:
        """What a link inside the page may point to."""
        found: set[str] = set()
        for _, text in self.headings:
            base = anchor(text)
            number = 0
            while (each := f"{base}-{number}" if number else base) in found:
                number += 1
            found.add(each)
        return found

    def tables(self) -> Iterator[list[list[str]]]:
        """Yield each table as rows of cells, without its dashes."""
        rows: list[list[str]] = []
        for line in [*self.prose.splitlines(), ""]:
            if line.startswith("|"):
                rows.append([cell.strip() for cell in line.strip().strip("|").split("|")])
            elif rows:
                yield [rows[0], *rows[2:]]
                rows = []

    def table(self, *heads: str) -> list[dict[str, str]]:
        """The rows of the one table with the columns *heads*."""
        (found,) = (table for table in self.tables() if table[0] == list(heads))
        assert all(len(row) == len(heads) for row in found), f"a row of {heads} has the wrong number of cells"
        return [dict(zip(heads, row, strict=True)) for row in found[1:]]

    def first_column(self, *first: str) -> list[str]:
        """The first column, below its head, of the one table where it starts with *first*; a cell may hold several."""
        columns = [[cell.strip(" `") for row in table[1:] for cell in row[0].split(",")] for table in self.tables()]
        (found,) = (column for column in columns if column[: len(first)] == list(first))
        return found


def read(name: str) -> Page:
    """Read the document *name* of the project."""
    path = ROOT / name
    prose: list[str] = []
    blocks: list[CodeBlock] = []
    fence: re.Match[str] | None = None
    inside: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        match = _FENCE.match(line)
        if fence is None and match:
            fence, inside = match, []
        elif fence is not None and match:
            indent = len(fence[1])
            blocks.append(CodeBlock(fence[2], "\n".join(each[indent:].rstrip() for each in inside)))
            fence = None
        elif fence is not None:
            inside.append(line)
        else:
            prose.append(line)
    assert fence is None, f"{name}: a code block is never closed"
    return Page(path, "\n".join(prose), blocks)


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets.

    >>> anchor("Use Case 1 - Allowing **new** devices")
    'use-case-1---allowing-new-devices'
    """
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
