"""Reads an NVS partition as the firmware would: what the generator wrote is checked by someone else's eyes.

Format: ESP-IDF's docs, "NVS flash", internals. Only pages, namespaces and strings, which is all that we write.
"""

import struct
import zlib

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_PAGE = 4096
_ENTRY = 32
_ENTRIES = 126
_FIRST_ENTRY = 64  # after the page's header and the bitmap of entry states
_WRITTEN = 0b10
_U8, _STRING = 0x01, 0x21
_EMPTY_PAGE = b"\xff" * _PAGE
_TWEAK_BYTES = 16


def read_strings(image: bytes, key: bytes | None = None) -> dict[str, dict[str, str]]:
    """The strings in *image*, encrypted with *key*, by namespace and key.

    ValueError when a checksum is wrong or the type is another.
    """
    names: dict[int, str] = {}
    found: dict[str, dict[str, str]] = {}
    for start in range(0, len(image), _PAGE):
        page = image[start : start + _PAGE]
        if page == _EMPTY_PAGE:
            continue
        _check(page[4:28], page[28:32])
        if key is not None:
            page = _decrypted(page, start, key)
        at = 0
        while at < _ENTRIES:
            if _state(page, at) != _WRITTEN:
                at += 1
                continue
            at += _read_entry(page, at, names, found)
    return found


def _decrypted(page: bytes, start: int, key: bytes) -> bytes:
    """The page at *start*: each written entry is a data unit of its own, its tweak is where it stands."""
    plain = bytearray(page)
    for index in range(_ENTRIES):
        if _state(page, index) == _WRITTEN:
            at = _FIRST_ENTRY + index * _ENTRY
            tweak = (start + at).to_bytes(_TWEAK_BYTES, "little")
            decryptor = Cipher(algorithms.AES(key), modes.XTS(tweak)).decryptor()
            plain[at : at + _ENTRY] = decryptor.update(page[at : at + _ENTRY]) + decryptor.finalize()
    return bytes(plain)


def _read_entry(page: bytes, index: int, names: dict[int, str], found: dict[str, dict[str, str]]) -> int:
    start = _FIRST_ENTRY + index * _ENTRY
    entry = page[start : start + _ENTRY]
    namespace, kind, span, _chunk = entry[:4]
    _check(entry[:4] + entry[8:], entry[4:8])
    key = entry[8:24].rstrip(b"\0").decode()
    if namespace == 0 and kind == _U8:
        names[entry[24]] = key
        found[key] = {}
    elif kind == _STRING:
        (size,) = struct.unpack_from("<H", entry, 24)
        value = page[start + _ENTRY : start + _ENTRY + size]
        _check(value, entry[28:32])
        text, nul = value[:-1], value[-1:]
        if nul != b"\0" or b"\0" in text:
            raise ValueError(f"{key} is no string")
        found[names[namespace]][key] = text.decode()
    else:
        raise ValueError(f"{key} has type {kind:#x}")
    return int(span)


def _state(page: bytes, index: int) -> int:
    return page[32 + index // 4] >> (index % 4 * 2) & 0b11


def _check(data: bytes, checksum: bytes) -> None:
    if zlib.crc32(data, 0xFFFFFFFF).to_bytes(4, "little") != checksum:
        raise ValueError("wrong checksum")
