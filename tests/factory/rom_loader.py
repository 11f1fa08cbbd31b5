"""The serial loader in the ROM of an ESP32-C3, behind a pseudo-terminal, as esptool's loader.py speaks with it.

Flash is as flash is: erasing sets bits, writing only clears them. When esptool has loaded its stub into memory and
starts it, the loader answers as that does; the next SYNC stands for the reset that a pseudo-terminal has no lines for.
"""

import hashlib
import os
import pty
import select
import struct
import threading
import time
import tty
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

FLASH_BYTES = 4 * 1024 * 1024
SECTOR_BYTES = 4096
ESP32C3, ESP32S3 = 5, 9

_REQUEST = struct.Struct("<BBHI")
_TO_CHIP, _FROM_CHIP = 0, 1
_END, _ESCAPE = b"\xc0", b"\xdb"
_POLL_S = 0.05
_SYNC_VALUE = 0x20120707
_SYNC_ANSWERS = 8
_STUB_GREETING = b"OHAI"
_OK = b"\0\0\0\0"
_UNKNOWN_COMMAND, _WRONG_CHECKSUM = b"\1\5\0\0", b"\1\7\0\0"

_EFUSE = 0x60008800
_MAC_REGISTER = _EFUSE + 0x44
_CRYPT_REGISTER, _CRYPT_BIT = _EFUSE + 0x34, 1 << 18
_SPI = 0x60002000
_SPI_COMMAND, _SPI_ADDRESS, _SPI_USER2, _SPI_DATA = _SPI, _SPI + 0x04, _SPI + 0x20, _SPI + 0x58
_READ_ID, _READ_SFDP = 0x9F, 0x5A
_FLASH_ID = 0x1640EF  # 4 MB
_SFDP_SIGNATURE = 0x50444653
_SECURE_DOWNLOAD = 1 << 2


