"""Decoder: one captured direction of a WebSocket, judged as a session judges it, with the limits of a capture."""

from __future__ import annotations

from collections.abc import Iterator

from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_extension

from wsnotebook.wire.batch import RSV1, Batch
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits

__all__ = ["CAPTURE_LIMITS", "Decoder", "deflate_parameters"]

CAPTURE_LIMITS = Limits(inflated=64 << 20)
"""The bytes of a capture are there already; what they inflate to is limited as by a session's default."""


def deflate_parameters(value: str) -> dict[str, str | None] | None:
    """Return the parameters of permessage-deflate in a server's Sec-WebSocket-Extensions, or None without it."""
    try:
        return next(
            (dict(params) for name, params in parse_extension(value) if name == "permessage-deflate"), None
        )
    except InvalidHeaderFormat:
        return None


class Decoder:
    """Decode the bytes that one side sent.

    Args:
        sender: the side.
        deflate: negotiated parameters of permessage-deflate; None without it.
        limits: what is kept and inflated; see Limits.
    """

    def __init__(
        self, sender: Sender, deflate: dict[str, str | None] | None, limits: Limits = CAPTURE_LIMITS
    ) -> None:
        self._judge = Judge(sender, limits=limits)
        if deflate is not None:
            bits = deflate.get(f"{sender}_max_window_bits") or "15"
            size = int(bits) if bits in map(str, range(8, 16)) else 15
            takeover = f"{sender}_no_context_takeover" not in deflate
            self._judge.negotiate(RSV1, (DeflateDecoder(size, context_takeover=takeover),))

    def decode(self, data: bytes) -> Iterator[Batch]:
        """Yield the batches that some bytes complete."""
        for reading in self._judge.receive(data):
            if reading is not None:
                yield reading.batch

    def finish(self) -> Batch | None:
        """Return a batch with the frame that the end cut off, or None."""
        reading = self._judge.receive_end()
        return None if reading is None else reading.batch
