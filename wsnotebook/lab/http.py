"""An HTTP/1.1 server on one address of this machine: it binds, accepts, and runs a pipeline per connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from wsnotebook.lab.guard import is_loopback
from wsnotebook.lab.legacy import Handler, adapt_handler
from wsnotebook.lab.messages import BODY_LIMIT
from wsnotebook.lab.pipeline import OnError, ServerConnection

__all__ = [
    "HttpServer",
    "HttpServerSettings",
    "http_server",
]


@dataclass(frozen=True, slots=True)
class HttpServerSettings:
    """Where an HTTP server listens, and its limits.

    Example: ``HttpServerSettings(idle_timeout=5, body_limit=1 << 20)``.
    """

    host: str = "127.0.0.1"  # any other address warns: every machine that reaches it can reach the server
    port: int = 0  # 0 chooses a free port
    idle_timeout: float | None = 45.0  # seconds to wait for a request, or for the next byte of a body
    body_limit: int | None = BODY_LIMIT  # bytes of one request body; None: no limit
    ssl: ssl.SSLContext | None = None  # a server-side context makes it HTTPS
    on_error: OnError | None = None  # called with (exception, request) if a handler fails; None logs a line


def http_server(settings: HttpServerSettings, handler: Handler) -> HttpServer:
    """Start an HTTP/1.1 server in the running loop.

    ``async with`` waits until the server listens and stops it at the end of the block; without it,
    ``await server`` waits and ``await server.stop()`` stops. The handler is called once per request, concurrently;
    ``start_server_connection_pipeline`` describes its arguments and results. Example::

        async def handler(request):
            return Response.text(f"you asked for {request.path}")

        async with http_server(HttpServerSettings(), handler) as server:
            print(server.url)

    Raises:
        RuntimeError: no loop is running; call it from a coroutine or a notebook cell.
        TypeError: the handler accepts neither one argument nor four.
        OSError: from ``await server``, the address cannot be bound.
    """
    if not is_loopback(settings.host):
        warnings.warn(
            f"http_server listens on {settings.host!r}: whoever can reach this machine can reach it. "
            "Leave host out for this machine only.",
            stacklevel=2,
        )
    return HttpServer(settings, handler)


class HttpServer:
    """A running HTTP server, started by ``http_server``.

    Example::

        async def handler(request):
            return Response.text("hello")

        server = await http_server(HttpServerSettings(), handler)
        server.url
        await server.stop()
    """

    root_task: asyncio.Task[None]
    """Ends when the server has stopped and its last connection is closed; cancelling it aborts all connections."""
    accept_task: asyncio.Task[None]
    """Binds and accepts; cancelling it stops accepting and leaves open connections running."""
    server_socket: asyncio.Future[socket.socket]
    """The listening socket (``getsockname()`` has the port); if binding fails, it raises that exception."""

    def __init__(self, settings: HttpServerSettings, handler: Handler) -> None:
        self.settings = settings
        adapt_handler(handler)  # raises TypeError here instead of at the first request
        self._handler = handler
        self._connections: dict[asyncio.Task[None], ServerConnection] = {}
        loop = asyncio.get_running_loop()
        self.server_socket = loop.create_future()
        self.accept_task = loop.create_task(self._accept(), name="http accept")
        # Cancelled before it has bound: release those who await server_socket. A completed future ignores it.
        self.accept_task.add_done_callback(lambda _: self.server_socket.cancel())
        self.root_task = loop.create_task(self._run(), name="http server")

    @property
    def url(self) -> str:
        """The server's address, such as http://127.0.0.1:8080.

        Raises:
            asyncio.InvalidStateError: the server does not listen yet; ``await server`` first.
        """
        host, port = self.server_socket.result().getsockname()[:2]
        scheme = "http" if self.settings.ssl is None else "https"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    async def stop(self, timeout: float | None = 5.0) -> None:
        """Stop accepting, close idle connections, and wait for running handlers.

        Args:
            timeout: seconds that handlers have to finish before they are cancelled; None waits without limit.
        """
        self.accept_task.cancel()
        for connection in self._connections.values():
            connection.stop_reading()
        await asyncio.wait([self.root_task], timeout=timeout)
        self.root_task.cancel()
        await asyncio.wait([self.root_task])

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __await__(self) -> Generator[Any, None, Self]:
        yield from asyncio.shield(self.server_socket).__await__()
        return self

    async def _accept(self) -> None:
        settings = self.settings
        try:
            server = await asyncio.start_server(
                self._connected, settings.host, settings.port, ssl=settings.ssl
            )
        except (OSError, ValueError, OverflowError) as exc:
            self.server_socket.set_exception(exc)
            return
        try:
            self.server_socket.set_result(server.sockets[0])
            await asyncio.get_running_loop().create_future()  # never completes: accept until cancelled
        finally:
            server.close()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        settings = self.settings
        connection = ServerConnection(
            reader,
            writer,
            self._handler,
            idle_timeout=settings.idle_timeout,
            body_limit=settings.body_limit,
            on_error=settings.on_error,
        )
        task = asyncio.get_running_loop().create_task(connection.run(), name="http connection")
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)
        if self.accept_task.cancelling():
            connection.stop_reading()  # accepted between stop() and the close of the listening socket

    async def _run(self) -> None:
        try:
            await asyncio.wait([self.accept_task])
            while self._connections:
                await asyncio.wait(self._connections)
        finally:
            tasks = [self.accept_task, *self._connections]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
