"""MessageJoin: the frames of each message as one row, for a filter that looks at messages.

A message that has not ended is looked at as far as it has come, and again when it has grown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from wsnotebook.filtering.conditions import Run
from wsnotebook.log.rows import Array, Rows
from wsnotebook.wire.batch import FIN, Flag, opcode_of
from wsnotebook.wire.frames import Opcode

if TYPE_CHECKING:
    from wsnotebook.filtering.filter import Filter

__all__ = ["Changes", "MessageJoin"]

_GROWTH = 1.25  # of a large message that goes on until it is looked at again: else each frame would read all before it
_LARGE = 256 << 10  # bytes


class Changes(NamedTuple):
    """What a run of rows changes of the matches, by ``seq``."""

    found: Array
    """int64: new matches, ascending; those from before the run too."""
    lost: list[int]
    """Messages from before the run that are matches no more."""


class MessageJoin:
    """Reads the runs of one log, from the oldest on.

    Args:
        wanted: the filter.
    """

    def __init__(self, wanted: Filter) -> None:
        self._filter = wanted
        self._open: dict[int, _Message] = {}  # by connection and direction

    def read(self, run: Run) -> Changes:
        """Look at the next run of rows."""
        rows = run.rows
        opcodes = opcode_of(rows.heads)
        is_part = (opcodes < Opcode.CLOSE) & (((rows.heads & FIN) == 0) | (opcodes == Opcode.CONTINUATION))
        is_part &= (rows.flags & Flag.STATUS) != Flag.UNSENT
        places = self._filter.places(run)
        found = set((places[~is_part[places]] + rows.first).tolist())
        lost: set[int] = set()
        for message in self._touched(run, is_part):
            was_match, message.is_match = message.is_match, message.meets(self._filter, run)
            if message.is_match != was_match:
                (found if message.is_match else lost).add(message.seq)
        return Changes(np.array(sorted(found), np.int64), sorted(lost))

    def _touched(self, run: Run, is_part: Array) -> list[_Message]:
        """Join the fragments of a run; return the messages that are to be looked at."""
        rows = run.rows
        codes = rows.codes.repeat(rows.counts)
        touched: dict[int, _Message] = {}
        for row in np.flatnonzero(is_part).tolist():
            code = int(codes[row])
            if opcode_of(int(rows.heads[row])) != Opcode.CONTINUATION:
                if (unfinished := self._open.get(code)) is not None:
                    unfinished.is_final = True  # nothing can follow any more
                    touched[unfinished.seq] = unfinished
                self._open[code] = _Message(run, row)
            elif not rows.flags[row] & Flag.CONTINUES or code not in self._open:
                continue  # it continues nothing, and is hidden as other fragments are
            message = self._open[code]
            message.add(run, row)
            if message.is_final:
                del self._open[code]
            touched[message.seq] = message
        return [each for each in touched.values() if each.is_due]


class _Message:
    """A message in fragments."""

    def __init__(self, run: Run, row: int) -> None:
        rows = run.rows
        batch = int(rows.counts.cumsum().searchsorted(row, side="right"))
        self.seq = rows.first + row
        self.is_final = False
        self.is_match = False
        self._payload = bytearray()
        self._types: frozenset[str] = frozenset()
        self._looked = 0  # bytes of it when it was looked at last
        self._first = dict[str, Any](
            first=self.seq,
            heads=rows.heads[row : row + 1].copy(),
            flags=rows.flags[row : row + 1].copy(),
            counts=np.ones(1, np.int64),
            times=rows.times[batch : batch + 1].copy(),
            monotonics=rows.monotonics[batch : batch + 1].copy(),
            codes=rows.codes[batch : batch + 1].copy(),
            wire=b"", wire_offsets=np.zeros(1, np.int64), mask_keys=b"", headers={}, details={},
        )  # fmt: skip

    def add(self, run: Run, row: int) -> None:
        """Append a fragment."""
        self._payload += run.rows.payload_at(row)
        self.is_final = bool(run.rows.heads[row] & FIN)
        if self.is_final and run.types:
            self._types = run.types[row]

    @property
    def is_due(self) -> bool:
        """Whether it is to be looked at."""
        size = len(self._payload)
        return self.is_final or size < _LARGE or size >= _GROWTH * self._looked

    def meets(self, wanted: Filter, run: Run) -> bool:
        """Return whether a filter matches the first frame with the payload of all."""
        self._looked = len(self._payload)
        rows = Rows(**self._first, offsets=np.array([0, self._looked]), payload=self._payload)
        return len(wanted.places(Run(rows, run.connections, [self._types] if run.types else ()))) > 0
