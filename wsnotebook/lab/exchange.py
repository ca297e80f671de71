"""One request and its response on a connection that pipelines several.

Responses leave in the order of requests (RFC 9112 §9.3.2): an exchange writes when the one before it is finished.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterable, AsyncIterator
from email.utils import formatdate
from http import HTTPStatus

import h11

from wsnotebook.lab.chunked import decode_chunked
from wsnotebook.lab.messages import PIECE, Body, Headers, HttpSyntaxError, Request, Response
from wsnotebook.lab.requesthead import RequestHead

__all__ = ["Exchange"]

_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Exchange:
    """A request, its turn in the order of responses, and the writer of its response.

    Args:
        head: the parsed head; None for an error response to bytes that are not a request.
        turn: completes when the response before this one is written; False if that was the last of the connection.
        body_limit: bytes of the request body, None for no limit.
        idle_timeout: longest pause inside the body, in seconds, None for no limit.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        head: RequestHead | None,
        turn: asyncio.Future[bool],
        *,
        body_limit: int | None,
        idle_timeout: float | None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.turn = turn
        self.finished: asyncio.Future[bool] = asyncio.get_running_loop().create_future()  # turn of the next
        self.started = False  # at least one byte of the response was written
        self.last = False  # no response may follow this one
        self._http = head.http if head is not None else h11.Connection(h11.SERVER)
        self._body_limit = body_limit
        self._idle_timeout = idle_timeout
        self.request = self._request(head) if head is not None else None

    @property
    def upgraded(self) -> bool:
        """Whether the handler has taken over the connection."""
        future = self.request.upgraded if self.request is not None else None
        return future is not None and future.done() and not future.cancelled() and future.result()

    @property
    def gone(self) -> bool:
        """Whether no response can be sent: the connection is closing, or an earlier response was the last."""
        return self.writer.is_closing() or (self.turn.done() and not self.turn.result())

    async def wait_for_turn(self) -> None:
        """Wait until every earlier response is written.

        Raises:
            ConnectionResetError: an earlier response was the last, or the connection is closing.
        """
        await asyncio.shield(self.turn)
        if self.gone:
            raise ConnectionResetError("the connection ended before it was this request's turn")

    def finish(self) -> None:
        """Give the turn to the next exchange."""
        self.finished.set_result(self.turn.done() and self.turn.result() and not self.last)

    async def send(self, response: Response) -> None:
        """Write ``response`` and wait while the peer reads slowly. Call it after ``wait_for_turn``.

        Raises:
            OSError: the connection is lost.
            h11.LocalProtocolError: an iterable body yielded more or fewer bytes than its ``content_length``.
        """
        reason = (response.reason or "").encode("latin-1")
        head = h11.Response(status_code=response.status, headers=self._fields(response), reason=reason)
        events: list[h11.Event] = [head]
        self.started = True
        if isinstance(response.body, bytes):
            if not self._without_body(response):
                events.append(h11.Data(response.body))
        elif not self._without_body(response):
            await self._write(*events)
            events.clear()
            await self._stream(response.body)
        await self._write(*events, h11.EndOfMessage())
        self.last = self._http.our_state is not h11.DONE

    def cut_off(self) -> None:
        """End the connection so that the peer detects that the response is incomplete."""
        self.last = True
        if self._http.their_http_version == b"1.0":
            # In HTTP/1.0 a FIN marks the end of the body, so the connection is reset: SO_LINGER with 0 s sends RST.
            tcp = self.writer.get_extra_info("socket")
            if tcp is not None:
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.writer.transport.abort()
        else:
            self.writer.close()

    async def _stream(self, body: AsyncIterable[bytes]) -> None:
        try:
            async for piece in body:
                await self._write(h11.Data(piece))
        finally:
            # Runs a generator's finally now, not at garbage collection.
            aclose = getattr(body, "aclose", None)
            if aclose is not None:
                await aclose()

    async def _write(self, *events: h11.Event) -> None:
        self.writer.write(b"".join(self._http.send(event) or b"" for event in events))
        await self.writer.drain()

    def _without_body(self, response: Response) -> bool:
        head_only = self.request is not None and self.request.method == "HEAD"
        return head_only or response.status in _BODILESS

    def _fields(self, response: Response) -> list[tuple[bytes, bytes]]:
        headers = Headers(response.headers)
        fields = list(headers)
        if "date" not in headers:
            fields.append(("Date", formatdate(usegmt=True)))
        length = len(response.body) if isinstance(response.body, bytes) else response.content_length
        if length is not None and response.status not in _BODILESS:
            fields.append(("Content-Length", str(length)))
        if self.request is not None and not (self.request.body.complete or self.request.body.skippable):
            # The unread body is between this head and the next request.
            fields.append(("Connection", "close"))
        return [(name.encode("ascii"), value.strip(" \t").encode("latin-1")) for name, value in fields]

    def _request(self, head: RequestHead) -> Request:
        body = Body(
            decode_chunked(self.reader) if head.chunked else _counted(self.reader, head.length),
            length=None if head.chunked else head.length,
            limit=self._body_limit,
            timeout=self._idle_timeout,
            before_read=self._send_continue if self._http.they_are_waiting_for_100_continue else None,
        )
        return Request(
            head.method,
            head.target,
            head.http_version,
            head.headers,
            head.raw,
            body,
            self.writer.get_extra_info("peername"),
            asyncio.get_running_loop().create_future() if head.upgrade else None,
            self._take_over if head.upgrade else None,
        )

    async def _send_continue(self) -> None:
        await self.wait_for_turn()
        await self._write(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))

    async def _take_over(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        assert self.request is not None and self.request.upgraded is not None
        await self.wait_for_turn()
        if self.request.upgraded.done():
            raise RuntimeError(
                "this connection was taken over before: keep the reader and writer of the first call."
            )
        self.last = True
        self.request.upgraded.set_result(True)
        return self.reader, self.writer


async def _counted(reader: asyncio.StreamReader, length: int) -> AsyncIterator[bytes]:
    while length:
        piece = await reader.read(min(length, PIECE))
        if not piece:
            raise HttpSyntaxError(f"the connection ended {length} bytes before the end of the body")
        length -= len(piece)
        yield piece
