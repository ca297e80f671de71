"""Side: one captured direction of a WebSocket, judged as a session judges it, also where the capture lacks bytes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from websockets.exceptions import InvalidHeaderFormat
from websockets.headers import parse_extension

from wsnotebook.files.pcapng.framesearch import SURE, FrameSearch
from wsnotebook.files.pcapng.tcpstream import Gap, Part, Piece
from wsnotebook.wire.batch import RSV1, Batch
from wsnotebook.wire.deflate import DeflateDecoder
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.judge import Judge
from wsnotebook.wire.limits import Limits

__all__ = ["CAPTURE_LIMITS", "Parameters", "Side", "deflate_parameters"]

CAPTURE_LIMITS = Limits(inflated=64 << 20)
"""The bytes of a capture are there already; what they inflate to is limited as by a session's default."""

Parameters = dict[str, str | None]
"""Negotiated parameters of permessage-deflate."""


def deflate_parameters(value: str) -> Parameters | None:
    """Return the parameters of permessage-deflate in a server's Sec-WebSocket-Extensions, or None without it."""
    try:
        return next(
            (dict(params) for name, params in parse_extension(value) if name == "permessage-deflate"), None
        )
    except InvalidHeaderFormat:
        return None


class Side:
    """Decode what one side sent.

    Args:
        sender: the side.
        deflate: negotiated parameters of permessage-deflate; None without it.
        note: called with a time and a sentence for each gap.
        limits: what is kept and inflated; see Limits.
    """

    def __init__(
        self,
        sender: Sender,
        deflate: Parameters | None,
        note: Callable[[int, str], object],
        limits: Limits = CAPTURE_LIMITS,
    ) -> None:
        self._sender: Sender = sender
        self._note = note
        self._judge = Judge(sender, limits=limits)
        self._search: FrameSearch | None = None
        self._skip = 0  # bytes to pass over before the next frame
        self._cuts = self._cut_bytes = 0  # gaps by the snap length that end within their frame
        self._time_ns = 0
        if deflate is not None:
            bits = deflate.get(f"{sender}_max_window_bits") or "15"
            size = int(bits) if bits in map(str, range(8, 16)) else 15
            takeover = f"{sender}_no_context_takeover" not in deflate
            self._judge.negotiate(RSV1, (DeflateDecoder(size, context_takeover=takeover),))

    @property
    def is_searching(self) -> bool:
        """Whether it is not known where the next frame begins."""
        return self._search is not None

    def begin_within(self, enough: int = SURE) -> None:
        """Begin with bytes before which some are missing; see FrameSearch for ``enough``."""
        self._judge.receive_gap(1)
        self._search = FrameSearch(self._sender, enough)

    def begin_at(self, offset: int) -> None:
        """Begin with a frame after ``offset`` bytes, before which others are missing."""
        self._judge.receive_gap(1)
        self._pass(offset)
        self._skip = offset

    def receive(self, part: Part) -> Iterator[tuple[Batch, int]]:
        """Yield the batches that the next part of the stream completes, with their times."""
        self._time_ns = part.time_ns
        if self._search is not None:
            found = self._search.add(part)
            if found is not None:
                yield from self._resume(found)
        elif self._skip:
            passed, self._skip = self._skip, max(0, self._skip - part.size)
            if isinstance(part, Piece) and passed < part.size:
                yield from self.receive(part._replace(data=part.data[passed:]))
        elif isinstance(part, Piece):
            for reading in self._judge.receive(part.data):
                if reading is not None and len(reading.batch):
                    yield reading.batch, part.time_ns
        else:
            yield from self._miss(part)

    def finish(self) -> Iterator[tuple[Batch, int]]:
        """Yield what the end of the capture leaves: frames that nothing follows, and one that it cuts off."""
        if self._search is not None:
            found = self._search.settle()
            if found is not None:
                yield from self._resume(found)
        if self._search is not None:
            self._note_passed(self._search.size, "to the end of the capture")
            self._search = None
        elif (reading := self._judge.receive_end()) is not None:
            yield reading.batch, self._time_ns
        if self._cuts:
            detail = f"the snap length of the capture cut {self._cut_bytes} bytes from {self._cuts} frames"
            self._note(self._time_ns, f"{detail} of the {self._sender}: capture with -s 0")

    def _miss(self, gap: Gap) -> Iterator[tuple[Batch, int]]:
        batch, is_within = self._judge.receive_gap(gap.size)
        if batch is not None:
            yield batch, self._time_ns
        if is_within and gap.is_cut:
            self._cuts += 1
            self._cut_bytes += gap.size
            return
        why = "were cut off by the snap length" if gap.is_cut else "are not in the capture"
        self._note(gap.time_ns, f"{gap.size} bytes of the {self._sender} {why}")
        if not is_within:
            self._search = FrameSearch(self._sender)

    def _resume(self, offset: int) -> Iterator[tuple[Batch, int]]:
        """Go on from the first frame found."""
        search, self._search = self._search, None
        assert search is not None  # the caller has looked
        self._pass(search.passed + offset)
        self._skip = offset
        for part in search.parts:
            yield from self.receive(part)

    def _pass(self, size: int) -> None:
        if size:
            self._note_passed(size, "before the next frame")

    def _note_passed(self, size: int, where: str) -> None:
        detail = f"{size} bytes of the {self._sender} {where} belong to no frame whose beginning is known"
        self._note(self._time_ns, detail)
