"""Decoding: undoes the extensions of one direction, and knows from when on that is no longer possible."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from wsnotebook.wire.batch import OPCODE, RSV1
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.extensions import DeflateExtension, WebSocketExtension
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Decoder", "Decoding", "decoders_of"]


class Decoder(Protocol):
    """The receiving half of an extension."""

    def decoding(self, frame: Frame, *, max_size: int | None = None) -> Generator[None, None, Frame]:
        """Decode a data frame in steps; see WebSocketExtension.decoding."""


def decoders_of(extensions: Sequence[WebSocketExtension]) -> tuple[Decoder, ...]:
    """Return the receiving halves of the extensions of a session, in negotiated order."""
    return tuple(
        extension.decoder if isinstance(extension, DeflateExtension) else extension
        for extension in extensions
    )


class Decoding:
    """What extensions did to the payloads of one direction.

    Args:
        decoders: receiving halves in negotiated order; a frame passes them in reverse (RFC 6455 §9.1).
    """

    def __init__(self, decoders: Sequence[Decoder] = ()) -> None:
        self._decoders = tuple(decoders)
        self.has_deflate = any(isinstance(decoder, DeflateDecoder) for decoder in decoders)
        """Whether permessage-deflate is among the extensions."""
        only = decoders[0] if len(decoders) == 1 else None
        self.deflate = only if isinstance(only, DeflateDecoder) else None
        """Where it is the only one, as it nearly always is: frames without RSV1 then need no look."""
        self.lost: str | None = None
        """Why the payloads of the open message cannot be decoded; None where they can."""
        self._is_lost_for_good = False
        self._is_compressed = False  # the open message is

    def changes(self, head: int, in_message: bool) -> bool:
        """Tell whether the payload of a data frame has to be decoded.

        Args:
            head: its first byte.
            in_message: a message is open.
        """
        if not self._decoders or head & OPCODE > Opcode.BINARY:
            return False
        if self.deflate is None:
            return True  # an extension of the user's may change frames without a mark
        if head & OPCODE == Opcode.CONTINUATION:
            return in_message and self._is_compressed
        return bool(head & RSV1)

    def begin(self, head: int) -> None:
        """Begin a data frame: a first one says of its whole message whether it is compressed (RFC 7692 §6.1)."""
        if head & OPCODE != Opcode.CONTINUATION:
            self._is_compressed = bool(head & RSV1)
            if not self._is_lost_for_good:
                self.lost = None

    def decode(self, frame: Frame, room: int | None) -> Generator[None, None, Frame]:
        """Decode a data frame to at most ``room`` bytes; yields where the event loop may take a turn."""
        for decoder in reversed(self._decoders):
            frame = yield from decoder.decoding(frame, max_size=room)
        return frame

    def lose_frames(self, why: str) -> None:
        """As lose(), of a gap in which frames are missing: the next one may continue a compressed message."""
        self.lose(why)
        self._is_compressed = True

    def lose(self, why: str, *, for_good: bool = False) -> None:
        """Decode no more of this message, and of later ones only where they refer to nothing before them.

        With context takeover a message refers to the window of those before it (RFC 7692 §7.1.1), which is not known
        after a gap; and an extension of the user's cannot be expected to survive one.

        Args:
            why: ends the sentence for the column ``detail``.
            for_good: also without context takeover, so that a hostile peer cannot repeat what cost so much.
        """
        self.lost = f"not decoded: {why}"
        if for_good or self.deflate is None or self.deflate.context_takeover:
            self._is_lost_for_good = True
        else:
            self.deflate.restart()
