"""Wire: both directions of one end of a connection after its handshake, without I/O, clock or thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from wsnotebook.wire.batch import Batch
from wsnotebook.wire.decoding import decoders_of
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.serializer import Outgoing, Serializer

__all__ = ["Wire"]


class Wire:
    """The wire of the end that talks to ``peer``: bytes in, readings out; frames in, bytes out. Nothing is refused.

    Args:
        peer: the side that this end receives from; the end itself is the other side, and masks as that has to.
        limits: what is accepted of the peer.
        claimed: RSV bits that the negotiated extensions use, as bits of the first byte.
        extensions: the negotiated ones, in negotiated order.
        random: source of mask keys.
    """

    def __init__(
        self,
        peer: Sender,
        *,
        limits: Limits,
        claimed: int = 0,
        extensions: tuple[WebSocketExtension, ...] = (),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.claimed = claimed
        """RSV bits that the negotiated extensions use."""
        self._judge = Judge(peer, raw=True, limits=limits)
        self._judge.negotiate(claimed, decoders_of(extensions))
        side: Sender = "server" if peer == "client" else "client"
        self._serializer = Serializer(masking=side == "client", random=random, sender=side)
        self._serializer.negotiate(claimed, extensions)
        self.receive_single = self._judge.receive_single
        """Receives the bytes of a read that are one plain frame; see Judge."""
        self.room = self._judge.room
        """Returns where the next bytes may be put; see Judge."""

    @property
    def skipped(self) -> int:
        """Bytes received that belong to no row: the bodies of frames over the limit."""
        return self._judge.skipped

    def serialize(self, items: Sequence[Outgoing]) -> tuple[Batch, bytes]:
        """Return the rows and the bytes of frames that are to be sent now."""
        return self._serializer.serialize(items)

    def receive(self, data: bytes) -> Iterator[Reading | None]:
        """Yield a Reading for each batch of frames in the bytes of one read; see Judge."""
        return self._judge.receive(data)

    def receive_in_place(self, count: int) -> Iterator[Reading | None]:
        """As receive(), of bytes that were put at the beginning of ``room()``."""
        return self._judge.receive_in_place(count)

    def receive_end(self) -> Reading | None:
        """Return a Reading of the frame that the end of the stream cut off, or None."""
        return self._judge.receive_end()
