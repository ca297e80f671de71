"""Pings: who waits for which pong."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TypeAlias

__all__ = ["Answer", "Pings"]

Answer: TypeAlias = Callable[[float | Exception], None]
"""Called with a latency in seconds, or with what ended the session."""


class Pings:
    """Pings that were sent and not answered, by payload."""

    def __init__(self) -> None:
        self._waiting: dict[bytes, list[tuple[int, Answer]]] = {}

    def sent(self, payload: bytes, now_ns: int, answer: Answer) -> None:
        """Let somebody wait for a pong with this payload."""
        self._waiting.setdefault(payload, []).append((now_ns, answer))

    def answered(self, payload: bytes, now_ns: int) -> None:
        """Take a pong: the one who has waited longest for this payload gets the latency."""
        waiting = self._waiting.pop(payload, [])
        if waiting:
            (sent_ns, answer), *others = waiting
            if others:
                self._waiting[payload] = others
            answer((now_ns - sent_ns) / 1e9)

    def forget(self, payload: bytes, answer: Answer) -> None:
        """Let somebody wait no more."""
        waiting = [entry for entry in self._waiting.pop(payload, ()) if entry[1] != answer]
        if waiting:
            self._waiting[payload] = waiting

    def end(self, error: Exception) -> None:
        """Tell everybody who waits what ended the session."""
        waiting, self._waiting = self._waiting, {}
        for _, answer in itertools.chain(*waiting.values()):
            answer(error)
