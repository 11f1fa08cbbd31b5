"""What lies between device and server: bytes, of which some are spoilt. TLS cannot be spoilt from within the server."""

import asyncio
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import Enum

_CHUNK_BYTES = 4096
_SPLIT_S = 0.001


class Action(str, Enum):
    """What becomes of the bytes."""

    CLOSE = "close"  # the connection ends
    STALL = "stall"  # nothing more comes, and the connection stays
    FLIP = "flip"  # a byte is another one
    REPEAT = "repeat"  # what came with it comes twice
    SPLIT = "split"  # all comes in pieces of so many bytes


@dataclass(frozen=True)
class Harm:
    """*action* befalls the first connection at byte *at* (from 0) of what goes to the device, or to the server."""

    action: Action
    at: int
    to_device: bool


class Relay:
    """Listens for the device and passes all on to the server's *port* of this computer, but for *harm*.

    *on_harm* is called when that is done.
    """

    def __init__(self, port: int, harm: Harm, on_harm: Callable[[], None]) -> None:
        self._target = port
        self._harm: Harm | None = harm
        self._on_harm = on_harm
        self._server: asyncio.Server
        self._tasks: list[asyncio.Task[None]] = []
        self.port = 0

    async def start(self) -> None:
        """Listen."""

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._tasks.append(asyncio.create_task(self._carry(reader, writer)))

        self._server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close everything."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        harm, self._harm = self._harm, None
        to_device, to_server = (harm, None) if harm is not None and harm.to_device else (None, harm)
        with closing(writer):
            onward_reader, onward = await asyncio.open_connection("127.0.0.1", self._target)
            with closing(onward):
                pumps = self._pump(reader, onward, to_server), self._pump(onward_reader, writer, to_device)
                await asyncio.gather(*pumps)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, harm: Harm | None) -> None:
        with suppress(OSError):
            passed = 0
            while data := await source.read(_CHUNK_BYTES):
                if harm is not None and harm.action is Action.SPLIT:
                    await self._write_split(sink, data, harm.at)
                elif harm is not None and passed <= harm.at < passed + len(data):
                    if not await self._do_harm(harm, source, sink, data, harm.at - passed):
                        break
                else:
                    sink.write(data)
                await sink.drain()
                passed += len(data)
        sink.close()

    async def _write_split(self, sink: asyncio.StreamWriter, data: bytes, size: int) -> None:
        self._on_harm()
        for at in range(0, len(data), size):
            if not sink.is_closing():
                sink.write(data[at : at + size])
                await asyncio.sleep(_SPLIT_S)

    async def _do_harm(
        self, harm: Harm, source: asyncio.StreamReader, sink: asyncio.StreamWriter, data: bytes, at: int
    ) -> bool:
        """Write what is left of *data*. Returns whether the connection goes on."""
        self._on_harm()
        if harm.action is Action.FLIP:
            sink.write(data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :])
            return True
        if harm.action is Action.REPEAT:
            sink.write(data + data)
            return True
        sink.write(data[:at])
        if harm.action is Action.STALL:
            while await source.read(_CHUNK_BYTES):
                pass
        return False
