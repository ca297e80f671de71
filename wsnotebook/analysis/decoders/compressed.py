"""Compressed messages: gzip, zlib and raw deflate, each inflated to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from wsnotebook.analysis.decoders.decoder import Payload

__all__ = ["INFLATED_LIMIT", "inflating", "looks_like_gzip"]

INFLATED_LIMIT = 1 << 26
"""Bytes that one message may inflate to: 64 MiB."""


def inflating(window_bits: int) -> Callable[[Payload], bytes]:
    """Return the decoder of one format.

    Args:
        window_bits: the format, as zlib tells formats apart: 31 gzip, 15 zlib, -15 raw deflate.
    """

    def inflate(payload: Payload) -> bytes:
        if isinstance(payload, str):
            raise ValueError("a text is not compressed: bytes are expected")
        found: list[bytes] = []
        rest, room = payload, INFLATED_LIMIT
        while rest or not found:
            stream = zlib.decompressobj(window_bits)
            found.append(stream.decompress(rest, room + 1))  # one byte more shows that there is more
            room -= len(found[-1])
            if room < 0:
                raise ValueError(f"it inflates to more than the limit of {INFLATED_LIMIT} bytes")
            if not stream.eof:
                raise ValueError("the compressed data ends too early")
            rest = stream.unused_data
            if rest and window_bits != 31:  # only gzip has members
                raise ValueError(f"{len(rest)} bytes follow the compressed data")
        return b"".join(found)

    return inflate


def looks_like_gzip(payload: Payload) -> bool:
    """Return whether a message begins as gzip does."""
    return isinstance(payload, bytes) and payload.startswith(b"\x1f\x8b\x08")
