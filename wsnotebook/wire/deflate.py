"""Inflater: the receiving half of permessage-deflate (RFC 7692), bounded and true to BFINAL.

websockets 17.4 loses text when a server ends a message with a final DEFLATE block and keeps its context
(RFC 7692 §7.2.3.4–5): its decompressor is at its end and returns nothing ever after.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Generator

from wsnotebook.errors import FrameTooBig

__all__ = ["Inflater"]

_SYNC_TAIL = b"\x00\x00\xff\xff"  # the empty block that a sender cuts off each message (RFC 7692 §7.2.1)
_STEP = 2 << 20  # bytes inflated before the caller gets a turn: 2 MiB take a few milliseconds
_TURNS = 256  # decoders made before the caller gets a turn: 1 MB can hold 500,000 empty final blocks


class Inflater:
    """Inflate the messages of one direction.

    Args:
        window_bits: size of the LZ77 window, 8 to 15.
        context_takeover: the window lasts from one message to the next.
    """

    def __init__(self, window_bits: int = 15, *, context_takeover: bool = True) -> None:
        self._window_bits = window_bits
        self._context_takeover = context_takeover
        self._decoder = zlib.decompressobj(-window_bits)
        self._recent: deque[bytes] = (
            deque()
        )  # last output, at least a window of it, for a restart after BFINAL
        self._recent_size = 0

    def inflate(self, data: bytes, *, final: bool, limit: int | None) -> Generator[None, None, bytes]:
        """Return the application's bytes of one frame; yields after every 2 MiB, so that a loop can take a turn.

        Args:
            data: compressed payload of the frame.
            final: it is the last frame of its message.
            limit: most bytes that may come out; None for no limit.

        Raises:
            FrameTooBig: more than ``limit`` bytes would come out; no more than that were made.
            zlib.error: the data is not DEFLATE.
        """
        pieces: list[bytes] = []
        size = turns = 0
        rest = data + _SYNC_TAIL if final else data
        while True:
            room = _STEP if limit is None else min(_STEP, limit - size + 1)
            piece = self._decoder.decompress(rest, room)
            rest = self._decoder.unconsumed_tail
            size += len(piece)
            if limit is not None and size > limit:
                raise FrameTooBig(size, limit)
            if piece:
                pieces.append(piece)
                self._remember(piece)
            if self._decoder.eof:  # BFINAL=1: the next block needs a new decoder over the same window
                rest = b"" if final and self._decoder.unused_data == _SYNC_TAIL else self._decoder.unused_data
                self._decoder = zlib.decompressobj(-self._window_bits, zdict=self._window())
                if not rest:
                    break
            elif not rest and len(piece) < room:  # a full piece may have left output inside zlib
                break
            turns += 1
            if len(piece) == _STEP or turns % _TURNS == 0:
                yield
        if final and not self._context_takeover:
            self._restart()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _remember(self, piece: bytes) -> None:
        window = 1 << self._window_bits
        self._recent.append(piece[-window:])
        self._recent_size += len(self._recent[-1])
        while self._recent_size - len(self._recent[0]) >= window:
            self._recent_size -= len(self._recent.popleft())

    def _window(self) -> bytes:
        return b"".join(self._recent)[-(1 << self._window_bits) :]

    def _restart(self) -> None:
        self._decoder = zlib.decompressobj(-self._window_bits)
        self._recent.clear()
        self._recent_size = 0