class RomLoader:
    """A board in its loader. Tests change its public attributes: what it is, and what is wrong with it.

    After *unplug_after* bytes of data it is gone, and *when_unplugged* is called; *when_checked* is called with each
    MD5, *when_heard* with all that comes over the wire. It does not answer when it is *mute*, cannot keep the byte at
    *dead_cell*, and takes *block_s* for each block.
    """

    def __init__(self, mac: str, link: Path) -> None:
        self.mac = mac
        self.link = link
        self.chip_id = ESP32C3
        self.is_encrypted = self.is_secure_download = self.mute = False
        self.unplug_after: int | None = None
        self.when_unplugged: Callable[[], None] = lambda: None
        self.when_checked: Callable[[], None] = lambda: None
        self.when_heard: Callable[[bytes], None] = lambda _data: None
        self.dead_cell: int | None = None
        self.block_s = 0.0
        self.flash = bytearray(b"\xff" * FLASH_BYTES)
        self.written = 0
        self._registers: dict[int, int] = {}
        self._block_bytes = self._offset = self._left = 0
        self._inflater: zlib._Decompress | None = None
        self._is_plugged = self._is_stub = False
        self.stub_starts = 0

    # -- the plug

    def plug_in(self) -> None:
        """Connect it: its port is *link* from now on."""
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self._theirs))
        self._is_plugged = True
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Take it off, in the middle of whatever it does."""
        if self._is_plugged:
            self._is_plugged = False  # its thread closes both ends
            self.link.unlink(missing_ok=True)
            if threading.current_thread() is not self._thread:
                self._thread.join()

    def holds(self, offset: int, data: bytes) -> bool:
        """Whether *data* stands in its flash."""
        return self.flash[offset : offset + len(data)] == data

    # -- the wire

    def _serve(self) -> None:
        with os.fdopen(self._ours, "rb+", buffering=0) as port, os.fdopen(self._theirs, "rb", buffering=0):
            buffer = b""
            while self._is_plugged:
                if not select.select([port], [], [], _POLL_S)[0]:
                    continue
                data = port.read(65536)
                self.when_heard(data)
                buffer += data
                *frames, buffer = buffer.split(_END)
                for frame in frames:
                    plain = frame.replace(_ESCAPE + b"\xdc", _END).replace(_ESCAPE + b"\xdd", _ESCAPE)
                    if len(plain) >= _REQUEST.size and not self.mute and self._is_plugged:
                        for answer in self._answers(plain):
                            escaped = answer.replace(_ESCAPE, _ESCAPE + b"\xdd").replace(_END, _ESCAPE + b"\xdc")
                            port.write(_END + escaped + _END)

    def _answers(self, request: bytes) -> Iterator[bytes]:
        direction, command, size, checksum = _REQUEST.unpack_from(request)
        data = request[_REQUEST.size :]
        if direction != _TO_CHIP or size != len(data):
            return
        handler = self._COMMANDS.get(command)
        value, body = (0, _UNKNOWN_COMMAND) if handler is None else handler(self, data, checksum)
        if self._is_plugged:
            for _ in range(_SYNC_ANSWERS if command == 0x08 else 1):
                yield _REQUEST.pack(_FROM_CHIP, command, len(body), value) + body
            if command == 0x06:
                yield _STUB_GREETING

    # -- commands: each takes data and checksum, and gives the value and the body of its answer

    def _sync(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        self._is_stub = False
        return _SYNC_VALUE, _OK

    def _acknowledge(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        return 0, _OK

    def _start_stub(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        self._is_stub = True
        self.stub_starts += 1
        return 0, _OK

    def _security_info(self, _data: bytes, _checksum: int) -> tuple[int, bytes]:
        flags = _SECURE_DOWNLOAD if self.is_secure_download else 0
        info = struct.pack("<IB7BII", flags, int(self.is_encrypted), *bytes(7), self.chip_id, 0)
        return 0, info + _OK

    def _read_register(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        (address,) = struct.unpack("<I", data)
        mac = int(self.mac.replace(":", ""), 16)
        fixed = {
            _MAC_REGISTER: mac & 0xFFFFFFFF,
            _MAC_REGISTER + 4: mac >> 32,
            _CRYPT_REGISTER: _CRYPT_BIT if self.is_encrypted else 0,
        }
        return fixed.get(address, self._registers.get(address, 0)), _OK

    def _write_register(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        for address, value, mask, _delay_us in struct.iter_unpack("<IIII", data):
            self._registers[address] = self._registers.get(address, 0) & ~mask | value & mask
            if address == _SPI_COMMAND:
                self._registers[_SPI_COMMAND] = 0  # done already
                self._registers[_SPI_DATA] = self._flash_register()
        return 0, _OK

    def _flash_register(self) -> int:
        command = self._registers.get(_SPI_USER2, 0) & 0xFF
        if command == _READ_SFDP:
            return _FLASH_ID & 0xFF if self._registers.get(_SPI_ADDRESS) else _SFDP_SIGNATURE
        return _FLASH_ID if command == _READ_ID else 0

    def _flash_begin(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        size, _blocks, self._block_bytes, self._offset, _encrypted = struct.unpack("<IIIII", data)
        self._inflater = None
        self._erase(size)
        return 0, _OK

    def _deflated_begin(self, data: bytes, checksum: int) -> tuple[int, bytes]:
        self._flash_begin(data, checksum)
        self._inflater = zlib.decompressobj()
        return 0, _OK

    def _flash_data(self, data: bytes, checksum: int) -> tuple[int, bytes]:
        size, sequence, _, _ = struct.unpack_from("<IIII", data)
        block = data[16 : 16 + size]
        if checksum != self._checksum(block):
            return 0, _WRONG_CHECKSUM
        if self._inflater is not None:
            block = self._inflater.decompress(block)
            self._program(self._offset, block)
            self._offset += len(block)
        else:
            self._program(self._offset + sequence * self._block_bytes, block)
        time.sleep(self.block_s)
        self.written += len(block)
        if self.unplug_after is not None and self.written >= self.unplug_after:
            self.unplug_after = None
            self.unplug()
            self.when_unplugged()
        return 0, _OK

    def _md5(self, data: bytes, _checksum: int) -> tuple[int, bytes]:
        address, size, _, _ = struct.unpack("<IIII", data)
        digest = hashlib.md5(self.flash[address : address + size])
        self.when_checked()
        return 0, (digest.digest() if self._is_stub else digest.hexdigest().encode()) + _OK

    _COMMANDS: ClassVar[dict[int, Callable[["RomLoader", bytes, int], tuple[int, bytes]]]] = {
        0x02: _flash_begin,
        0x03: _flash_data,
        0x04: _acknowledge,  # FLASH_END
        0x05: _acknowledge,  # MEM_BEGIN
        0x06: _start_stub,  # MEM_END
        0x07: _acknowledge,  # MEM_DATA
        0x08: _sync,
        0x09: _write_register,
        0x0A: _read_register,
        0x0B: _acknowledge,  # SPI_SET_PARAMS
        0x0D: _acknowledge,  # SPI_ATTACH
        0x0F: _acknowledge,  # CHANGE_BAUDRATE
        0x10: _deflated_begin,
        0x11: _flash_data,
        0x12: _acknowledge,  # FLASH_DEFL_END
        0x13: _md5,
        0x14: _security_info,
    }

    # -- the flash

    def _erase(self, size: int) -> None:
        begin = self._offset // SECTOR_BYTES * SECTOR_BYTES
        end = -(-(self._offset + size) // SECTOR_BYTES) * SECTOR_BYTES
        self.flash[begin:end] = b"\xff" * (end - begin)

    def _program(self, offset: int, block: bytes) -> None:
        before = int.from_bytes(self.flash[offset : offset + len(block)], "big")
        self.flash[offset : offset + len(block)] = (before & int.from_bytes(block, "big")).to_bytes(len(block), "big")
        if self.dead_cell is not None:
            self.flash[self.dead_cell] = 0

    @staticmethod
    def _checksum(block: bytes) -> int:
        checksum = 0xEF
        for byte in block:
            checksum ^= byte
        return checksum


@contextmanager
def plugged_in(*boards: RomLoader) -> Iterator[None]:
    """Connect boards, and take them off in the end."""
    try:
        for board in boards:
            board.plug_in()
        yield
    finally:
        for board in boards:
            board.unplug()
