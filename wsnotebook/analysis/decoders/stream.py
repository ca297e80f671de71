"""A stream of messages run through one decoder: what comes of each, and in which messages it lay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from wsnotebook.analysis.decoders.decoder import Decode, Decoder, Record

__all__ = ["Item", "Stream", "run", "run_connection"]


class Item(NamedTuple):
    """One message, or one protocol message found in them."""

    first: int
    """Position of the message in which it begins."""
    last: int
    """Position of the message in which it ends."""
    value: Any = None
    kind: str | None = None
    error: str | None = None


class Stream:
    """One direction of a connection, decoded message by message.

    Args:
        start: begins the stream of a decoder.
    """

    def __init__(self, start: Callable[[], Decode]) -> None:
        self._decode = start()
        self._firsts: list[int] = []
        self._last = -1

    def read(self, item: Item) -> list[Item]:
        """Return what comes of one message; one with an error stays as it is, and what is open ends before it."""
        if item.error is not None:
            return [*self.end(), item]
        self._firsts.append(item.first)
        self._last = item.last
        found: list[Item] = []
        try:
            self._add(found, self._decode(item.value))
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises about a message is that message's row
            found.append(Item(item.first, item.last, error=_describe(error)))
        return found

    def end(self) -> list[Item]:
        """Return what is left where no message follows, or none that can be joined to it."""
        found: list[Item] = []
        end = getattr(self._decode, "end", None)
        if end is not None and self._firsts:
            self._add(found, end())
        return found

    def _add(self, found: list[Item], result: Any) -> None:
        for record in result if isinstance(result, Iterator) else (result,):
            if type(record) is Record:
                begin = self._firsts[-record.span]
                found.append(Item(begin, self._last, record.value, record.kind, record.error))
            else:
                found.append(Item(self._firsts[-1], self._last, record))


def run(start: Callable[[], Decode], items: list[Item]) -> list[Item]:
    """Return what one decoder makes of the values of a stream."""
    stream = Stream(start)
    found = [record for item in items for record in stream.read(item)]
    return found + stream.end()


def run_connection(decoder: Decoder, streams: list[list[Item]], url: str = "") -> list[list[Item]]:
    """Return what one decoder makes of the directions of a connection; in the order of record, where one learns from the other."""
    if decoder.shared is None:
        return [run(decoder.start, items) for items in streams]
    start = decoder.start_of_connection(url)
    begun = [Stream(start) for _ in streams]
    found: list[list[Item]] = [[] for _ in streams]
    both = ((at, item) for at, items in enumerate(streams) for item in items)
    for at, item in sorted(both, key=lambda each: each[1].last):
        found[at] += begun[at].read(item)
    return [items + stream.end() for items, stream in zip(found, begun, strict=True)]


def _describe(error: Exception) -> str:
    """Return an exception as one sentence."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
