"""DecodedTypes: the types of the messages that end with each row of a log, for a column of the table.

A decoder needs the frames in order, so that a window cannot be read by itself: the log is read once, from its oldest row on,
in slices between the other work of the loop, from when somebody looks at the column.
"""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from wsnotebook.filtering.conditions import Run
from wsnotebook.filtering.runtypes import RunTypes, all_types
from wsnotebook.filtering.slices import next_rows
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.messagefragments import fragments_of
from wsnotebook.widgets.row import Row
from wsnotebook.widgets.verbs import running_loop

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["DecodedTypes"]

SLICE_ROWS = 256  # 2 to 5 ms
AT_ONCE = 0.02  # seconds of reading for an answer: the rows of a tick of most feeds
TOLD = 0.1  # seconds between two words of how far it is
MOST_NAMES = 10_000  # different ones: a peer can send new ones without end
LENGTH = 160  # characters of one
TOO_MANY = "one of too many types"


class DecodedTypes:
    """The column of a table.

    Args:
        log: the log.
        loop: that of the table, which reads; without one each question reads all that is new.
        on_read: called in the loop with the ``seq`` of the first row that is not read yet, while it goes on.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        log: FrameLog,
        loop: asyncio.AbstractEventLoop | None,
        on_read: Callable[[int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log, self._loop, self._on_read, self._clock = log, loop, on_read, clock
        self._task: asyncio.Task[None] | None = None
        self.forget()

    def forget(self) -> None:
        """Read the log anew: rows that have become unsent have no type."""
        with self._log.lock:
            self._reader: RunTypes | None = None  # until somebody asks
            self._names = ["", TOO_MANY]
            self._numbers = {frozenset[str](): 0}  # by types: which of the names
            self._of_rows = array("I")
            self._first = self._log.first

    def close(self) -> None:
        """Read no more."""
        if self._task is not None:
            self._task.cancel()

    def cells(self, rows: Sequence[Row], *, folds: bool) -> list[str | None]:
        """Return the text of each row, escaped; None where it is not read yet, and then ``on_read`` is called later.

        Args:
            rows: the rows.
            folds: the first frame of a message stands for all of it, and has the types that its last one has.
        """
        self._read_on()
        with self._log.lock:
            return [self._text(self._end_of(row) if folds else row.seq) for row in rows]

    def _end_of(self, row: Row) -> int | None:
        """Return the ``seq`` of the last frame of a row's message; None where that has not come."""
        fragments = fragments_of(self._log, row)
        if fragments is None:
            return row.seq
        return fragments.rows[-1].seq if fragments.has_end else None

    def _text(self, seq: int | None) -> str | None:
        if seq is None or seq < self._first:
            return ""
        place = seq - self._first
        return self._names[self._of_rows[place]] if place < len(self._of_rows) else None

    def _read_on(self) -> None:
        if self._loop is None or self._loop.is_closed():
            while self._step():
                pass
        elif running_loop() is self._loop:
            self._read_for(AT_ONCE)
            self._begin()
        else:
            self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if (
            self._loop is not None
            and (self._task is None or self._task.done())
            and self._next < self._log.end
        ):
            self._task = self._loop.create_task(self._read_all(), name="decoded types")

    async def _read_all(self) -> None:
        more = True
        while more:
            told = self._clock() + TOLD
            while more and self._clock() < told:
                await asyncio.sleep(0)  # other tasks run between two steps
                more = self._step()
            self._on_read(self._next)

    def _read_for(self, seconds: float) -> None:
        stop = self._clock() + seconds
        while self._step() and self._clock() < stop:
            pass

    @property
    def _next(self) -> int:
        return self._first + len(self._of_rows)

    def _step(self) -> bool:
        """Read the next slice; return whether rows are left."""
        with self._log.lock:
            self._forget_dropped()
            if self._next >= self._log.end:
                return False
            reader = self._reader = self._reader or all_types()
            rows = next_rows(self._log, self._next, SLICE_ROWS)
        found = reader.read(Run(rows, self._log.connections))
        with self._log.lock:  # cells() may be called in another thread
            if reader is self._reader:  # else it was forgotten meanwhile
                self._of_rows.extend(map(self._number_of, found))
            return self._next < self._log.end

    def _number_of(self, types: frozenset[str]) -> int:
        number = self._numbers.get(types)
        if number is None:
            if len(self._numbers) > MOST_NAMES:
                return self._names.index(TOO_MANY)
            number = self._numbers[types] = len(self._names)
            name = safe_text(", ".join(sorted(types)))
            self._names.append(name if len(name) <= LENGTH else name[: LENGTH - 1] + "…")
        return number

    def _forget_dropped(self) -> None:
        gone = self._log.first - self._first
        if gone > 0:
            del self._of_rows[:gone]
            self._first = self._log.first
