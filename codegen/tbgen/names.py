"""Names: what may become a C identifier, and which spelling it gets where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

NAME_PATTERN = r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$"
NAME_MAX = 48
NAME_RULE = f"lower-case letters, digits and single underscores, a letter first, at most {NAME_MAX}"

_C_KEYWORDS = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm typeof
"""
_CPP_KEYWORDS = """
    alignas alignof and and_eq bitand bitor bool catch char8_t char16_t char32_t class co_await co_return co_yield
    compl concept const_cast consteval constexpr constinit decltype delete dynamic_cast explicit export false final
    friend import module mutable namespace new noexcept not not_eq nullptr operator or or_eq override private
    protected public reinterpret_cast requires static_assert static_cast template this thread_local throw true try
    typeid typename using virtual wchar_t xor xor_eq
"""
_LIBRARY_MACROS_AND_TYPES = """
    assert complex errno imaginary kill_dependency main noreturn offsetof setjmp stderr stdin stdout
    va_arg va_copy va_end va_list va_start
    int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t intmax_t uintmax_t
    int_fast8_t int_fast16_t int_fast32_t int_fast64_t uint_fast8_t uint_fast16_t uint_fast32_t uint_fast64_t
    int_least8_t int_least16_t int_least32_t int_least64_t uint_least8_t uint_least16_t uint_least32_t uint_least64_t
    size_t ssize_t ptrdiff_t max_align_t time_t clock_t double_t float_t sig_atomic_t null
"""
_COMPILER_MACROS = "linux unix i386 riscv xtensa"

RESERVED = frozenset(
    " ".join((_C_KEYWORDS, _CPP_KEYWORDS, _LIBRARY_MACROS_AND_TYPES, _COMPILER_MACROS)).split(),
)
"""Words that are no safe C identifier in any of the compilers that see the output."""


def is_reserved(name: str) -> bool:
    """Tell whether C, C++, their libraries or a compiler claim *name* for themselves.

    >>> is_reserved("errno"), is_reserved("temperature")
    (True, False)
    """
    return name in RESERVED


def upper(name: str) -> str:
    """Return *name* as part of a macro.

    >>> upper("room_temp")
    'ROOM_TEMP'
    """
    return name.upper()


def words(name: str) -> str:
    """Return *name* as a person would say it.

    >>> words("room_temp")
    'room temp'
    """
    return name.replace("_", " ")


def nearest(wrong: str, allowed: Iterable[str]) -> str:
    """Return a hint at the allowed word that *wrong* was probably meant to be, or nothing.

    >>> nearest("decimal", ["decimals", "description"])
    'did you mean `decimals`? '
    >>> nearest("colour", ["decimals", "description"])
    ''
    """
    found = difflib.get_close_matches(re.sub(r"[-\s]", "_", wrong.lower()), list(allowed), n=1)
    return f"did you mean `{found[0]}`? " if found else ""
