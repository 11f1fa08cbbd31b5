"""Numbers as C, as JSON, and as a person reads them."""

from __future__ import annotations

import struct
from decimal import ROUND_HALF_UP, Decimal

FIXED_LIMIT = 10**15
"""tb_buf_put_fixed() prints values whose digits, the decimals among them, stay below this."""

_INT32_MIN, _INT32_MAX = -(2**31), 2**31 - 1
_INT64_MIN = -(2**63)


def c_int(value: int) -> str:
    """Return *value* as a C constant without a warning about its width.

    >>> c_int(25), c_int(-(2**31)), c_int(2**32), c_int(-(2**63))
    ('25', 'INT32_MIN', 'INT64_C(4294967296)', 'INT64_MIN')
    """
    if value in (_INT32_MIN, _INT64_MIN):
        return "INT32_MIN" if value == _INT32_MIN else "INT64_MIN"
    return str(value) if _INT32_MIN < value <= _INT32_MAX else f"INT64_C({value})"


def c_uint(value: int) -> str:
    """Return *value* as an unsigned C constant.

    >>> c_uint(25)
    '25u'
    """
    return f"{value}u"


def c_double(value: float) -> str:
    """Return *value* as a C constant of the same value.

    >>> c_double(25), c_double(1e-7)
    ('25.0', '1e-07')
    """
    return repr(float(value))


def c_float(value: float) -> str:
    """Return *value*, rounded to 32 bits, as a C constant.

    >>> c_float(0.1), c_float(1e-60)
    ('0.1f', '0.0f')
    """
    nearest: float = struct.unpack("f", struct.pack("f", value))[0]
    short = float(f"{nearest:.8g}")
    return f"{short if nearest == struct.unpack('f', struct.pack('f', short))[0] else nearest!r}f"


def json_fixed(value: float, decimals: int) -> str:
    """Return *value* as tb_buf_put_fixed() prints it.

    >>> json_fixed(25.0, 2), json_fixed(-0.125, 2), json_fixed(-0.001, 2)
    ('25', '-0.13', '0')
    """
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    text = f"{rounded:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def plain(value: float) -> str:
    """Return *value* for a person.

    >>> plain(-40.0), plain(0.5)
    ('-40', '0.5')
    """
    return str(int(value)) if float(value).is_integer() and abs(value) < FIXED_LIMIT else str(value)
