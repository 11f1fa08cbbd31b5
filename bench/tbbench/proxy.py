"""A TCP proxy that makes the way to the server long: each chunk arrives later, and none waits for another."""

import asyncio
from types import TracebackType

_CHUNK = 65536


class DelayProxy:
    """``async with DelayProxy(target_port, 0.05) as proxy``: what enters *proxy.port* leaves *delay_s* later.

    TCP's own handshake is not delayed: the kernel accepts a connection by itself.
    """

    def __init__(self, target_port: int, delay_s: float) -> None:
        self.port = 0
        self._target_port = target_port
        self._delay_s = delay_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server

    async def __aenter__(self) -> "DelayProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection("127.0.0.1", self._target_port)
        for reader, writer in ((near_in, far_out), (far_in, near_out)):
            task = asyncio.create_task(self._carry(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, each chunk at its own time; the end of the stream travels the same way."""
        loop = asyncio.get_running_loop()
        try:
            while chunk := await reader.read(_CHUNK):
                loop.call_later(self._delay_s, writer.write, chunk)
        except ConnectionError:
            pass  # a reset ends the stream as well
        finally:
            loop.call_later(self._delay_s, writer.close)
