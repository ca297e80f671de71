"""Compressed messages: gzip, zlib, raw deflate, brotli and zstd, and one stream of zlib over all; each inflated to a limit.

Texts between them stay as they are.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, Record, missing_library

__all__ = [
    "INFLATED_LIMIT",
    "ZlibStream",
    "inflating",
    "looks_like_gzip",
    "looks_like_zlib",
    "looks_like_zlib_stream",
    "looks_like_zstd",
    "start_brotli",
    "start_zstd",
]

INFLATED_LIMIT = 1 << 26
"""Bytes that one message may inflate to: 64 MiB."""


_TOO_LARGE = f"it inflates to more than the limit of {INFLATED_LIMIT} bytes"
_CUT = "the compressed data ends too early"
_PIECE = 256  # bytes of a member that are read first
_CHUNK = 1 << 20  # bytes inflated at once where they are only counted


def inflating(window_bits: int) -> Callable[[Payload], Payload]:
    """Return the decoder of one format.

    Args:
        window_bits: the format, as zlib tells formats apart: 31 gzip, 15 zlib, -15 raw deflate.
    """

    def inflate(payload: Payload) -> Payload:
        if isinstance(payload, str):
            return payload
        data = memoryview(payload)
        found, at = _member(zlib.decompressobj(window_bits), data, 0, INFLATED_LIMIT)
        members, size = [found], len(found)
        while at < len(data):
            if window_bits != 31:  # only gzip has members
                raise ValueError(f"{len(data) - at} bytes follow the compressed data")
            found, at = _member(zlib.decompressobj(window_bits), data, at, INFLATED_LIMIT - size)
            members.append(found)
            size += len(found)
        return b"".join(members)

    return inflate


def _member(stream: Any, data: memoryview, at: int, room: int | None = None) -> tuple[bytes, int]:
    """Return what is in the compressed data that begins at a place, and where it ends.

    It is read in pieces that grow, because a decompressor copies what follows the end.

    Args:
        stream: decompresses it.
        data: all data.
        at: the place.
        room: bytes that it may have; None where they have been counted before.

    Raises:
        ValueError: it is larger, or cut short.
    """
    found: list[bytes] = []
    size = _PIECE
    while not stream.eof:
        piece = data[at : at + size]
        if not piece:
            raise ValueError(_CUT)
        # One byte more than there is room for shows that there is more.
        found.append(stream.decompress(piece) if room is None else stream.decompress(piece, room + 1))
        if room is not None:
            room -= len(found[-1])
            if room < 0:
                raise ValueError(_TOO_LARGE)
        at += len(piece) - len(stream.unused_data)
        size *= 2
    return b"".join(found), at


def looks_like_gzip(payload: Payload) -> bool | None:
    """Return whether a message begins as gzip does; None for a text, which may come between those that do."""
    return payload.startswith(b"\x1f\x8b\x08") if isinstance(payload, bytes) else None


def looks_like_zlib(payload: Payload) -> bool | None:
    """Return whether a message begins as zlib does, with its usual window (RFC 1950 §2.2); None for a text."""
    if isinstance(payload, str):
        return None
    return payload.startswith(b"\x78") and len(payload) > 1 and not int.from_bytes(payload[:2], "big") % 31


class ZlibStream:
    """One direction of a connection whose messages are one stream of zlib, each ended by a flush, as Discord's; called with each."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj()
        self._parts: list[bytes] = []  # of the message that is not whole yet
        self._room = INFLATED_LIMIT
        self._span = 0  # messages in which it lies
        self._tail = b""
        self._is_lost = False

    def __call__(self, payload: Payload) -> Iterator[Record]:
        self._span += bool(self._parts)
        if isinstance(payload, str):
            yield Record(value=payload)
            return
        if self._is_lost:
            raise ValueError(_LOST)
        self._span = self._span or 1
        try:
            self._inflate(payload)
        except (ValueError, zlib.error) as error:
            yield Record(error=f"{error}: the stream begins before, or is broken", span=self._span)
            self._lose()
            return
        self._tail = (self._tail + payload)[-len(_FLUSH) :]
        if self._tail == _FLUSH or self._stream.eof:
            yield Record(value=b"".join(self._parts), span=self._span)
            self._parts, self._room, self._span = [], INFLATED_LIMIT, 0

    def end(self) -> Iterator[Record]:
        """Yield an error for a message that no flush ended; what comes after a hole can no more be inflated."""
        if self._parts:
            yield Record(error=_CUT, span=self._span)
        self._lose()

    def _inflate(self, payload: bytes) -> None:
        # One byte more than there is room for shows that there is more.
        self._parts.append(self._stream.decompress(payload, self._room + 1))
        self._room -= len(self._parts[-1])
        if self._room < 0:
            raise ValueError(_TOO_LARGE)
        if self._stream.unused_data:
            raise ValueError(f"{len(self._stream.unused_data)} bytes follow the compressed data")

    def _lose(self) -> None:
        self._is_lost, self._parts, self._span = True, [], 0


_FLUSH = b"\0\0\xff\xff"
"""An empty block, with which a flush ends."""
_LOST = "it refers to what was before it in the stream, of which a message is missing or was not inflated"


def looks_like_zlib_stream(payload: Payload) -> bool | None:
    """Return whether a message is the first of a stream of zlib over all messages; None for a text."""
    return looks_like_zlib(payload) and payload[-len(_FLUSH) :] == _FLUSH


def start_brotli() -> Decode:
    """Begin a stream of messages that are compressed with brotli (RFC 7932).

    Raises:
        ModuleNotFoundError: the library is not installed; the message names the extra.
    """
    try:
        import brotli
    except ImportError as error:
        raise missing_library("brotli", "brotli") from error

    def inflate(payload: Payload) -> Payload:
        if isinstance(payload, str):
            return payload
        stream = brotli.Decompressor()
        found = [stream.process(payload, output_buffer_limit=_CHUNK)]
        size = len(found[0])
        while not stream.is_finished() and found[-1]:
            found.append(stream.process(b"", output_buffer_limit=_CHUNK))
            size += len(found[-1])
            if size > INFLATED_LIMIT:
                break
        if size > INFLATED_LIMIT:
            raise ValueError(_TOO_LARGE)
        if not stream.is_finished():
            raise ValueError(_CUT)
        return b"".join(found)

    return inflate


def start_zstd() -> Decode:
    """Begin a stream of messages that are compressed with zstd (RFC 8878), in one frame or several.

    Raises:
        ModuleNotFoundError: the library is not installed; the message names the extra.
    """
    try:
        import zstandard
    except ImportError as error:
        raise missing_library("zstd", "zstandard") from error

    def inflate(data: Payload) -> Payload:
        if isinstance(data, str):
            return data
        # An object that says where a frame ends has no limit, and one that has a limit does not say whether the end came.
        reader = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True)
        size = 0
        while part := reader.read(_CHUNK):
            size += len(part)
            if size > INFLATED_LIMIT:
                raise ValueError(_TOO_LARGE)
        found, at = _member(zstandard.ZstdDecompressor().decompressobj(), memoryview(data), 0)
        members = [found]
        while at < len(data):
            found, at = _member(zstandard.ZstdDecompressor().decompressobj(), memoryview(data), at)
            members.append(found)
        return b"".join(members)

    return inflate


def looks_like_zstd(payload: Payload) -> bool | None:
    """Return whether a message begins as a frame of zstd does; None for a text."""
    return payload.startswith(b"\x28\xb5\x2f\xfd") if isinstance(payload, bytes) else None
