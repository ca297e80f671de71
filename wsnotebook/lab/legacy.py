"""Adapts the older kind of handler with four arguments: (request, input, output, upgraded).

Such a handler reads the body from a stream and writes the bytes of its response itself, status line included.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, cast

from wsnotebook.lab.exchange import Exchange
from wsnotebook.lab.messages import Body, HttpSyntaxError, Request, Response

__all__ = ["FourArgumentHandler", "Handler", "OrderedOutput", "RequestHandler", "adapt_handler"]

RequestHandler = Callable[[Request], Awaitable[Response | None]]
FourArgumentHandler = Callable[
    [Request, asyncio.StreamReader, "OrderedOutput", "asyncio.Future[bool] | None"], Awaitable[None]
]
Handler = RequestHandler | FourArgumentHandler


class OrderedOutput:
    """The ``output`` of a four-argument handler: the methods of a StreamWriter, in the order of responses.

    Bytes written before the turn of this response are buffered; ``drain`` waits for the turn.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._buffer = bytearray()

    def write(self, data: bytes) -> None:
        """Queue ``data`` for the peer; call ``drain`` after it."""
        self._buffer += data
        if self._exchange.turn.done():
            self._write_buffer()

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Queue several pieces."""
        self.write(b"".join(lines))

    async def drain(self) -> None:
        """Wait for the turn, write the buffered bytes, and wait while the peer reads slowly.

        Raises:
            ConnectionResetError: an earlier response was the last, or the connection is closing.
        """
        await self._exchange.wait_for_turn()
        self._write_buffer()
        await self._exchange.writer.drain()

    def is_closing(self) -> bool:
        """Return whether the connection is closing or closed."""
        return self._exchange.writer.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return a fact of the transport, such as "peername"; see asyncio.BaseTransport.get_extra_info."""
        return self._exchange.writer.get_extra_info(name, default)

    def _write_buffer(self) -> None:
        if self._buffer and not self._exchange.gone:
            self._exchange.started = True
            self._exchange.writer.write(bytes(self._buffer))
        self._buffer.clear()


def adapt_handler(handler: Handler) -> Callable[[Exchange], Awaitable[Response | None]]:
    """Return a function that calls ``handler`` for an exchange.

    The function returns the Response to send, or None if the handler has written its response or upgraded.

    Raises:
        TypeError: the handler accepts neither one argument nor four.
    """
    if _accepts(handler, 1):
        return partial(_call_with_one, cast(RequestHandler, handler))
    if _accepts(handler, 4):
        return partial(_call_with_four, cast(FourArgumentHandler, handler))
    raise TypeError("a handler takes (request), or the older (request, input, output, upgraded).")


async def _call_with_one(handler: RequestHandler, exchange: Exchange) -> Response | None:
    assert exchange.request is not None
    response = await handler(exchange.request)
    if exchange.upgraded:
        return None
    if not isinstance(response, Response):
        raise TypeError(
            f"the handler gave {type(response).__name__}: return a Response, or await request.upgrade()."
        )
    return response


async def _call_with_four(handler: FourArgumentHandler, exchange: Exchange) -> None:
    request = exchange.request
    assert request is not None
    output = OrderedOutput(exchange)
    if request.upgraded is not None:
        await handler(request, exchange.reader, output, request.upgraded)
    else:
        feed = _Feed()
        feeding = asyncio.create_task(feed.run(request.body), name="http request body")
        try:
            await handler(request, feed.reader, output, None)
        finally:
            feeding.cancel()
            await asyncio.wait([feeding])
    await output.drain()
    if not (exchange.started or exchange.upgraded):
        raise RuntimeError("the handler returned without writing a response to output.")


class _Feed(asyncio.ReadTransport):
    """Copies the body of a request to a StreamReader, which pauses this transport when its buffer is full."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = asyncio.StreamReader()
        self.reader.set_transport(self)
        self._wanted = asyncio.Event()
        self._wanted.set()

    def pause_reading(self) -> None:
        self._wanted.clear()

    def resume_reading(self) -> None:
        self._wanted.set()

    async def run(self, body: Body) -> None:
        try:
            async for piece in body:
                self.reader.feed_data(piece)
                await self._wanted.wait()
        except (HttpSyntaxError, OSError) as exc:
            self.reader.set_exception(exc)
        else:
            self.reader.feed_eof()


def _accepts(handler: Callable[..., Any], count: int) -> bool:
    try:
        inspect.signature(handler).bind(*[None] * count)
    except TypeError:
        return False
    except ValueError:  # some built-in callables have no signature: assume the usual kind
        return count == 1
    return True
