"""Rest: the beginning of a packet that is not whole yet, in the parts in which it came."""

from __future__ import annotations

__all__ = ["Rest"]


class Rest:
    """Keeps bytes until enough of them are there, and joins them once, however many messages they came in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._wanted = 0
        self._until = b""
        self.size = 0
        """Bytes that are kept."""

    def add(self, data: bytes) -> bytes | None:
        """Return all that is kept with ``data`` at its end, which is then kept no longer; None if that is not enough yet."""
        self._parts.append(data)
        self.size += len(data)
        if self.size < self._wanted or self._until not in data:
            return None
        joined = b"".join(self._parts) if len(self._parts) > 1 else data
        self.clear()
        return joined

    def keep(self, data: bytes, wanted: int, *, until: bytes = b"") -> None:
        """Keep ``data``, of which only with ``wanted`` bytes in all, and the byte ``until``, more can be said."""
        self._parts, self.size, self._wanted, self._until = [data], len(data), wanted, until

    def head(self, size: int) -> bytes:
        """Return the first bytes that are kept."""
        return b"".join(self._parts[:size])[:size]

    def clear(self) -> None:
        """Keep nothing."""
        self._parts, self.size, self._wanted, self._until = [], 0, 0, b""
