"""Middle: a conversation that began before its capture, taken for a WebSocket where both directions leave no doubt."""

from __future__ import annotations

from typing import NamedTuple

from wsnotebook.files.pcapng.framesearch import FrameSearch
from wsnotebook.files.pcapng.tcpstream import Part

__all__ = ["Found", "Middle"]

_MOST = 256 << 10  # bytes of one direction: a conversation that is no WebSocket is not kept
_MOST_SURE = 64 << 20  # bytes where one direction is one: a client may have little to say
_CLIENT, _SERVER = range(2)


class Found(NamedTuple):
    """What the bytes of both directions leave no doubt of."""

    client: int
    """Which side is the client."""
    offsets: tuple[int, int]
    """Offset of the first frame, by side."""


class Middle:
    """Search both directions for the frames of a client, which are masked, and for those of a server, which are not."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, Part]] = []
        """What was captured so far: side and part."""
        self.is_over = False
        """Too much was captured without a result."""
        self._sizes = [0, 0]
        # By side, as the client and as the server.
        self._searches = tuple((FrameSearch("client"), FrameSearch("server")) for _ in range(2))
        self._offsets: dict[tuple[int, int], int] = {}  # of the first frame, by side and role

    def add(self, side: int, part: Part) -> Found | None:
        """Receive the next part of one side; return what is sure now."""
        self._sizes[side] += part.size
        if max(self._sizes) > (_MOST_SURE if self._offsets else _MOST):
            self.is_over = True
            self.parts.clear()
            return None
        self.parts.append((side, part))
        for role, search in enumerate(self._searches[side]):
            if (side, role) not in self._offsets and (offset := search.add(part)) is not None:
                self._offsets[side, role] = search.passed + offset
        return self._found()

    def settle(self) -> Found | None:
        """Return what is sure where nothing follows."""
        if self.is_over:
            return None
        for side, searches in enumerate(self._searches):
            for role, search in enumerate(searches):
                if (side, role) not in self._offsets and (offset := search.settle()) is not None:
                    self._offsets[side, role] = search.passed + offset
        return self._found()

    @property
    def has_half(self) -> bool:
        """Whether one direction leaves no doubt."""
        return bool(self._offsets)

    def _found(self) -> Found | None:
        for client in range(2):
            as_client, as_server = (client, _CLIENT), (1 - client, _SERVER)
            if as_client in self._offsets and as_server in self._offsets:
                offsets = self._offsets[as_client], self._offsets[as_server]
                return Found(client, offsets if client == 0 else offsets[::-1])
        return None
