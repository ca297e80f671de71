"""A frame whose header is known and whose payload is still arriving: in pieces, or straight in its place."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Body", "LargeBody"]

_SMALL = (
    4096  # bytes: smaller pieces are joined on arrival, or a read of one byte would cost 40 bytes of memory
)


class Body:
    """A payload that arrives in pieces and stays in them until it is complete: joining copies it once.

    Args:
        head: first byte of the frame.
        header: the whole header.
        key: mask key, or None.
        length: declared payload bytes.
    """

    __slots__ = ("_pieces", "head", "header", "key", "lack", "length")

    def __init__(self, head: int, header: bytes, key: bytes | None, length: int) -> None:
        self.head = head
        self.header = header
        self.key = key
        self.length = length
        """Declared payload bytes."""
        self.lack = length
        """Bytes that have not arrived."""
        self._pieces: list[bytes | bytearray] = []

    def add(self, piece: bytes) -> None:
        """Append the next bytes of the payload."""
        self.lack -= len(piece)
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(last) < _SMALL:
            last += piece
        else:
            self._pieces.append(bytearray(piece) if len(piece) < _SMALL else piece)

    def join(self) -> bytes | memoryview:
        """Return the payload as far as it has arrived."""
        return b"".join(self._pieces)


class LargeBody:
    """A payload with memory of its own from the start, so that the socket can be read straight into it.

    A read of 1 MiB in five pieces and a join touch it three times; first touches of memory are what that costs.

    Args:
        head, header, length: as for Body; there is no mask key.
        allocate: returns fresh writable memory of so many bytes; nothing else refers to it.
    """

    __slots__ = ("_come", "_memory", "head", "header", "key", "lack", "length")

    def __init__(self, head: int, header: bytes, length: int, allocate: Callable[[int], memoryview]) -> None:
        self.head = head
        self.header = header
        self.key = None
        self.length = length
        """Declared payload bytes."""
        self.lack = length
        """Bytes that have not arrived."""
        self._memory = allocate(length)
        self._come = 0

    def add(self, piece: bytes) -> None:
        """Append the next bytes of the payload."""
        self._memory[self._come : self._come + len(piece)] = piece
        self.filled(len(piece))

    @property
    def room(self) -> memoryview:
        """Memory for the bytes that have not arrived."""
        return self._memory[self._come :]

    def filled(self, count: int) -> None:
        """Count bytes that were written to the beginning of ``room``."""
        self._come += count
        self.lack -= count

    def join(self) -> bytes | memoryview:
        """Return the payload as far as it has arrived."""
        return self._memory[: self._come].toreadonly()
