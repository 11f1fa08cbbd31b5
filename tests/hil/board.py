"""A board: the loader in its ROM, its two lines, and its firmware, all behind a pseudo-terminal."""

import os
import socket
import subprocess
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factory.rom_loader import RomLoader
from tests.hil.chip import Chip
from tests.hil.modem_lines import MESSAGE, socket_of

WIFI_PROMPT = "Please input ssid password:"
_RISE_S = 0.01  # of EN, by the capacitor of each board; BOOT is read then
_BANNER = "ESP-ROM:esp32c3-api1-20210207\r\nrst:0x1 (POWERON),boot:{}\r\n"
_DOWNLOAD, _RUN = "0x4 (DOWNLOAD(USB/UART0/1))", "0xc (SPI_FAST_FLASH_BOOT)"


class Board(RomLoader):
    """EN is low, and the board in reset, while RTS is set and DTR is not; BOOT is low while DTR is set and RTS is not.

    Firmware that is built to ask for its access point gets going when it has been told *wifi*.
    """

    def __init__(self, mac: str, link: Path, chip: Chip, wifi: str = "") -> None:
        super().__init__(mac, link)
        self.erased: list[int] = []
        self.boots = 0
        self._chip = chip
        self._wifi = wifi
        self._heard = b""
        self._lines = 0
        self._firmware: subprocess.Popen[bytes] | None = None
        self._rise: threading.Timer | None = None
        self.mute = True
        self.when_heard = self._hear

    @contextmanager
    def on_its_port(self) -> Iterator[None]:
        """Plug it in, with power but in reset, and take it off in the end."""
        self.plug_in()
        address = socket_of(os.ttyname(self._theirs))
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(str(address))
            listener.listen()
            thread = threading.Thread(target=self._watch_lines, args=(listener,))
            thread.start()
            try:
                yield
            finally:
                address.unlink()
                listener.shutdown(socket.SHUT_RDWR)
                thread.join()
                self._reset()
                self.unplug()

    # -- the lines

    def _watch_lines(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request, bits = MESSAGE.unpack(connection.recv(MESSAGE.size))
                self._change_lines(request, bits)
                connection.send(MESSAGE.pack(request, self._lines))

    def _change_lines(self, request: int, bits: int) -> None:
        was_reset = self._is_reset()
        if request == termios.TIOCMSET:
            self._lines = bits
        elif request == termios.TIOCMBIS:
            self._lines |= bits
        elif request == termios.TIOCMBIC:
            self._lines &= ~bits
        if self._is_reset():
            self._reset()
        elif was_reset:
            self._rise = threading.Timer(_RISE_S, self._boot)
            self._rise.start()

    def _is_set(self, line: int) -> bool:
        return bool(self._lines & line)

    def _is_reset(self) -> bool:
        return self._is_set(termios.TIOCM_RTS) and not self._is_set(termios.TIOCM_DTR)

    def _reset(self) -> None:
        if self._rise is not None:
            self._rise.cancel()
            self._rise.join()
            self._rise = None
        if self._firmware is not None:
            self._firmware.kill()
            self._firmware.wait()
            self._firmware = None
        self.mute = True

    def _boot(self) -> None:
        is_download = self._is_set(termios.TIOCM_DTR) and not self._is_set(termios.TIOCM_RTS)
        self._say(_BANNER.format(_DOWNLOAD if is_download else _RUN))
        self.mute = not is_download
        if is_download:
            self._say("waiting for download\r\n")
        elif self._wifi:
            self._heard = b""
            self._say(f"I (9) example_connect: {WIFI_PROMPT}\r\n")
        else:
            self._run()

    # -- the firmware

    def _run(self) -> None:
        self.boots += 1
        self._firmware = self._chip.boot(bytes(self.flash), self._ours)

    def _say(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def _hear(self, data: bytes) -> None:
        if self.mute and self._wifi and self._firmware is None:
            self._heard += data
            if self._heard.endswith(f"{self._wifi}\n".encode()):
                self._run()

    # -- the flash

    def _erase(self, size: int) -> None:
        self.erased.append(self._offset)
        super()._erase(size)
