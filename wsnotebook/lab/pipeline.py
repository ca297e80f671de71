"""HTTP/1.1 on one connection: heads are read in a loop, handlers run side by side, responses leave in order."""

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

_AHEAD = 3  # requests under way behind the one that is being answered
_LINGER = 2.0  # seconds; a close with unread bytes resets, and a reset can overtake the last response

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
    """Serve HTTP on one connection; the task ends when the connection is closed, and owns its handlers.

    Cancelling the task cancels the handlers and aborts the connection.

    Args:
        reader: the connection's bytes; some may be in it already.
        writer: the same connection; closed at the end.
        handler: ``async def handler(request)`` that returns a Response or calls ``request.upgrade()``, or the older
            ``(request, input, output, upgraded)``. HttpSyntaxError from it is answered with its status and reason,
            any other failure with 500.
        idle_timeout: seconds to wait for the next request, or for the next bytes of a body; None for ever. When
            it has passed no more requests are read; handlers that run still finish and are answered.
        body_limit: bytes of one request body, None for any number; more raises in the handler, and answers 413.
        on_error: called with the exception and the request when a handler fails; None: one line in the log
            of this module, its traceback at level DEBUG.
    """
    connection = ServerConnection(
        reader, writer, handler, idle_timeout=idle_timeout, body_limit=body_limit, on_error=on_error
    )
    return asyncio.create_task(connection.run(), name="http connection")


start_connection_pipeline = start_server_connection_pipeline


class ServerConnection:
    """What ``start_server_connection_pipeline`` runs, for owners that also want to end it gently."""

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
        self._ask = adapt_handler(handler)
        self._idle_timeout = idle_timeout
        self._body_limit = body_limit
        self._on_error = on_error or _log_failure
        self._slots = asyncio.Semaphore(1 + _AHEAD)
        self._turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()  # the next exchange's
        self._turn.set_result(True)
        self._reading = True
        self._waiting: asyncio.Timeout | None = None  # the wait for a head, while there is one
        self._linger = False

    async def run(self) -> None:
        """Serve until the peer or a response ends the connection, or nothing comes for the idle timeout."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while self._reading:
                    await self._slots.acquire()
                    await self._serve_next(tasks)
            await self._close()
        finally:
            self._writer.transport.abort()  # nothing to do after a close; at once when cancelled

    def stop_reading(self) -> None:
        """Take no further request; what is under way is answered, then the connection is closed."""
        self._reading = False
        if self._waiting is not None and not self._waiting.expired():
            self._waiting.reschedule(asyncio.get_running_loop().time())

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
        await self._until_next(exchange, task)

    async def _next_head(self) -> RequestHead | None:
        if not self._reading:  # ended while all slots were taken
            return None
        try:
            async with asyncio.timeout(self._idle_timeout) as self._waiting:
                raw = await read_request_head(self._reader)
        except (TimeoutError, OSError):
            return None
        finally:
            self._waiting = None
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

    async def _until_next(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        """Wait until what follows this request in the stream may be read."""
        request = exchange.request
        assert request is not None
        gate = request.upgraded or request.body.ended
        if not gate.done():
            either: set[asyncio.Future[Any]] = {task, gate}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._reading and not exchange.upgraded and request.body.skippable:
            await self._skip(request)
        self._reading = self._reading and not exchange.upgraded and request.body.complete

    async def _skip(self, request: Request) -> None:
        try:
            async for _ in request:
                pass
        except (HttpSyntaxError, OSError):
            self._reading = False

    async def _finish(self, exchange: Exchange, refusal: Response | None = None) -> None:
        try:
            response = refusal or await self._answer(exchange)
            if response is not None:
                await self._send(exchange, response)
        except BaseException:
            self._break_off(exchange)  # cancelled: no response was sent, and none may take its place
            raise
        finally:
            exchange.finish()
            self._slots.release()

    async def _answer(self, exchange: Exchange) -> Response | None:
        """Return what to send, None if the handler has dealt with the connection itself, well or badly."""
        try:
            return await self._ask(exchange)
        except HttpSyntaxError as exc:
            response = _refusal(exc)
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            response = self._failed(exc, exchange)  # something it waited for was cancelled, not it
        except Exception as exc:  # noqa: BLE001  # whatever a handler raises is a 500 and is reported
            response = self._failed(exc, exchange)
        if exchange.started or exchange.upgraded:
            self._break_off(exchange)
            return None
        return response

    def _failed(self, error: BaseException, exchange: Exchange) -> Response:
        if exchange.request is not None and not exchange.gone:
            self._on_error(error, exchange.request)
        return Response.text("The handler of this request failed.\n", 500)

    async def _send(self, exchange: Exchange, response: Response) -> None:
        try:
            await exchange.my_turn()
        except ConnectionResetError:
            return
        try:
            await exchange.send(response)
        except Exception as exc:  # noqa: BLE001  # the iterable of a body is the handler's too
            self._failed(exc, exchange)
            self._break_off(exchange)
        if exchange.last:
            self._linger = True
            self.stop_reading()

    def _break_off(self, exchange: Exchange) -> None:
        self.stop_reading()
        exchange.cut_off()

    async def _close(self) -> None:
        """Close so that the peer gets the last response even if it is still sending."""
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
    return Response.text(f"{error.reason}\n", error.status, headers={"Connection": "close"})


def _log_failure(error: BaseException, request: Request) -> None:
    # One line: without a configured log a traceback would be printed below some cell of a notebook.
    _logger.error(
        "handler of %s %s failed: %s: %s", request.method, request.path, type(error).__name__, error
    )
    _logger.debug("its traceback", exc_info=error)
