"""A stream of messages run through one decoder: what comes of each, and in which messages it lay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from wsnotebook.analysis.decoders.decoder import Decode, Record

__all__ = ["Item", "run"]


class Item(NamedTuple):
    """One message, or one protocol message found in them."""

    first: int
    """Position of the message in which it begins."""
    last: int
    """Position of the message in which it ends."""
    value: Any = None
    kind: str | None = None
    error: str | None = None


def run(start: Callable[[], Decode], items: list[Item]) -> list[Item]:
    """Return what one decoder makes of the values of a stream; an item with an error stays as it is."""
    decode = start()
    found: list[Item] = []
    firsts: list[int] = []
    last = -1
    for item in items:
        if item.error is not None:
            found.append(item)
            continue
        firsts.append(item.first)
        last = item.last
        try:
            _add(found, decode(item.value), firsts, last)
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises about a message is that message's row
            found.append(Item(item.first, last, error=_describe(error)))
    end = getattr(decode, "end", None)
    if end is not None and firsts:
        _add(found, end(), firsts, last)
    return found


def _add(found: list[Item], result: Any, firsts: list[int], last: int) -> None:
    for record in result if isinstance(result, Iterator) else (result,):
        if type(record) is Record:
            found.append(Item(firsts[-record.span], last, record.value, record.kind, record.error))
        else:
            found.append(Item(firsts[-1], last, record))


def _describe(error: Exception) -> str:
    """Return an exception as one sentence."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
