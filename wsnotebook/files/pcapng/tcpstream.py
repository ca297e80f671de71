"""TcpStream: reassembles the bytes of one direction of a TCP connection."""

from __future__ import annotations

__all__ = ["TcpStream"]

_HALF = 1 << 31


class TcpStream:
    """One direction: retransmissions are dropped, and early segments wait for the missing bytes before them.

    A capture may begin in the middle of a connection: then the first segment seen is the beginning.
    """

    __slots__ = ("_early", "_next", "is_broken", "is_ended")

    def __init__(self) -> None:
        self._next: int | None = None
        self._early: dict[int, bytes] = {}  # by sequence number: segments after a gap
        self.is_ended = False
        """A FIN or RST was captured."""
        self.is_broken = False
        """The capture lacks bytes: the position of the bytes after them is not known."""

    @property
    def waiting(self) -> int:
        """Bytes of the segments after a gap."""
        return sum(len(data) for data in self._early.values())

    def start(self, seq: int) -> None:
        """Receive a SYN."""
        if self._next is None:
            self._next = (seq + 1) & 0xFFFFFFFF

    def add(self, seq: int, data: bytes) -> bytes:
        """Receive a segment; return the bytes that are in order now."""
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
            return b""  # a retransmission
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
