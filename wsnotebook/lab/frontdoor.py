"""The first bytes of every connection to a lab server: read the head, ask the guard, hand the transport on.

What the guard refuses is answered here, so that neither the WebSocket side nor a handler ever sees it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus

from wsnotebook.lab.guard import Refusal
from wsnotebook.lab.messages import Headers, HttpSyntaxError
from wsnotebook.lab.requesthead import RequestHead, parse_request_head

__all__ = ["FrontDoor"]

# h11 takes bare LF and folded lines, which another reader may not (RFC 9112 §2.2, §5.2).
_ODD_LINES = re.compile(rb"(?<!\r)\n|\r(?!\n)|\r\n[ \t]")
_MAX_HEAD = 16 * 1024  # bytes; what h11 and node allow


class FrontDoor(asyncio.Protocol):
    """Holds a new connection until its request head is whole, then gives the transport away.

    Args:
        check: returns why a request with these headers is refused, or None.
        admit: takes over the transport; the third argument is what came after the head.
        refused: is told of each refusal.
        waiting: the transports that are still here, kept by the server, which ends them when it stops.
        timeout: seconds for the head to arrive.
    """

    def __init__(
        self,
        check: Callable[[asyncio.Transport, Headers], Refusal | None],
        admit: Callable[[asyncio.Transport, RequestHead, bytes], None],
        refused: Callable[[Refusal], None],
        waiting: set[asyncio.Transport],
        *,
        timeout: float,
    ) -> None:
        self._check = check
        self._admit = admit
        self._refused = refused
        self._waiting = waiting
        self._timeout = timeout
        self._turned_away = False
        self._data = bytearray()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting.add(transport)
        self._deadline = asyncio.get_running_loop().call_later(self._timeout, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def data_received(self, data: bytes) -> None:
        if self._turned_away:
            return
        self._data += data
        if not b"!" <= self._data[:1] <= b"~":
            # Answered now: a TLS greeting has no line end to wait for.
            self._refuse(Refusal(400, "this is not an HTTP request (TLS on a port that speaks plain HTTP?)"))
            return
        end = self._data.find(b"\r\n\r\n") + 4
        if max(end, len(self._data) if end < 4 else 0) > _MAX_HEAD:
            self._refuse(Refusal(431, f"the head of a request has at most {_MAX_HEAD} bytes"))
        elif end >= 4:
            self._judge(bytes(self._data[:end]), bytes(self._data[end:]))

    def _judge(self, raw: bytes, rest: bytes) -> None:
        if _ODD_LINES.search(raw):
            self._refuse(
                Refusal(
                    400, "a line ends with CR LF, has no CR or LF inside, and does not begin with a space"
                )
            )
            return
        try:
            head = parse_request_head(raw)
        except HttpSyntaxError as error:
            self._refuse(Refusal(error.status, error.reason))
            return
        refusal = self._check(self._transport, head.headers)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._leave()
        self._admit(self._transport, head, rest)

    def _refuse(self, refusal: Refusal) -> None:
        # A page from elsewhere learns nothing, not even why.
        body = b"" if refusal.status == HTTPStatus.FORBIDDEN else f"{refusal.reason}\n".encode()
        phrase = HTTPStatus(refusal.status).phrase
        self._transport.write(
            f"HTTP/1.1 {refusal.status} {phrase}\r\nConnection: close\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self._turned_away = True
        # Half-close and read on: closing with unread bytes would send a reset, which can overtake the answer.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()
        self._refused(refusal)

    def _leave(self) -> None:
        self._deadline.cancel()
        self._waiting.discard(self._transport)
