"""TcpStream: one direction of a TCP connection, as pieces of bytes in order and the gaps that the capture has in them."""

from __future__ import annotations

import heapq
from typing import NamedTuple, TypeAlias

__all__ = ["Gap", "Part", "Piece", "TcpStream"]

_HALF = 1 << 31
_MOST_WAITING = 1024
"""Segments after a gap, where no acknowledgement is captured: more than a window of most senders."""
_MOST_AWAITED = 64 << 20
"""Bytes after a gap, where the receiver still asks for what is missing: more than a window of the usual systems."""
_OVERHEAD = 512  # bytes of memory that a segment needs beside its data


class Piece(NamedTuple):
    """The bytes of a segment that are new and in order."""

    data: bytes
    time_ns: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)


class Gap(NamedTuple):
    """Bytes of the stream that the capture does not have."""

    size: int
    time_ns: int
    """Time of the segment that shows it."""
    is_cut: bool
    """The snap length cut them off; otherwise their packet was not captured."""


Part: TypeAlias = Piece | Gap


class _Segment(NamedTuple):
    data: bytes
    cut: int
    time_ns: int

    @property
    def size(self) -> int:
        return len(self.data) + self.cut


class TcpStream:
    """One direction: retransmissions are dropped, and early segments wait for the missing bytes before them.

    Bytes that the receiver has acknowledged and the capture does not have will not come any more: they are a gap. A
    capture may begin in the middle of a connection: then the first segment seen is the beginning.
    """

    __slots__ = ("_acknowledged", "_early", "_early_size", "_end", "_next", "_order", "initial", "is_ended")

    def __init__(self) -> None:
        self.initial: int | None = None
        """Sequence number of the SYN; None where it was not captured."""
        self.is_ended = False
        """A FIN or RST was captured."""
        self._next: int | None = None  # place of the next byte: a sequence number that does not turn over
        self._early: dict[int, _Segment] = {}  # by place: segments after missing bytes
        self._early_size = 0  # bytes of memory that they need
        self._order: list[int] = []  # their places, as a heap
        self._acknowledged: int | None = None
        self._end: int | None = None  # sequence number of the FIN

    @property
    def is_begun(self) -> bool:
        """Whether anything of this direction was captured."""
        return self._next is not None

    def start(self, seq: int) -> None:
        """Receive a SYN."""
        if self._next is None:
            self.initial = seq
            self._next = seq + 1

    def end(self, seq: int, *, is_orderly: bool) -> None:
        """Receive a FIN (orderly) or RST; ``seq`` follows the data of its segment."""
        self.is_ended = True
        if is_orderly:
            self._end = seq

    def add(self, seq: int, data: bytes, cut: int, time_ns: int) -> list[Part]:
        """Receive a segment, of which the snap length cut off ``cut`` bytes; return what is in order now."""
        segment = _Segment(data, cut, time_ns)
        if not segment.size:
            return []
        if self._next is None:
            self._next = seq
        place = self._place(seq)
        if place <= self._next:
            return self._take(place, segment) + self._waiting(time_ns)
        known = self._early.get(place)
        if known is None:
            heapq.heappush(self._order, place)
            self._early[place] = segment
            self._early_size += len(data) + _OVERHEAD
        elif known.size < segment.size:
            self._early[place] = segment
            self._early_size += len(data) - len(known.data)
        return self._waiting(time_ns)

    def acknowledge(self, seq: int, time_ns: int) -> list[Part]:
        """Receive the peer's acknowledgement of all bytes before ``seq``; return what is in order now."""
        if self._acknowledged is None or (seq - self._acknowledged) & 0xFFFFFFFF < _HALF:
            self._acknowledged = seq
        return self._waiting(time_ns) if self._early else []

    def finish(self, time_ns: int) -> list[Part]:
        """Return what waits, with the gaps before it, and a gap at the end that the FIN or the peer tells of."""
        parts: list[Part] = []
        while self._early:
            parts += self._pass_gap(time_ns)
        end = self._acknowledged if self._end is None and not self.is_ended else self._end
        if end is not None and self._next is not None:
            missing = self._place(end) - self._next
            if missing > 0:
                parts.append(Gap(missing, time_ns, False))
        return parts

    def _waiting(self, time_ns: int) -> list[Part]:
        """Return the early segments that are in order now, or whose missing bytes will not come any more."""
        parts: list[Part] = []
        while self._early:
            if self._order[0] <= (self._next or 0):
                parts += self._take(*self._nearest())
            elif self._is_lost_before(self._order[0]):
                parts += self._pass_gap(time_ns)
            else:
                break
        return parts

    def _is_lost_before(self, place: int) -> bool:
        acknowledged = self._acknowledged
        if acknowledged is None:
            return len(self._early) > _MOST_WAITING
        return self._early_size > _MOST_AWAITED or (acknowledged - place) & 0xFFFFFFFF < _HALF

    def _nearest(self) -> tuple[int, _Segment]:
        """Remove the first early segment; return its place and the segment."""
        place = heapq.heappop(self._order)
        segment = self._early.pop(place)
        self._early_size -= len(segment.data) + _OVERHEAD
        return place, segment

    def _pass_gap(self, time_ns: int) -> list[Part]:
        """Return the gap before the first early segment, if there is one, and the segment."""
        place, segment = self._nearest()
        size = place - (self._next or 0)
        gap: list[Part] = [Gap(size, time_ns, False)] if size > 0 else []
        if gap:
            self._next = place
        return gap + self._take(place, segment)

    def _take(self, place: int, segment: _Segment) -> list[Part]:
        """Return what is new in a segment that does not begin after the next byte."""
        old = (self._next or 0) - place
        if old >= segment.size:
            return []  # a retransmission
        data = segment.data[old:] if old else segment.data
        cut = segment.cut - max(0, old - len(segment.data))
        self._next = place + segment.size
        parts: list[Part] = [Piece(data, segment.time_ns)] if data else []
        if cut:
            parts.append(Gap(cut, segment.time_ns, True))
        return parts

    def _place(self, seq: int) -> int:
        """Return the place of a sequence number: the one that is nearest to the next byte."""
        following = self._next or 0
        return following + (seq - following + _HALF) % (2 * _HALF) - _HALF
