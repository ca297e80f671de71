"""Compressed messages: gzip, zlib, raw deflate, brotli and zstd, each inflated to a limit; texts between them stay as they are."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from typing import Any

from wsnotebook.analysis.decoders.decoder import Decode, Payload, missing_library

__all__ = [
    "INFLATED_LIMIT",
    "inflating",
    "looks_like_gzip",
    "looks_like_zlib",
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
