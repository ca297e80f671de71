"""The fragments of a message as one row, where a table shows messages, and where its rows are copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from wsnotebook.widgets.inspector import PREVIEW_BYTES, preview
from wsnotebook.widgets.messagefragments import fragments_of
from wsnotebook.widgets.row import Row
from wsnotebook.wire.batch import is_final, opcode_of
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["folded_rows", "whole_messages"]


def folded_rows(log: FrameLog, rows: Sequence[Row]) -> list[list[Any]]:
    """Return what stands in the place of each row that is the first fragment of a message.

    Returns:
        for each its index, the number of fragments so far, whether they are all, payload bytes of them all, the same on the
        wire (None where it is not known), and the preview of the message.
    """
    return [[place, *_folded(log, row)] for place, row in enumerate(rows) if _begins(row)]


def whole_messages(log: FrameLog, rows: Iterable[Row]) -> Iterator[Row]:
    """Yield rows, in the place of each first fragment the payload of its message as far as it has come."""
    for row in rows:
        fragments = fragments_of(log, row) if _begins(row) else None
        yield row if fragments is None else row._replace(payload=memoryview(fragments.payload))


def _begins(row: Row) -> bool:
    return not is_final(row.head) and opcode_of(row.head) in (Opcode.TEXT, Opcode.BINARY)


def _folded(log: FrameLog, row: Row) -> list[Any]:
    fragments = fragments_of(log, row)
    assert fragments is not None  # it is one of them
    size, begin = 0, bytearray()
    for part in fragments.rows:
        size += len(part.payload)
        begin += part.payload[: PREVIEW_BYTES + 1 - len(begin)]
    wire = [part.wire_length for part in fragments.rows]
    on_wire = None if None in wire else sum(each or 0 for each in wire)
    return [
        len(fragments.rows),
        fragments.is_whole,
        size,
        on_wire,
        preview(row._replace(payload=memoryview(begin))),
    ]
