"""Both halves of permessage-deflate (RFC 7692): the sending one, and a receiving one that is bounded and true to BFINAL.

The library's objects are made when they are first used: those of a quiet session would be most of its memory. websockets 17.4
loses text when a server ends a message with a final DEFLATE block and keeps its context (RFC 7692 §7.2.3.4–5): its
decompressor is at its end and returns nothing ever after.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Generator, Sequence
from types import ModuleType
from typing import NamedTuple

from wsnotebook.errors import FrameTooBig
from wsnotebook.wire.frames import Frame, Opcode
from wsnotebook.wire.zlibs import DEFLATE_ERRORS, QUICK, QUICK_FROM

__all__ = ["DeflateDecoder", "DeflateEncoder", "Inflater"]

_SYNC_TAIL = b"\x00\x00\xff\xff"  # the empty block that a sender cuts off each message (RFC 7692 §7.2.1)
_STEP = 2 << 20  # bytes inflated before the caller gets a turn: 2 MiB take a few milliseconds
_WINDOWS_KEPT = 4  # windows of output that are kept before all but one are cut off: joining them is rare then
_PIECE = 16 << 10  # compressed bytes per call of zlib: it copies those that it leaves, at every final block
_TURNS = 256  # decoders made before the caller gets a turn: 1 MB can hold 500,000 empty final blocks


class DeflateEncoder:
    """Compress the messages of one direction.

    Args:
        window_bits: size of our LZ77 window as negotiated, 9 to 15.
        context_takeover: the window lasts from one message to the next.
        level: zlib level, 0 to 9; -1 for zlib's default.
        library: deflates.
    """

    def __init__(
        self,
        window_bits: int = 15,
        *,
        context_takeover: bool = True,
        level: int = -1,
        library: ModuleType = QUICK,
    ) -> None:
        self._window_bits = window_bits
        self._context_takeover = context_takeover
        self._level = level
        self._library = library
        self._compressor: zlib._Compress | None = None

    def encode(self, payload: bytes, *, begins: bool, final: bool) -> bytes:
        """Compress a frame (§7.2.1).

        Args:
            begins: it is the first frame of its message.
            final: it is the last one.
        """
        compressor = self._compressor
        if compressor is None or (begins and not self._context_takeover):
            compressor = self._compressor = self._library.compressobj(self._level, wbits=-self._window_bits)
        data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
        if not final:
            return data
        if not self._context_takeover:
            self._compressor = None
        return data[: -len(_SYNC_TAIL)]


class DeflateDecoder:
    """Inflate the frames of one direction; session, captures and lab use the same.

    Args:
        window_bits: size of the sender's LZ77 window as negotiated, 8 to 15.
        context_takeover: the sender's window lasts from one message to the next.
        library: inflates from the first large message on.
    """

    def __init__(
        self, window_bits: int = 15, *, context_takeover: bool = True, library: ModuleType = QUICK
    ) -> None:
        self.context_takeover = context_takeover
        """Whether a message may refer to the ones before it."""
        self._inflater = Inflater(window_bits, context_takeover=context_takeover, library=library)
        self.decode_whole = self._inflater.start_whole
        """Inflates the payload of a compressed message of one frame; bound, as it is called for each."""
        self.decode_run = self._inflater.start_run
        """Inflates those of several."""
        self._is_compressed = False  # the open message is

    def decoding(self, frame: Frame, *, max_size: int | None = None) -> Generator[None, None, Frame]:
        """Inflate a data frame, if RSV1 of the first frame of its message says that it is compressed (§6.2).

        Yields where a long inflation lets the event loop take a turn.

        Raises:
            FrameTooBig: it would have more than ``max_size`` bytes.
            zlib.error, or that of zlib-ng: the payload is not DEFLATE.
        """
        if frame.opcode != Opcode.CONTINUATION:
            self._is_compressed = frame.rsv1
        if not self._is_compressed:
            return frame
        self._is_compressed = not frame.fin
        if self._inflater.is_begun:
            data = yield from self._inflater.rest()
        else:
            if not self.context_takeover and frame.opcode != Opcode.CONTINUATION:
                self._inflater.restart()  # the message before may not have been finished
            data = yield from self._inflater.inflate(frame.data, final=frame.fin, limit=max_size)
        return Frame.nonstandard(frame.opcode, data, frame.fin, False, frame.rsv2, frame.rsv3)

    def restart(self) -> None:
        """Begin anew with the next message, as after one that did not inflate."""
        self._inflater.restart()


class Inflater:
    """Inflate the messages of one direction: with zlib, and with ``library`` from the first large one on.

    A feed of small messages is inflated faster by zlib, large ones by zlib-ng.

    Args:
        window_bits: size of the LZ77 window, 8 to 15.
        context_takeover: the window lasts from one message to the next.
        library: inflates from the first message on that has, or begins with a frame of, QUICK_FROM compressed bytes.
    """

    def __init__(
        self, window_bits: int = 15, *, context_takeover: bool = True, library: ModuleType = QUICK
    ) -> None:
        self._library: ModuleType = zlib
        self._next_library = library
        self._next_from = sys.maxsize if library is zlib else QUICK_FROM  # compressed bytes
        self._window_bits = window_bits
        self._context_takeover = context_takeover
        self._most_kept = _WINDOWS_KEPT << window_bits  # bytes
        self._decoder: zlib._Decompress | None = None
        self._recent: list[bytes] = []  # last output, at least a window of it, for a restart after BFINAL
        self._recent_size = 0
        self._begun: _Begun | None = None
        self._is_unfinished = False  # the last frame did not end its message

    @property
    def is_begun(self) -> bool:
        """Whether ``start`` left a frame unfinished, which ``rest`` finishes."""
        return self._begun is not None

    def inflate(self, data: bytes, *, final: bool, limit: int | None) -> Generator[None, None, bytes]:
        """Return the application's bytes of one frame; yields after every 2 MiB, so that a loop can take a turn.

        Args:
            data: compressed payload of the frame.
            final: it is the last frame of its message.
            limit: most bytes that may come out; None for no limit.

        Raises:
            FrameTooBig: more than ``limit`` bytes would come out; no more than that were made.
            zlib.error, or that of zlib-ng: the data is not DEFLATE.
        """
        whole = self.start(data, final=final, limit=limit)
        return whole if whole is not None else (yield from self.rest())

    def start(self, data: bytes, *, final: bool, limit: int | None) -> bytes | None:
        """Inflate one frame in one call; None where it is not finished by that, and ``rest`` has to be called.

        Of a frame that was begun already it is None again, and nothing else happens.
        """
        if self._begun is not None:
            return None
        if len(data) >= self._next_from and not self._is_unfinished:
            self._change_library()
        self._is_unfinished = not final
        rest = data + _SYNC_TAIL if final else data
        room = _STEP if limit is None else min(_STEP, limit + 1)
        decoder = self._decoder or self._make_decoder()
        try:
            piece = decoder.decompress(rest, room)
        except DEFLATE_ERRORS as error:
            self._begun = _Begun(b"", rest, final, limit, error)
            return None
        if decoder.eof or decoder.unconsumed_tail or len(piece) >= room:
            self._begun = _Begun(piece, self._left_over(), final, limit, None)
            return None
        self._keep(piece)
        if final and not self._context_takeover:
            self.restart()
        return piece

    def start_whole(self, data: bytes, limit: int | None) -> bytes | None:
        """As start(), of a message of one frame."""
        if self._begun is None and self._is_unfinished and not self._context_takeover:
            self.restart()
        return self.start(data, final=True, limit=limit)

    def start_run(self, messages: Sequence[bytes], limit: int | None, room: int) -> list[bytes]:
        """Inflate messages of one frame each as far as each is finished in one call: the hot loop of a compressed feed.

        The message after those that are returned, if any is left, is for ``start``.

        Args:
            messages: compressed payloads.
            limit: most bytes of each; None for no limit.
            room: bytes that may come out; the message that goes over it is inflated still.
        """
        pieces: list[bytes] = []
        size = 0
        if not self._context_takeover:
            for data in messages:
                whole = self.start_whole(data, limit) if size <= room else None
                if whole is None:
                    break
                pieces.append(whole)
                size += len(whole)
            return pieces
        if self._begun is not None:
            return pieces
        step = _STEP if limit is None or limit >= _STEP else limit + 1
        decoder, large = self._decoder or self._make_decoder(), self._next_from
        for data in messages:
            if len(data) >= large or size > room:
                break
            try:
                piece = decoder.decompress(data + _SYNC_TAIL, step)
            except DEFLATE_ERRORS as error:
                self._begun = _Begun(b"", b"", True, limit, error)
                break
            if decoder.eof or decoder.unconsumed_tail or len(piece) >= step:
                self._begun = _Begun(piece, self._left_over(), True, limit, None)
                break
            pieces.append(piece)
            size += len(piece)
        self._recent += pieces
        self._recent_size += size
        if self._recent_size > self._most_kept:
            self._window()
        return pieces

    def rest(self) -> Generator[None, None, bytes]:
        """Return the bytes of the frame that ``start`` has begun; see inflate()."""
        assert self._begun is not None
        (piece, whole, final, limit, error), self._begun = self._begun, None
        if error is not None:
            raise error
        pieces: list[bytes] = []
        size = fresh = turns = room = place = 0
        rest = b""
        while True:
            size += len(piece)
            fresh += len(piece)
            if limit is not None and size > limit:
                raise FrameTooBig(size, limit)
            pieces.append(piece)
            self._keep(piece)
            left = len(rest) + len(whole) - place
            assert self._decoder is not None  # start() has made it
            if self._decoder.eof:  # BFINAL=1: the next block needs a new decoder over the same window
                self._decoder = self._library.decompressobj(-self._window_bits, zdict=self._window())
                if not left or (final and left == len(_SYNC_TAIL)):
                    break
            elif not left and len(piece) < room:  # a full piece may have left output inside zlib
                break
            turns += 1
            if fresh >= _STEP or turns % _TURNS == 0:
                fresh = 0
                yield
            if not rest:
                rest = whole[place : place + _PIECE]
                place += len(rest)
            room = _STEP if limit is None else min(_STEP, limit - size + 1)
            piece = self._decoder.decompress(rest, room)
            rest = self._left_over()
        if final and not self._context_takeover:
            self.restart()
        return b"".join(pieces)

    def _make_decoder(self) -> zlib._Decompress:
        decoder: zlib._Decompress = self._library.decompressobj(-self._window_bits)
        self._decoder = decoder
        return decoder

    def _change_library(self) -> None:
        """Go on with the next library: between two messages (RFC 7692 §7.2.1) a decoder holds nothing but its window."""
        self._library, self._next_from = self._next_library, sys.maxsize
        if self._decoder is not None:
            self._decoder = self._library.decompressobj(-self._window_bits, zdict=self._window())

    def _left_over(self) -> bytes:
        """Return the input that the decoder has not used."""
        decoder = self._decoder
        assert decoder is not None  # start() has made it
        return decoder.unused_data if decoder.eof else decoder.unconsumed_tail

    def _keep(self, piece: bytes) -> None:
        """Keep the last output for the length of a window; older output is cut off a few windows at a time."""
        self._recent.append(piece)
        self._recent_size += len(piece)
        if self._recent_size > self._most_kept:
            self._window()

    def _window(self) -> bytes:
        """Return the window, and keep it as one piece, so that many small ones are joined only once."""
        window = b"".join(self._recent)[-(1 << self._window_bits) :]
        self._recent = [window]
        self._recent_size = len(window)
        return window

    def restart(self) -> None:
        """Forget the window and an unfinished frame: the next message refers to nothing before it."""
        self._begun = None
        self._is_unfinished = False
        self._decoder = None
        self._recent.clear()
        self._recent_size = 0


class _Begun(NamedTuple):
    """A frame of which the first step was done."""

    piece: bytes
    """Output so far."""
    rest: bytes
    """Input that is left."""
    final: bool
    limit: int | None
    error: Exception | None
    """Of DEFLATE_ERRORS."""
