"""Filters of the templates: each makes text from a model safe for one place, and there is one for each place.

A name needs none, its shape is checked. Everything else (key, unit, title, description) may hold any character.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|\{(?=\{)")
_MARKDOWN = re.compile(r"[^A-Za-z0-9\s.,:;()/%-]", re.ASCII)


def c_str(text: str) -> str:
    r"""Return *text* as a C string literal of the same bytes in UTF-8.

    An octal escape has always three digits, so no character that follows can become part of it.

    >>> print(c_str('say "25 °C"'))
    "say \"25 \302\260C\""
    >>> print(c_str("back\\slash, new\n1"))
    "back\\slash, new\0121"
    >>> print(c_str("no trigraph: ??/"))
    "no trigraph: ?\?/"
    """
    escaped = re.sub(rb'["\\]', rb"\\\g<0>", text.encode())
    escaped = escaped.replace(b"??", rb"?\?").replace(b"??", rb"?\?")
    return '"' + "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}" for byte in escaped) + '"'


def c_comment(text: str) -> str:
    r"""Return *text* as one line that neither ends nor continues the comment that it stands in.

    >>> print(c_comment("ends */ and\nbegins /* again"))
    ends * / and begins / * again
    >>> print(c_comment("no trigraph ??/, no continuation \\"))
    no trigraph ? ?/, no continuation \ .
    """
    line = " ".join(_BIDI.sub("\ufffd", text).split())
    line = re.sub(r"\*(?=/)|/(?=\*)|\?(?=\?)", r"\g<0> ", line)
    return re.sub(r"([\\*/])$", r"\1 .", line) if line.endswith("\\") else line


def json_text(text: str) -> str:
    r"""Return *text* as a JSON string. What goes into C needs `c_str` on top.

    >>> print(json_text('a "key"\n°C'))
    "a \"key\"\n°C"
    """
    return json.dumps(text, ensure_ascii=False)


def server_str(text: str) -> str:
    r"""Return *text* as a JSON string for where ThingsBoard refuses markup and templates, or would render them.

    >>> print(server_str('a "key" < 1\n<b>, {{x}}'))
    "a \"key\" < 1\n< b>, { {x}}"
    """
    return json_text(_MARKUP.sub(r"\g<0> ", text))


def md_text(text: str) -> str:
    r"""Return *text* for a paragraph, heading or table cell of Markdown: shown as it is, never markup.

    >>> print(md_text("a|b <i> *c*\nd"))
    a&#124;b &#60;i&#62; &#42;c&#42;<br>d
    """
    lines = (_MARKDOWN.sub(_entity, line) for line in text.strip().splitlines())
    return "<br>".join(re.sub(r"^([-+]|[0-9]+[.)])(?=\s|$)", r"&#8203;\1", line) for line in lines)


def md_code(text: str) -> str:
    r"""Return *text* as code in a paragraph or table cell of Markdown.

    >>> print(md_code('"key"'), md_code('a|b `c`'))
    `"key"` <code>a&#124;b &#96;c&#96;</code>
    """
    if re.search(r"[|`\\<>&]|^\s|\s$", text):
        return f"<code>{_MARKDOWN.sub(_entity, text)}</code>"
    return f"`{text}`"


def kconfig_str(text: str) -> str:
    r"""Return *text* as a quoted string of Kconfig, on one line and without macros.

    >>> print(kconfig_str('a "b" \\ $(c)\nd'))
    "a \"b\" \\ (c) d"
    """
    line = " ".join(_BIDI.sub("\ufffd", text).replace("$", "").split())
    return '"' + re.sub(r'["\\]', r"\\\g<0>", line) + '"'


def _entity(match: re.Match[str]) -> str:
    character = match.group()
    return f"&#{ord(character)};" if ord(character) < 0x80 else character


FILTERS: dict[str, Callable[[str], str]] = {
    each.__name__: each for each in (c_str, c_comment, json_text, server_str, md_text, md_code, kconfig_str)
}
