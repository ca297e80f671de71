"""A frame whose header is known and whose payload has not wholly come: in pieces, or straight in its place."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Body", "LargeBody"]

_SMALL = 4096  # bytes: smaller pieces of a body are put together as they come, or one-byte reads would cost 40 each


class Body:
    """A payload that comes in pieces, and lies in them until it is whole: joining copies it once.

    Args:
        head: first byte of the frame.
        header: the whole header.
        key: mask key, or None.
        length: declared payload bytes.
    """

    __slots__ = ("_pieces", "head", "header", "key", "lack")

    def __init__(self, head: int, header: bytes, key: bytes | None, length: int) -> None:
        self.head = head
        self.header = header
        self.key = key
        self.lack = length
        """Bytes that have not come."""
        self._pieces: list[bytes | bytearray] = []

    def add(self, piece: bytes) -> None:
        """Take the next bytes of the payload."""
        self.lack -= len(piece)
        last = self._pieces[-1] if self._pieces else None
        if isinstance(last, bytearray) and len(last) < _SMALL:
            last += piece
        else:
            self._pieces.append(bytearray(piece) if len(piece) < _SMALL else piece)

    def join(self) -> bytes | memoryview:
        """Return the payload as far as it has come."""
        return b"".join(self._pieces)


class LargeBody:
    """A payload that lies from the start where it will stay, so that the socket can be read into its place.

    A read of 1 MiB in five pieces and a join touch it three times; first touches of memory are what that costs.

    Args:
        head, header, length: as for Body; there is no mask key.
        allocate: gives writable memory of so many bytes, which nobody else has and nobody has touched.
    """

    __slots__ = ("_come", "_memory", "head", "header", "key", "lack")

    def __init__(self, head: int, header: bytes, length: int, allocate: Callable[[int], memoryview]) -> None:
        self.head = head
        self.header = header
        self.key = None
        self.lack = length
        """Bytes that have not come."""
        self._memory = allocate(length)
        self._come = 0

    def add(self, piece: bytes) -> None:
        """Take the next bytes of the payload."""
        self._memory[self._come : self._come + len(piece)] = piece
        self.filled(len(piece))

    @property
    def room(self) -> memoryview:
        """Where the bytes that have not come belong."""
        return self._memory[self._come :]

    def filled(self, count: int) -> None:
        """Count bytes that were put at the beginning of ``room``."""
        self._come += count
        self.lack -= count

    def join(self) -> bytes | memoryview:
        """Return the payload as far as it has come."""
        return self._memory[: self._come].toreadonly()
