"""The connections of a lab server: the access check, then HTTP or the WebSocket handshake, then the behaviour."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import itertools
import logging
import ssl as tls
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import enable_server_permessage_deflate
from websockets.http11 import Request as UpgradeRequest
from websockets.http11 import Response as UpgradeResponse
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.connection import LabConnection, LabProtocol
from wsnotebook.lab.frontdoor import FrontDoor
from wsnotebook.lab.guard import Guard, Refusal, own_hosts
from wsnotebook.lab.messages import Request, Response
from wsnotebook.lab.named import Behaviour, subprotocol_of
from wsnotebook.lab.opening import asks_for_websocket, check_opening
from wsnotebook.lab.pipeline import start_server_connection_pipeline
from wsnotebook.lab.recorder import Recorder
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.lab.script import ScriptFailed
from wsnotebook.lab.serverclose import wait_until_closed
from wsnotebook.redaction import RedactingLogger
from wsnotebook.wire.frames import truncate_utf8

__all__ = ["HttpHandler", "Reception"]

HttpHandler = Callable[[Request], Awaitable[Response]]

# The NullHandler keeps stderr of a notebook quiet: exceptions of behaviours are kept in server.errors.
logger = RedactingLogger("wsnotebook.lab")
logger.logger.addHandler(logging.NullHandler())

OPEN_TIMEOUT = 10.0  # seconds for TLS, and the same again for HTTP
_CLOSE_TIMEOUT = 10.0  # seconds that a peer has to answer a close
_IDLE_TIMEOUT = 60.0  # seconds that an HTTP connection may wait for its next request
_MAX_SIZE = 2**28  # bytes of a message: above every message of a test, but a limit for an endless one
_MAX_QUEUE = (256, 64)  # received frames, high and low mark; the default, 16, pauses reading in short waits
_RETENTION = 2**28  # bytes of the log in memory; older rows are spilled to disk


async def _only_websockets(request: Request) -> Response:
    """Answer plain HTTP with 426 if the server has no HTTP handler (RFC 9110 §15.5.22)."""
    text = "This is a WebSocket server: connect to it with ws:// or wss://.\n"
    others = ", ".join(request.headers.tokens("upgrade"))
    if others:
        text = f"{others} is not spoken here. {text}"
    return Response.text(text, 426, headers={"Upgrade": "websocket", "Connection": "Upgrade"})


class Reception:
    """Handles every connection from accept to its end, and keeps the log, errors and refusals of the server.

    Args:
        host: the address that the server listens on.
        behaviour: used for paths that are not in ``routes``; None answers them with 404.
        routes: path → behaviour.
        http: handler of requests that are not WebSocket handshakes; None answers them with 426.
        origins: origins of web pages that may connect.
        ssl: server-side context, None for plain TCP.
    """

    def __init__(
        self,
        host: str,
        behaviour: Behaviour | None,
        routes: Mapping[str, Behaviour],
        http: HttpHandler | None,
        origins: frozenset[str],
        ssl: tls.SSLContext | None,
    ) -> None:
        if http is not None and not _accepts_one_argument(http):
            raise TypeError(
                "http is an async def handler(request) -> Response; http_server takes the older one of four"
            )
        self.log = FrameLog(retention=_RETENTION)
        self.errors: list[Exception] = []
        self.refusals: list[Refusal] = []
        self.accepted = 0
        self._host = host
        self._behaviour = behaviour
        self._routes = dict(routes)
        self._http = http or _only_websockets
        self._origins = origins
        self._ssl = ssl
        self._server: Server
        self._names = itertools.count(1)
        self._waiting: set[asyncio.Transport] = set()
        self._http_tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> Server:
        """Listen; return the server of ``websockets``, which tracks connections and their tasks."""

        async def listen() -> asyncio.Server:
            options: dict[str, Any] = {}
            if self._ssl is not None:
                options = {
                    "ssl": self._ssl,
                    "ssl_handshake_timeout": OPEN_TIMEOUT,
                    "ssl_shutdown_timeout": 1.0,
                }
            # "localhost" would listen on two sockets, with two different free ports.
            host = "127.0.0.1" if self._host == "localhost" else self._host
            loop = asyncio.get_running_loop()
            return await loop.create_server(self._make_front_door, host, port, **options)

        self._server = await Server(listen, self._run_connection, logger)
        return self._server

    async def cut_off(self) -> None:
        """Abort every connection and cancel every task that is left."""
        sessions = self._server.all_connections
        for transport in [*self._waiting, *(session.transport for session in sessions)]:
            transport.abort()
        tasks = [*self._server.handler_tasks, *self._http_tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wait_until_closed(self._server.server)

    # Before the request head is read

    def _make_front_door(self) -> FrontDoor:
        return FrontDoor(self._guard, self._admit, self._add_refusal, self._waiting, timeout=OPEN_TIMEOUT)

    def _guard(self, transport: asyncio.BaseTransport, asked: RequestHead | Request) -> Refusal | None:
        address, port = transport.get_extra_info("sockname")[:2]
        hosts = own_hosts(self._host, address, port, tls=self._ssl is not None)
        guard = Guard(hosts, self._origins, "https" if self._ssl else "http")
        refusal = guard.check(asked.headers, asked.target)
        if refusal is None and asks_for_websocket(asked.headers):
            return check_opening(asked)
        return refusal

    def _add_refusal(self, refusal: Refusal) -> None:
        self.refusals.append(refusal)
        logger.info("refused with %d: %s", refusal.status, refusal.reason)

    def _admit(self, transport: asyncio.Transport, head: RequestHead, rest: bytes) -> None:
        if asks_for_websocket(head.headers):
            self._open_websocket(transport, head.raw, rest)
        else:
            self._open_http(transport, head.raw + rest)

    # HTTP

    def _open_http(self, transport: asyncio.Transport, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        reader.feed_data(data)

        async def handle(request: Request) -> Response | None:
            response = await self._handle(transport, reader, request)
            if response is None:
                # The WebSocket has replaced this protocol, which therefore never receives connection_lost.
                protocol.connection_lost(None)
            return response

        task = start_server_connection_pipeline(
            reader, writer, handle, idle_timeout=_IDLE_TIMEOUT, on_error=self._add_http_error
        )
        self._http_tasks.add(task)
        task.add_done_callback(self._http_tasks.discard)

    async def _handle(
        self, transport: asyncio.Transport, reader: asyncio.StreamReader, request: Request
    ) -> Response | None:
        # Host and Origin are checked for each request: a connection may carry several.
        refusal = self._guard(transport, request)
        if refusal is not None:
            self._add_refusal(refusal)
            return Response(refusal.status, headers=[("Connection", "close"), *refusal.fields])
        if not asks_for_websocket(request.headers):
            return await self._http(request)
        await request.upgrade()
        transport.pause_reading()
        reader.feed_eof()
        session = self._open_websocket(transport, request.head, await reader.read())
        await session.wait_closed()
        return None

    def _add_http_error(self, error: BaseException, request: Request) -> None:
        if isinstance(error, Exception):
            self.errors.append(error)
        logger.warning("the handler of %s %s raised %r", request.method, request.path, error)

    # WebSockets

    def _open_websocket(self, transport: asyncio.Transport, head: bytes, rest: bytes) -> LabConnection:
        def select(protocol: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
            assert session.request is not None
            chosen = subprotocol_of(self._behaviour_of(session.request.path), session, offered)
            return None if chosen is None else Subprotocol(chosen)

        recorder = Recorder(self.log, f"client-{next(self._names)}")
        protocol = LabProtocol(
            recorder,
            extensions=enable_server_permessage_deflate(None),
            select_subprotocol=select,
            max_size=_MAX_SIZE,
            logger=logger,
        )
        # No keepalive: only the behaviour "pings" sends pings, so that a log has only frames that the behaviour sends.
        session = LabConnection(
            protocol, self._server, ping_interval=None, close_timeout=_CLOSE_TIMEOUT, max_queue=_MAX_QUEUE
        )
        session.take_over(transport, head, rest)
        return session

    async def _run_connection(self, session: ServerConnection) -> None:
        """Run one connection from its handshake to its end; ``websockets`` starts a task with it."""
        assert isinstance(session, LabConnection)
        try:
            async with asyncio.timeout(OPEN_TIMEOUT):
                if not await session.open(self._route):
                    return  # the handshake was refused, and the response names the fault
            self.accepted += 1
            self._server.all_connections.add(session)
            async with session:
                await self._run_behaviour(session)
        except TimeoutError:
            logger.info("no handshake within %g s", OPEN_TIMEOUT)
        except Exception as error:  # noqa: BLE001 - nobody awaits this task: our own faults are kept in errors too
            self.errors.append(error)
            logger.warning("a connection failed: %r", error)
        finally:
            session.transport.close()
            self._server.all_connections.discard(session)
            task = asyncio.current_task()
            assert task is not None
            self._server.handler_tasks.discard(task)

    def _route(self, connection: ServerConnection, request: UpgradeRequest) -> UpgradeResponse | None:
        if self._behaviour_of(request.path) is None:
            return connection.respond(404, f"Nothing lives at {urlsplit(request.path).path}.\n")
        return None

    def _behaviour_of(self, target: str) -> Behaviour | None:
        return self._routes.get(urlsplit(target).path, self._behaviour)

    async def _run_behaviour(self, session: LabConnection) -> None:
        assert session.request is not None
        behaviour = self._behaviour_of(session.request.path)
        assert behaviour is not None
        try:
            result: Any = behaviour(session)
            if not isinstance(result, Awaitable):
                raise TypeError(
                    f"a behaviour is an async def: {behaviour!r} returned {type(result).__name__}"
                )
            await result
        except ConnectionClosed:
            pass  # the peer closed while the behaviour was reading or writing: the usual end of a session
        except Exception as error:  # noqa: BLE001 - any exception of a user's behaviour is kept in server.errors
            self.errors.append(error)
            logger.warning("the behaviour of %s raised %r", session.path, error)
            with contextlib.suppress(ConnectionClosed):
                await session.close(1011, _reason_of(error))


def _reason_of(error: Exception) -> str:
    """Return the close reason of a failed behaviour: the message of ScriptFailed, of other exceptions the type.

    The message of another exception may hold data that the peer must not receive.
    """
    sentence = str(error) if isinstance(error, ScriptFailed) else type(error).__name__
    return truncate_utf8(sentence, 123)  # RFC 6455 §5.5: 125 bytes, two of them the code


def _accepts_one_argument(handler: Any) -> bool:
    try:
        inspect.signature(handler).bind(None)
    except (TypeError, ValueError):
        return False
    return True
