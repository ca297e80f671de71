"""Wire: both directions of one end of a connection after its handshake, without I/O, clock or thread.

A Judge for what the peer sends, and a Serializer for what this end sends.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence

from wsnotebook.wire.decoding import decoders_of
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits, fragments_in
from wsnotebook.wire.serializer import Serializer

__all__ = ["Wire"]


class Wire:
    """The wire of the end that talks to ``peer``: bytes in, readings out; frames in, bytes out.

    Args:
        peer: the side that this end receives from; the end itself is the other side.
        raw: hand every frame over as received and refuse nothing.
        masking: mask what is sent; may be set at any time. None masks as the side has to: a client's frames only.
        max_frame_size: payload bytes of a frame, as received and as inflated, and unless ``raw`` of a message, whose
            number of fragments follows it; None for no limit.
        allocate: memory for large payloads that are received in their place; see Scanner.
        random: source of mask keys.
    """

    __slots__ = ("claimed", "extensions", "judge", "raw", "serializer")

    def __init__(
        self,
        peer: Sender = "server",
        *,
        raw: bool = False,
        masking: bool | None = None,
        max_frame_size: int | None = None,
        allocate: Callable[[int], memoryview] | None = None,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.raw = raw
        self.claimed = 0
        """RSV bits that the negotiated extensions use, as bits of the first byte."""
        self.extensions: tuple[WebSocketExtension, ...] = ()
        """The negotiated extensions, in negotiated order."""
        self.judge = Judge(peer, raw=raw, limits=_limits(raw, max_frame_size), allocate=allocate)
        """What the peer sends."""
        side: Sender = "server" if peer == "client" else "client"
        masks = side == "client" if masking is None else masking
        self.serializer = Serializer(masking=masks, random=random, sender=side)
        """What this end sends."""

    def negotiate(self, extensions: Sequence[WebSocketExtension]) -> None:
        """Set the extensions that the handshake has negotiated, in negotiated order."""
        self.extensions = tuple(extensions)
        for extension in extensions:
            self.claimed |= extension.factory.rsv
        self.judge.negotiate(self.claimed, decoders_of(self.extensions))
        self.serializer.negotiate(self.claimed, self.extensions)

    @property
    def max_frame_size(self) -> int | None:
        """Payload bytes that a frame may have; read for each frame. None for no limit."""
        return self.judge.limits.frame

    @max_frame_size.setter
    def max_frame_size(self, size: int | None) -> None:
        self.judge.limits = _limits(self.raw, size)

    @property
    def masking(self) -> bool:
        """Whether what is serialised next is masked."""
        return self.serializer.masking

    @masking.setter
    def masking(self, masking: bool) -> None:
        self.serializer.masking = masking


@functools.lru_cache(maxsize=64)  # many sessions have one limit
def _limits(raw: bool, size: int | None) -> Limits:
    """Return what is accepted: a raw end joins no messages, so that only its frames are held to a limit."""
    return Limits(size, inflated=size) if raw else Limits(size, size, size, fragments_in(size))
