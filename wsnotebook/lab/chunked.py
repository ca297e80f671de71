"""Decodes a body in chunked transfer coding (RFC 9112 §7.1) and leaves the bytes after it in the stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import h11

from wsnotebook.lab.httpline import read_line
from wsnotebook.lab.messages import PIECE, HttpSyntaxError

__all__ = ["decode_chunked"]

_LINE_LIMIT = 4096  # bytes of a chunk's size and extensions, or of one trailer
_TRAILER_LIMIT = 8192  # bytes of all trailers

# h11 decodes a body only as part of a message, so the decoder first feeds it a head that announces a chunked body.
_HEAD = b"POST / HTTP/1.1\r\nHost: decoder\r\nTransfer-Encoding: chunked\r\n\r\n"


async def decode_chunked(
    reader: asyncio.StreamReader, content_length: int | None = None
) -> AsyncIterator[bytes]:
    r"""Yield the bytes of a chunked body as they arrive; bytes after the body stay unread in ``reader``.

    Chunk extensions and trailers are read and ignored. A cancelled call leaves the stream inside the body, so that
    the connection cannot be used for another request.

    Example::

        reader = asyncio.StreamReader()
        reader.feed_data(b"3\r\na=1\r\n0\r\n\r\n")
        body = b"".join([piece async for piece in decode_chunked(reader)])

    Args:
        reader: the stream; its next byte is the first of the first chunk.
        content_length: required length of the decoded body in bytes, None for any length.

    Raises:
        HttpSyntaxError: the coding is malformed, the stream ends inside the body, the body has not
            ``content_length`` bytes (400), or a line is over 4096 or the trailers are over 8192 bytes (431).
    """
    decoder = _Decoder()
    total = 0
    while size := decoder.chunk_size(await read_line(reader, _LINE_LIMIT)):
        total += size
        if content_length is not None and total > content_length:
            raise HttpSyntaxError(f"the chunks hold more than the {content_length} bytes that were declared")
        while size:
            piece = decoder.data(await reader.read(min(size, PIECE)))
            size -= len(piece)
            yield piece
        decoder.feed(await _exactly_two(reader))
    await _read_trailers(reader, decoder)
    if content_length is not None and total != content_length:
        raise HttpSyntaxError(f"the chunks hold {total} bytes, but {content_length} were declared")


class _Decoder:
    """Checks each line and each piece with h11, and feeds h11 only bytes that belong to the body."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER)
        self._connection.receive_data(_HEAD)
        self._connection.next_event()

    def feed(self, data: bytes) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        self._connection.receive_data(data)
        try:
            return self._connection.next_event()
        except h11.RemoteProtocolError as exc:
            raise HttpSyntaxError(str(exc)) from None

    def chunk_size(self, line: bytes) -> int:
        self.feed(line)
        return int(line.partition(b";")[0], 16)  # h11 has just checked that these are hexadecimal digits

    def data(self, piece: bytes) -> bytes:
        event = self.feed(piece)
        return bytes(event.data) if isinstance(event, h11.Data) else b""


async def _exactly_two(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readexactly(2)
    except asyncio.IncompleteReadError:
        raise HttpSyntaxError("the connection ended inside a chunk") from None


async def _read_trailers(reader: asyncio.StreamReader, decoder: _Decoder) -> None:
    left = _TRAILER_LIMIT
    while True:
        line = await read_line(reader, _LINE_LIMIT)
        if isinstance(decoder.feed(line), h11.EndOfMessage):
            return
        left -= len(line)
        if left < 0:
            raise HttpSyntaxError(f"the trailers are over the limit of {_TRAILER_LIMIT} bytes", 431)
