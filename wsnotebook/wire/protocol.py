"""WireProtocol: the client's side of one connection without I/O, clock or thread.

Handshake and negotiation are those of websockets; after the 101 its frame loop is replaced by a Judge for what the
server sends and a Serializer for what we send.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from websockets.client import ClientProtocol
from websockets.http11 import Response
from websockets.protocol import Protocol

from wsnotebook.wire.batch import Batch
from wsnotebook.wire.decoding import decoders_of
from wsnotebook.wire.extensions import WebSocketExtension
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits
from wsnotebook.wire.reading import Reading
from wsnotebook.wire.serializer import Outgoing, Serializer

__all__ = ["MAX_FRAGMENTS", "WireProtocol"]

MAX_FRAGMENTS = 65_536
"""Frames of one message at most on a default session: a peer can send a million empty ones in 2 MB."""


class _FrameLoop(Protocol):
    """Stands between ClientProtocol and Protocol in the MRO, so that its ``parse`` replaces only the frame loop."""

    def parse(self) -> Generator[None]:
        """Leave what follows the 101 in the buffer for WireProtocol.take_early()."""
        while True:
            yield


class WireProtocol(ClientProtocol, _FrameLoop):
    """The wire of a client: bytes in, readings out; frames in, bytes out.

    Args:
        uri, origin, extensions, subprotocols, logger: as in websockets' ClientProtocol.
        raw: hand every frame over as received and refuse nothing.
        masking: mask what is sent; may be set at any time.
        max_frame_size: payload bytes of a frame, and of a message on a default session; None for no limit.
        allocate: memory for large payloads that are received in their place; see Scanner.
        random: source of mask keys.
    """

    def __init__(
        self,
        uri: Any,
        *,
        raw: bool = False,
        masking: bool = True,
        max_frame_size: int | None = None,
        allocate: Callable[[int], memoryview] | None = None,
        random: Callable[[int], bytes] = os.urandom,
        **options: Any,
    ) -> None:
        super().__init__(uri, max_size=None, **options)
        self.raw = raw
        self.claimed = 0
        """RSV bits that the negotiated extensions use, as bits of the first byte."""
        self._judge = Judge("server", raw=raw, limits=self._limits(max_frame_size), allocate=allocate)
        self._serializer = Serializer(masking=masking, random=random)
        # Bound, and not methods of this class: each call more is felt where every frame is a read of its own.
        self.receive_single = self._judge.receive_single
        """Receives the bytes of a read that are one plain frame; see Judge."""
        self.room = self._judge.room
        """Returns where the next bytes may be put; see Judge."""
        self.serialize_single = self._serializer.serialize_single
        """Serialises a frame that is sent alone; see Serializer."""

    def _limits(self, size: int | None) -> Limits:
        """Return what is accepted: a raw session joins no messages, so that only its frames are held to a limit."""
        return Limits(size) if self.raw else Limits(size, size, size, MAX_FRAGMENTS)

    @property
    def max_frame_size(self) -> int | None:
        """Payload bytes that a frame may have; read for each frame. None for no limit."""
        return self._judge.limits.frame

    @max_frame_size.setter
    def max_frame_size(self, size: int | None) -> None:
        self._judge.limits = self._limits(size)

    @property
    def masking(self) -> bool:
        """Whether what is serialised next is masked."""
        return self._serializer.masking

    @masking.setter
    def masking(self, masking: bool) -> None:
        self._serializer.masking = masking

    @property
    def skipped(self) -> int:
        """Bytes received that belong to no row: the bodies of frames over the limit."""
        return self._judge.skipped

    def process_response(self, response: Response) -> None:
        """Check the handshake as websockets does, then set up both directions with the negotiated extensions."""
        super().process_response(response)
        for extension in self.extensions:
            assert isinstance(extension, WebSocketExtension)  # client.py offers no others
            self.claimed |= extension.factory.rsv
        self._judge.negotiate(self.claimed, decoders_of(self.wire_extensions))
        self._serializer.negotiate(self.claimed, self.wire_extensions)

    @property
    def wire_extensions(self) -> tuple[WebSocketExtension, ...]:
        """The negotiated extensions, in negotiated order."""
        return tuple(self.extensions)  # type: ignore[arg-type]  # process_response has checked their type

    def take_early(self) -> bytes:
        """Return the bytes received in the same segment as the 101, and forget them."""
        early = bytes(self.reader.buffer)
        self.reader.buffer.clear()
        self.parser.close()  # it holds the response, which an idle session has no use for
        return early

    # Sending

    def serialize(self, items: Sequence[Outgoing]) -> tuple[Batch, bytes]:
        """Return the rows and the bytes of frames that are to be sent now."""
        return self._serializer.serialize(items)

    # Receiving; see Judge

    def receive(self, data: bytes) -> Iterator[Reading | None]:
        """Yield a Reading for each batch of frames in the bytes of one read, and None for turns of the event loop."""
        return self._judge.receive(data)

    def receive_in_place(self, count: int) -> Iterator[Reading | None]:
        """As receive(), of bytes that were put at the beginning of ``room()``."""
        return self._judge.receive_in_place(count)

    def receive_end(self) -> Reading | None:
        """Return a Reading of the frame that the end of the stream cut off, or None."""
        return self._judge.receive_end()
