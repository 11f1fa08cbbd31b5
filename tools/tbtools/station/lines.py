"""Lines of text out of what comes over a serial port, whatever comes."""

import re

_LINE_MAX = 4096
_LINE_END = re.compile(rb"[\r\n]+")
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


class LineReader:
    """Takes bytes in pieces of any size; gives whole lines without colours and control characters.

    A line that never ends is cut in pieces, so that noise needs no memory.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """The lines that *data* completes, but for empty ones."""
        *lines, self._rest = _LINE_END.split(self._rest + data)
        while len(self._rest) >= _LINE_MAX:
            lines.append(self._rest[:_LINE_MAX])
            self._rest = self._rest[_LINE_MAX:]
        return [text for line in lines if (text := _plain(line))]


def _plain(line: bytes) -> str:
    text = _ESCAPE_SEQUENCE.sub("", line.decode("utf-8", errors="replace"))
    return "".join(character for character in text if character.isprintable()).strip()
