"""The first protocol of every connection to a lab server: read the request head, check it, pass the transport on.

Refused requests are answered here, so that neither the WebSocket side nor an HTTP handler receives them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus

from wsnotebook.lab.guard import Refusal
from wsnotebook.lab.messages import HttpSyntaxError
from wsnotebook.lab.requesthead import RequestHead, parse_request_head

__all__ = ["FrontDoor"]

# h11 accepts bare LF and folded lines, which another parser may read differently (RFC 9112 §2.2, §5.2).
_ODD_LINES = re.compile(rb"(?<!\r)\n|\r(?!\n)|\r\n[ \t]")
_MAX_HEAD = 16 * 1024  # bytes; the limit of h11 and Node.js


class FrontDoor(asyncio.Protocol):
    """Buffers a new connection until its request head is complete, then transfers the transport.

    Args:
        check: returns the refusal of a request, or None to admit it.
        admit: becomes the owner of the transport; its third argument is the bytes received after the head.
        refused: called with each refusal.
        waiting: the transports whose head is incomplete; the server owns the set and aborts them when it stops.
        timeout: seconds for the head to arrive; then the connection is aborted.
        of_proxy: the server is a proxy, which may be asked to CONNECT.
    """

    def __init__(
        self,
        check: Callable[[asyncio.Transport, RequestHead], Refusal | None],
        admit: Callable[[asyncio.Transport, RequestHead, bytes], None],
        refused: Callable[[Refusal], None],
        waiting: set[asyncio.Transport],
        *,
        timeout: float,
        of_proxy: bool = False,
    ) -> None:
        self._check = check
        self._admit = admit
        self._refused = refused
        self._waiting = waiting
        self._timeout = timeout
        self._of_proxy = of_proxy
        self._is_refused = False
        self._data = bytearray()
        self._transport: asyncio.Transport
        self._deadline: asyncio.TimerHandle

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._waiting.add(transport)
        self._deadline = asyncio.get_running_loop().call_later(self._timeout, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._data += data
        if not b"!" <= self._data[:1] <= b"~":
            # Refuse now: a TLS ClientHello has no line end, so waiting for one would end in the timeout.
            self._refuse(Refusal(400, "this is not an HTTP request (TLS on a port that speaks plain HTTP?)"))
            return
        end = self._data.find(b"\r\n\r\n") + 4
        if max(end, len(self._data) if end < 4 else 0) > _MAX_HEAD:
            self._refuse(Refusal(431, f"the head of a request has at most {_MAX_HEAD} bytes"))
        elif end >= 4:
            self._check_head(bytes(self._data[:end]), bytes(self._data[end:]))

    def _check_head(self, raw: bytes, rest: bytes) -> None:
        if _ODD_LINES.search(raw):
            self._refuse(
                Refusal(
                    400, "a line ends with CR LF, has no CR or LF inside, and does not begin with a space"
                )
            )
            return
        try:
            head = parse_request_head(raw, of_proxy=self._of_proxy)
        except HttpSyntaxError as error:
            self._refuse(Refusal(error.status, error.reason, error.fields))
            return
        refusal = self._check(self._transport, head)
        if refusal is not None:
            self._refuse(refusal)
            return
        self._stop_waiting()
        self._admit(self._transport, head, rest)

    def _refuse(self, refusal: Refusal) -> None:
        # A web page of another origin gets no information, not even the reason.
        body = b"" if refusal.status == HTTPStatus.FORBIDDEN else f"{refusal.reason}\n".encode()
        phrase = HTTPStatus(refusal.status).phrase
        more = "".join(f"{name}: {value}\r\n" for name, value in refusal.fields)
        self._transport.write(
            f"HTTP/1.1 {refusal.status} {phrase}\r\nConnection: close\r\n{more}"
            f"Content-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        self._is_refused = True
        # Half-close and keep reading: a close with unread bytes sends a reset, which can overtake the response.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()
        self._refused(refusal)

    def _stop_waiting(self) -> None:
        self._deadline.cancel()
        self._waiting.discard(self._transport)
