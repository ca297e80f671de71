"""TcpStream: one direction of a TCP connection, as pieces of bytes in order and the gaps that the capture has in them."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

__all__ = ["Gap", "Part", "Piece", "TcpStream"]

_HALF = 1 << 31
_MOST_WAITING = (
    1024  # segments after a gap, where no acknowledgement is captured: more than a window of most senders
)


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

    __slots__ = ("_acknowledged", "_early", "_end", "_next", "initial", "is_ended")

    def __init__(self) -> None:
        self.initial: int | None = None
        """Sequence number of the SYN; None where it was not captured."""
        self.is_ended = False
        """A FIN or RST was captured."""
        self._next: int | None = None
        self._early: dict[int, _Segment] = {}  # by sequence number: segments after missing bytes
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
            self._next = (seq + 1) & 0xFFFFFFFF

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
        if self._ahead(seq) <= 0:
            return self._take(seq, segment) + self._waiting(time_ns)
        known = self._early.get(seq)
        if known is None or known.size < segment.size:
            self._early[seq] = segment
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
            parts += self._pass_gap(min(self._early, key=self._ahead), time_ns)
        ends = [self._end] if self._end is not None else []
        if self._acknowledged is not None and self._end is None and not self.is_ended:
            ends.append(self._acknowledged)
        missing = max(map(self._ahead, ends), default=0) if self._next is not None else 0
        if missing > 0:
            parts.append(Gap(missing, time_ns, False))
        return parts

    def _waiting(self, time_ns: int) -> list[Part]:
        """Return the early segments that are in order now, or whose missing bytes will not come any more."""
        parts: list[Part] = []
        while self._early:
            nearest = min(self._early, key=self._ahead)
            if self._ahead(nearest) <= 0:
                parts += self._take(nearest, self._early.pop(nearest))
            elif self._is_lost_before(nearest):
                parts += self._pass_gap(nearest, time_ns)
            else:
                break
        return parts

    def _is_lost_before(self, seq: int) -> bool:
        if len(self._early) > _MOST_WAITING:
            return True
        acknowledged = self._acknowledged
        return acknowledged is not None and 0 <= (acknowledged - seq) & 0xFFFFFFFF < _HALF

    def _pass_gap(self, seq: int, time_ns: int) -> list[Part]:
        """Return the gap before an early segment, if there is one, and the segment."""
        size = self._ahead(seq)
        gap: list[Part] = [Gap(size, time_ns, False)] if size > 0 else []
        if gap:
            self._next = seq
        return gap + self._take(seq, self._early.pop(seq))

    def _take(self, seq: int, segment: _Segment) -> list[Part]:
        """Return what is new in a segment that does not begin after the next byte."""
        old = -self._ahead(seq)
        if old >= segment.size:
            return []  # a retransmission
        data = segment.data[old:] if old else segment.data
        cut = segment.cut - max(0, old - len(segment.data))
        self._next = (seq + segment.size) & 0xFFFFFFFF
        parts: list[Part] = [Piece(data, segment.time_ns)] if data else []
        if cut:
            parts.append(Gap(cut, segment.time_ns, True))
        return parts

    def _ahead(self, seq: int) -> int:
        """Return how many bytes after the next one ``seq`` is; negative before it."""
        return (seq - (self._next or 0) + _HALF) % (2 * _HALF) - _HALF
