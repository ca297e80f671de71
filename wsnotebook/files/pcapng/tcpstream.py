"""TcpStream: the bytes of one direction of a TCP connection, put back into order."""

from __future__ import annotations

__all__ = ["TcpStream"]

_HALF = 1 << 31


class TcpStream:
    """One direction: retransmissions are dropped, what comes too early waits for what lacks.

    A capture may begin in the middle of a connection: then the first segment seen is the beginning.
    """

    __slots__ = ("_early", "_next", "is_broken", "is_ended", "saw_start")

    def __init__(self) -> None:
        self._next: int | None = None
        self._early: dict[int, bytes] = {}  # by sequence number: what came before its turn
        self.saw_start = False
        """A SYN was captured."""
        self.is_ended = False
        """A FIN or RST was captured."""
        self.is_broken = False
        """The capture left bytes out: nothing after them can be placed."""

    @property
    def waiting(self) -> int:
        """Bytes that came after a gap which nothing has filled."""
        return sum(len(data) for data in self._early.values())

    def start(self, seq: int) -> None:
        """Take a SYN."""
        if self._next is None:
            self._next = (seq + 1) & 0xFFFFFFFF
            self.saw_start = True

    def add(self, seq: int, data: bytes) -> bytes:
        """Take a segment; return the bytes that are in order now."""
        if self.is_broken or not data:
            return b""
        if self._next is None:
            self._next = seq
        ahead = (seq - self._next + _HALF) % (2 * _HALF) - _HALF
        if ahead > 0:
            known = self._early.get(seq)
            if known is None or len(known) < len(data):
                self._early[seq] = data
            return b""
        if -ahead >= len(data):
            return b""  # all of it has been here
        parts = [data[-ahead:]]
        self._next = (self._next + len(parts[0])) & 0xFFFFFFFF
        while self._early:
            nearest = min(self._early, key=self._ahead)
            distance = self._ahead(nearest)
            if distance > 0:
                break
            later = self._early.pop(nearest)
            if -distance < len(later):
                parts.append(later[-distance:])
                self._next = (self._next + len(later) + distance) & 0xFFFFFFFF
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _ahead(self, seq: int) -> int:
        return (seq - (self._next or 0) + _HALF) % (2 * _HALF) - _HALF
