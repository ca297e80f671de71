"""HTTP/1.1 on one connection: heads are read in a loop, handlers run concurrently, responses are sent in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from wsnotebook.lab.exchange import Exchange
from wsnotebook.lab.legacy import Handler, adapt_handler
from wsnotebook.lab.messages import BODY_LIMIT, PIECE, HttpSyntaxError, Request, Response
from wsnotebook.lab.requesthead import RequestHead, parse_request_head, read_request_head

__all__ = ["OnError", "ServerConnection", "start_connection_pipeline", "start_server_connection_pipeline"]

_AHEAD = 3  # requests in progress after the one that is being answered
_LINGER = 2.0  # seconds; a close with unread bytes sends RST, which can overtake the last response

_logger = logging.getLogger(__name__)

OnError = Callable[[BaseException, Request], object]


def start_server_connection_pipeline(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    handler: Handler,
    *,
    idle_timeout: float | None,
    body_limit: int | None = BODY_LIMIT,
    on_error: OnError | None = None,
) -> asyncio.Task[None]:
    """Serve HTTP on one connection. The returned task owns the handlers and ends when the connection is closed.

    Cancelling the task cancels the handlers and aborts the connection. Example::

        async def accepted(reader, writer):
            await start_server_connection_pipeline(reader, writer, handler, idle_timeout=45)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)

    Args:
        reader: the connection's bytes; it may already hold some.
        writer: the same connection; closed at the end.
        handler: ``async def handler(request)`` that returns a Response or calls ``request.upgrade()``, or the older
            ``(request, input, output, upgraded)``. An HttpSyntaxError of the handler is sent as its status and
            reason, any other exception as 500.
        idle_timeout: seconds to wait for the next request, or for the next bytes of a body; None waits without
            limit. After the timeout no more requests are read; running handlers finish and are answered.
        body_limit: bytes of one request body, None for no limit; a longer body raises in the handler (413).
        on_error: called with the exception and the request when a handler fails; None logs one line to the
            logger of this module, and the traceback at level DEBUG.
    """
    connection = ServerConnection(
        reader, writer, handler, idle_timeout=idle_timeout, body_limit=body_limit, on_error=on_error
    )
    return asyncio.create_task(connection.run(), name="http connection")


start_connection_pipeline = start_server_connection_pipeline


class ServerConnection:
    """The work of ``start_server_connection_pipeline``, for owners that also call ``stop_reading``."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        handler: Handler,
        *,
        idle_timeout: float | None,
        body_limit: int | None = BODY_LIMIT,
        on_error: OnError | None = None,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._call_handler = adapt_handler(handler)
        self._idle_timeout = idle_timeout
        self._body_limit = body_limit
        self._on_error = on_error or _log_failure
        self._slots = asyncio.Semaphore(1 + _AHEAD)
        self._turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()  # of the next exchange
        self._turn.set_result(True)
        self._reading = True
        self._head_timeout: asyncio.Timeout | None = None  # not None while a head is awaited
        self._linger = False

    async def run(self) -> None:
        """Serve until the peer or a response ends the connection, or no request arrives within the idle timeout."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while self._reading:
                    await self._slots.acquire()
                    await self._serve_next(tasks)
            await self._close()
        finally:
            self._writer.transport.abort()  # no effect after a close; ends the connection on cancellation

    def stop_reading(self) -> None:
        """Read no further request; requests in progress are answered, then the connection is closed."""
        self._reading = False
        if self._head_timeout is not None and not self._head_timeout.expired():
            self._head_timeout.reschedule(asyncio.get_running_loop().time())

    async def _serve_next(self, tasks: asyncio.TaskGroup) -> None:
        try:
            head = await self._next_head()
        except HttpSyntaxError as exc:
            self._reading = False
            exchange = self._exchange(None)
            tasks.create_task(self._finish(exchange, _refusal(exc)), name="http refusal")
            return
        if head is None:
            self._reading = False
            return
        exchange = self._exchange(head)
        task = tasks.create_task(self._finish(exchange), name=f"http {head.method}")
        self._reading = self._reading and not head.last
        await self._wait_for_body(exchange, task)

    async def _next_head(self) -> RequestHead | None:
        if not self._reading:  # stopped while all slots were occupied
            return None
        try:
            async with asyncio.timeout(self._idle_timeout) as self._head_timeout:
                raw = await read_request_head(self._reader)
        except (TimeoutError, OSError):
            return None
        finally:
            self._head_timeout = None
        return None if raw is None else parse_request_head(raw)

    def _exchange(self, head: RequestHead | None) -> Exchange:
        exchange = Exchange(
            self._reader,
            self._writer,
            head,
            self._turn,
            body_limit=self._body_limit,
            idle_timeout=self._idle_timeout,
        )
        self._turn = exchange.finished
        return exchange

    async def _wait_for_body(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        """Wait until the body of this request is consumed, so that the next head can be read from the stream."""
        request = exchange.request
        assert request is not None
        gate = request.upgraded or request.body.ended
        if not gate.done():
            either: set[asyncio.Future[Any]] = {task, gate}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._reading and not exchange.upgraded and request.body.skippable:
            await self._discard_body(request)
        self._reading = self._reading and not exchange.upgraded and request.body.complete

    async def _discard_body(self, request: Request) -> None:
        try:
            async for _ in request:
                pass
        except (HttpSyntaxError, OSError):
            self._reading = False

    async def _finish(self, exchange: Exchange, refusal: Response | None = None) -> None:
        try:
            response = refusal or await self._run_handler(exchange)
            if response is not None:
                await self._send(exchange, response)
        except BaseException:
            # Cancelled: no response was sent, and the next one must not be read as it.
            self._break_off(exchange)
            raise
        finally:
            exchange.finish()
            self._slots.release()

    async def _run_handler(self, exchange: Exchange) -> Response | None:
        """Return the response to send, None if the handler has written one, upgraded, or failed after either."""
        try:
            return await self._call_handler(exchange)
        except HttpSyntaxError as exc:
            response = _refusal(exc)
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # A task that the handler awaits was cancelled, not the handler.
            response = self._failure(exc, exchange)
        except Exception as exc:  # noqa: BLE001  # any exception of a handler is reported and becomes a 500
            response = self._failure(exc, exchange)
        if exchange.started or exchange.upgraded:
            self._break_off(exchange)
            return None
        return response

    def _failure(self, error: BaseException, exchange: Exchange) -> Response:
        if exchange.request is not None and not exchange.gone:
            self._on_error(error, exchange.request)
        return Response.text("The handler of this request failed.\n", 500)

    async def _send(self, exchange: Exchange, response: Response) -> None:
        try:
            await exchange.wait_for_turn()
        except ConnectionResetError:
            return
        try:
            await exchange.send(response)
        except Exception as exc:  # noqa: BLE001  # a body's iterable is code of the handler too
            self._failure(exc, exchange)
            self._break_off(exchange)
        if exchange.last:
            self._linger = True
            self.stop_reading()

    def _break_off(self, exchange: Exchange) -> None:
        self.stop_reading()
        exchange.cut_off()

    async def _close(self) -> None:
        """Close so that the peer receives the last response even if it is still sending."""
        try:
            async with asyncio.timeout(_LINGER):
                if self._linger and self._writer.can_write_eof() and not self._writer.is_closing():
                    self._writer.write_eof()
                    while await self._reader.read(PIECE):
                        pass
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            pass  # the caller aborts


def _refusal(error: HttpSyntaxError) -> Response:
    return Response.text(f"{error.reason}\n", error.status, headers=[("Connection", "close"), *error.fields])


def _log_failure(error: BaseException, request: Request) -> None:
    # One line: without a configured logger a traceback would be printed below an unrelated cell of a notebook.
    _logger.error(
        "handler of %s %s failed: %s: %s", request.method, request.path, type(error).__name__, error
    )
    _logger.debug("its traceback", exc_info=error)
