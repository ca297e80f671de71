"""Pings: the pings that wait for their pong, by payload."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Answer", "Pings"]

Answer: TypeAlias = Callable[[float | Exception], None]
"""Called with the latency in seconds, or with the exception that ended the session."""


class Pings:
    """Pings that were sent and not answered."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[tuple[int, Answer]]] = {}
        self.unmatched = 0
        """Pongs that answered no ping."""

    def sent(self, payload: bytes, now_ns: int, answer: Answer) -> None:
        """Register a ping: ``answer`` is called with the latency when a pong with this payload is received."""
        self._waiting.setdefault(payload, []).append((now_ns, answer))

    def answered(self, payload: bytes, now_ns: int) -> None:
        """Match a pong to the oldest ping with this payload; a pong that answers none is ignored (RFC 6455 §5.5.3)."""
        waiting = self._waiting.pop(payload, [])
        if waiting:
            (sent_ns, answer), *others = waiting
            if others:
                self._waiting[payload] = others
            answer((now_ns - sent_ns) / 1e9)
        else:
            self.unmatched += 1

    def forget(self, payload: bytes, answer: Answer) -> None:
        """Remove a ping: its pong is not awaited any more."""
        waiting = [entry for entry in self._waiting.pop(payload, ()) if entry[1] != answer]
        if waiting:
            self._waiting[payload] = waiting

    def end(self, error: Exception) -> None:
        """Answer every ping with the exception that ended the session."""
        waiting, self._waiting = self._waiting, {}
        for _, answer in itertools.chain(*waiting.values()):
            answer(error)
