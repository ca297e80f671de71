"""HttpUpgrade: finds the handshake of a WebSocket in a captured HTTP connection, also one that no strict parser reads.

Bodies are not parsed: a 101 answers the last request for an upgrade, and what follows its head are frames.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from wsnotebook.files.pcapng.head import Head

__all__ = ["HttpUpgrade", "Upgraded"]

_MAX_HEAD = 1 << 20  # bytes; servers accept some 100 kB at most
_STATUS_LINE = 16  # bytes that show a 101, or a method
_EARLY = 64 << 10  # bytes of responses that may be captured before their requests
_REQUEST = re.compile(rb"\s*[A-Z]+ [^\r\n]+ HTTP/1\.[01]\r?\n")
_REQUEST_LINE = re.compile(rb"^[A-Z]+ [^\r\n]+ HTTP/1\.[01]\r?$", re.MULTILINE)
_METHOD = re.compile(rb"\s*[A-Z]{3,20} ")
_SWITCHING = re.compile(rb"HTTP/1\.[01] 101\b")
_END = re.compile(rb"\n\r?\n")


class Upgraded(NamedTuple):
    """A handshake that succeeded, and the bytes that followed it."""

    client: int
    """Which side is the client."""
    request: Head
    response: Head
    early: tuple[bytes, bytes]
    """Bytes after the heads, by side."""
    cut: tuple[bool, bool]
    """Whether bytes are missing before those, by side."""


class HttpUpgrade:
    """Search both directions of a connection.

    Args:
        client: which side opened the connection; None where that was not captured.
    """

    def __init__(self, client: int | None) -> None:
        self._client = client
        self._buffers = (bytearray(), bytearray())
        self._request: Head | None = None  # the last one for an upgrade, without an answer
        self._starts: set[int] = set()  # offsets of the server's pieces in their buffer
        self._asked_at = 0  # offset of the server's bytes that came after the request
        self._cut = [False, False]  # bytes are missing since that request, by side
        self.is_http = False
        """Whether a request or a response was seen."""
        self.may_carry_tls = True
        """Whether TLS may begin: there was no request yet, or the last one is a CONNECT."""
        self._searched = 0  # offset of the server's bytes before which no 101 begins

    def feed(self, side: int, data: bytes) -> Upgraded | None:
        """Receive bytes of one side; return the handshake when it is complete."""
        is_request, is_response = _METHOD.match(data) is not None, data.startswith(b"HTTP/1.")
        self.is_http |= is_request or is_response
        if is_request:
            self.may_carry_tls = data.lstrip().startswith(b"CONNECT ")
        if self._client is None and (is_request or is_response):
            self._client = side if is_request else 1 - side
        buffer, is_asked = self._buffers[side], self._request is not None
        is_client = side == self._client
        self._keep(side, _MAX_HEAD if is_client or is_asked else _EARLY)
        if is_request and not _METHOD.match(buffer):
            buffer.clear()  # the end of a body
        elif not is_client:
            if self._client is not None and not is_asked and not buffer and not _SWITCHING.match(data):
                return None  # of other answers nothing is kept
            self._starts.add(len(buffer))
        buffer += data
        if is_client:
            self._take_requests(buffer, len(buffer) - len(data))
        return self._answer() if self._request is not None else None

    def miss(self, side: int) -> Upgraded | None:
        """Receive the news that bytes of one side are missing; return a handshake that they leave beyond doubt."""
        buffer, other = self._buffers[side], self._buffers[1 - side]
        begun = bytes(buffer)
        self._clear(side)
        self._cut[side] = True
        if side == self._client:
            if _REQUEST.match(begun):
                self._ask(Head(begun))
            elif self._request is None and _SWITCHING.match(other):
                self._ask(Head(b""))
                self._asked_at = 0
            return self._answer() if self._request is not None else None
        if not _SWITCHING.match(begun):
            return None
        self._client = 1 - side
        request = self._request or Head(bytes(other) if _METHOD.match(other) else b"")
        return self._upgraded(request, Head(begun), b"", b"" if self._request is None else bytes(other))

    def _keep(self, side: int, most: int) -> None:
        if len(self._buffers[side]) > most:
            self._clear(side)

    def _clear(self, side: int) -> None:
        self._buffers[side].clear()
        if side != self._client:
            self._starts.clear()
            self._searched = self._asked_at = 0

    def _ask(self, request: Head | None) -> None:
        """Wait for the answer to a request, if it is one for an upgrade."""
        self._request = request
        self._searched = 0
        self._asked_at = len(self._buffers[1 - (self._client or 0)])

    def _take_requests(self, buffer: bytearray, start: int) -> None:
        """Take the heads of the client's requests, and keep the last one if it asks for an upgrade.

        Args:
            start: offset before which no head ends.
        """
        start = max(0, start - 2)
        while (end := _END.search(buffer, start)) is not None:
            text = bytes(buffer[: end.end()])
            line = next(reversed([*_REQUEST_LINE.finditer(text)]), None)
            if line is None and self._request is not None:
                return  # frames that were captured before the 101
            del buffer[: end.end()]
            start = 0
            if line is not None:
                before = text[: line.start()]
                head = Head(text[line.start() :], is_after_empty_line=bool(before) and not before.strip())
                self._ask(head if head.asks_for_websocket else None)
                self._cut = [False, False]
        if self._request is None and len(buffer) > _STATUS_LINE and not _METHOD.match(buffer):
            buffer.clear()  # a body, or no HTTP

    def _answer(self) -> Upgraded | None:
        """Return the handshake whose 101 has come."""
        client, request = self._client, self._request
        assert client is not None and request is not None  # feed() has looked
        buffer = self._buffers[1 - client]
        for match in _SWITCHING.finditer(buffer, self._searched):
            end = _END.search(buffer, match.start())
            if end is None:
                self._searched = match.start()
                return None
            response = Head(bytes(buffer[match.start() : end.end()]))
            is_after, is_first = match.start() >= self._asked_at, match.start() in self._starts
            is_sure = (is_after or is_first) and response.answers(request)
            if is_sure or (is_after and is_first and response.may_be_of_websocket):
                early = bytes(self._buffers[client])
                return self._upgraded(request, response, bytes(buffer[end.end() :]), early)
        self._searched = max(0, len(buffer) - _STATUS_LINE)
        return None

    def _upgraded(self, request: Head, response: Head, server: bytes, client: bytes) -> Upgraded:
        assert self._client is not None  # both callers know it
        early = (client, server) if self._client == 0 else (server, client)
        return Upgraded(self._client, request, response, early, (self._cut[0], self._cut[1]))
