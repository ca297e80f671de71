"""Wire: both directions of one end of a connection after its handshake, without I/O, clock or thread.

A Judge for what the peer sends, and a Serializer for what this end sends.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence

from wsnotebook.wire.batch import Batch
from wsnotebook.wire.decoding import decoders_of
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits, fragments_in
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.serializer import Outgoing, Serializer

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

    __slots__ = (
        "_judge",
        "_serializer",
        "claimed",
        "extensions",
        "raw",
        "receive_single",
        "room",
        "serialize_close",
        "serialize_single",
    )

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
        self._judge = Judge(peer, raw=raw, limits=_limits(raw, max_frame_size), allocate=allocate)
        side: Sender = "server" if peer == "client" else "client"
        masks = side == "client" if masking is None else masking
        self._serializer = Serializer(masking=masks, random=random, sender=side)
        # Bound, and not methods of this class: each call more is felt where every frame is a read of its own.
        self.receive_single = self._judge.receive_single
        """Receives the bytes of a read that are one plain frame, or a close frame; see Judge."""
        self.room = self._judge.room
        """Returns where the next bytes may be put; see Judge."""
        self.serialize_single = self._serializer.serialize_single
        """Serialises a frame that is sent alone; see Serializer."""
        self.serialize_close = self._serializer.serialize_close
        """The same for a close frame."""

    def negotiate(self, extensions: Sequence[WebSocketExtension]) -> None:
        """Set the extensions that the handshake has negotiated, in negotiated order."""
        self.extensions = tuple(extensions)
        for extension in extensions:
            self.claimed |= extension.factory.rsv
        self._judge.negotiate(self.claimed, decoders_of(self.extensions))
        self._serializer.negotiate(self.claimed, self.extensions)

    @property
    def max_frame_size(self) -> int | None:
        """Payload bytes that a frame may have; read for each frame. None for no limit."""
        return self._judge.limits.frame

    @max_frame_size.setter
    def max_frame_size(self, size: int | None) -> None:
        self._judge.limits = _limits(self.raw, size)

    @property
    def masking(self) -> bool:
        """Whether what is serialised next is masked."""
        return self._serializer.masking

    @masking.setter
    def masking(self, masking: bool) -> None:
        self._serializer.masking = masking

    # Sending

    def serialize(self, items: Sequence[Outgoing]) -> tuple[Batch, bytes]:
        """Return the rows and the bytes of frames that are to be sent now."""
        return self._serializer.serialize(items)

    @property
    def is_between_sent_messages(self) -> bool:
        """Whether no message was sent in part."""
        return self._serializer.is_between_messages

    # Receiving; see Judge

    @property
    def skipped(self) -> int:
        """Bytes received that belong to no row: the bodies of frames over the limit."""
        return self._judge.skipped

    @property
    def is_within_frame(self) -> bool:
        """Whether a part of a frame was received, and not all of it."""
        return self._judge.is_within_frame

    def receive(self, data: bytes | memoryview) -> Iterator[Reading | None]:
        """Yield a Reading for each batch of frames in the bytes of one read, and None for turns of the event loop."""
        return self._judge.receive(data)

    def receive_in_place(self, count: int) -> Iterator[Reading | None]:
        """As receive(), of bytes that were put at the beginning of ``room()``."""
        return self._judge.receive_in_place(count)

    def receive_end(self) -> Reading | None:
        """Return a Reading of the frame that the end of the stream cut off, or None."""
        return self._judge.receive_end()


@functools.lru_cache(maxsize=64)  # many sessions have one limit
def _limits(raw: bool, size: int | None) -> Limits:
    """Return what is accepted: a raw end joins no messages, so that only its frames are held to a limit."""
    return Limits(size, inflated=size) if raw else Limits(size, size, size, fragments_in(size))
