"""RowLog: the spine. Rows are appended in batches; cursors, windows, DataFrames and files are views of them.

It keeps rows in memory and on spill and knows no file; files/framelog.py adds save and record_to.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Self, SupportsIndex

from wsnotebook.log.code import pack_code
from wsnotebook.log.connections import Connection, last_number
from wsnotebook.log.cursor import Cursor
from wsnotebook.log.events import Event, event_values, events_to_dataframe, lateness, new_event
from wsnotebook.log.segment import MAX_ROWS, Segment
from wsnotebook.log.store import SegmentStore
from wsnotebook.wire.batch import Batch, Flag, Single, batch_of, to_frame
from wsnotebook.wire.frames import Frame

if TYPE_CHECKING:
    import pandas as pd

    from wsnotebook.log.dataframe import Frames
    from wsnotebook.log.rows import Rows

__all__ = ["DEFAULT_RETENTION", "RowLog", "Tap"]

DEFAULT_RETENTION = 1 << 30
"""Bytes that a log keeps in memory before sealed segments go to disk: 1 GiB holds some 8 million small frames."""

Tap = Callable[[], object]
"""Called after each append, under the lock: what came is in the log."""


class RowLog:
    """Every frame of one or several sessions, in both directions, in columns.

    Args:
        retention: bytes to keep in memory; None for no limit.
        spill: beyond it, move the oldest sealed segments to files on disk without a name, which is the default; False
            drops the oldest rows instead, counted in ``dropped``, read or not.
        include_secrets: record handshakes as they are, and mark files so; otherwise tokens, cookies and passwords are
            redacted when they are recorded.
        clock: wall clock, ns since the epoch.
        monotonic: a clock that never jumps, ns.

    Reading is safe from any thread while frames arrive.
    """

    def __init__(
        self,
        *,
        retention: int | None = DEFAULT_RETENTION,
        spill: bool = True,
        include_secrets: bool = False,
        clock: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.include_secrets = include_secrets
        """Whether handshakes are recorded with their secrets."""
        self._dropped = 0  # of the files that were loaded
        self.truncated = 0
        """Bytes that came and belong to no row: the bodies of frames over the size limit."""
        self.recording_id = os.urandom(6).hex()
        """Identity of the recording, for the connections that are opened in this log."""
        self.clock = clock
        self.monotonic = monotonic
        self.lock = threading.RLock()
        """Held for each append; hold it to read several values at one moment."""
        self.connections: list[Connection] = []
        """Connections of the rows, by number."""
        self._spill = spill
        self._store = SegmentStore(0, retention=_check_retention(retention), spill=spill)
        self._events: list[Event] = []
        self._frames: Frames | None = None
        self._taps: tuple[Tap, ...] = ()
        self._numbers: dict[tuple[str, ...], int] | None = None  # the last of new_number()
        self.marks: list[tuple[int, int, str]] = []
        """Arguments of mark_unsent, in order, for recorders that have written those rows already."""

    @classmethod
    def starting_at(cls, first: int, connections: Sequence[Connection], **options: Any) -> Self:
        """Return an empty log whose next row has ``seq`` ``first``, to load a file into."""
        log = cls(**options)
        log._store = SegmentStore(first, retention=log.retention, spill=log._spill)
        log.connections.extend(connections)
        return log

    # Writing

    def register(self, connection: Connection) -> int:
        """Add a connection, which becomes one of this recording; return its number, for ``append``."""
        with self.lock:
            self.connections.append(connection.in_recording(self.recording_id))
            return len(self.connections) - 1

    def new_number(self, *kinds: str) -> int:
        """Return the next number for sessions that share this log, and are named as "client-1": none has it here yet."""
        with self.lock:
            self._numbers = numbers = self._numbers or {}
            if kinds not in numbers:
                names = {each.session for each in self.connections} | {each.session for each in self._events}
                numbers[kinds] = last_number(kinds, names)
            numbers[kinds] += 1
            return numbers[kinds]

    def allocate(self, size: int) -> memoryview:
        """Return memory to receive a large payload into; ``append`` then keeps it without a copy."""
        with self.lock:
            return self._store.allocate(size)

    def append(
        self, batch: Batch, connection: int, direction: Literal["in", "out"], time_ns: int, monotonic_ns: int
    ) -> int:
        """Append the frames of one read or one write; return the ``seq`` of the first."""
        code = pack_code(connection, direction == "out")
        if not len(batch):
            return self.end
        with self.lock:
            first = self._store.append(batch, code, time_ns, monotonic_ns, self)
            for tap in self._taps:
                tap()
        return first

    def append_single(self, single: Single, mask_key: bytes | None, code: int) -> int:
        """Append one frame that was read or written alone, now; return its ``seq``.

        The short way of append() for the batch of a quiet session, and the same row.

        Args:
            single: the frame.
            mask_key: four bytes, or None where the frame was not masked.
            code: connection and direction, as code.py packs them.
        """
        time_ns, monotonic_ns = self.clock(), self.monotonic()
        with self.lock:
            segment = self._store.open
            if not segment.max_rows:
                segment = self._store.begin()
            if segment.append_single(single, mask_key, code, time_ns, monotonic_ns):
                seq = segment.first + segment.rows - 1
            else:
                seq = self._store.append(batch_of(single, mask_key), code, time_ns, monotonic_ns, self)
            for tap in self._taps:
                tap()
        return seq

    def mark_unsent(self, first: int, stop: int, detail: str) -> None:
        """Mark rows ``first`` to ``stop`` as unsent: recorded before their write, they never reached the operating system."""
        with self.lock:
            for seq in range(max(first, self.first), stop):
                segment = self.segment_of(seq)
                segment.mark(seq - segment.first, Flag.UNSENT, detail)
            self.marks.append((first, stop, detail))
            if self._frames is not None and self._frames.end > first:
                self._frames = None

    def note(self, kind: str, detail: str = "", session: str = "", seconds: float | None = None) -> None:
        """Append an event; ``kind`` is one of EVENT_KINDS, or a word of your own, and ``seconds`` how long it lasted.

        Raises:
            TypeError, ValueError: a value that no file could keep, such as None for a text, or seconds below 0.
        """
        is_text = type(session) is type(kind) is type(detail) is str
        if seconds is not None or not (is_text and (session + kind + detail).isascii()):
            session, kind, detail, seconds = event_values(session, kind, detail, seconds)
        self._events.append(new_event((self.clock(), self.monotonic(), session, kind, detail, seconds)))

    def adopt(self, rows: Rows) -> None:
        """Append the rows of a file as a sealed segment.

        Raises:
            ValueError: they do not follow the last row.
        """
        with self.lock:
            self._store.adopt(rows, self)

    def restore(self, events: Sequence[Event], *, dropped: int = 0, truncated: int = 0) -> None:
        """Append the events of a file, and add its counts."""
        self._events.extend(events)
        self._dropped += dropped
        self.truncated += truncated

    def add_tap(self, tap: Tap) -> None:
        """Call ``tap`` after each append, until remove_tap: a recorder follows the log by it."""
        with self.lock:
            self._taps += (tap,)

    def remove_tap(self, tap: Tap) -> None:
        """Stop calling ``tap``."""
        with self.lock:
            place = self._taps.index(tap)
            self._taps = self._taps[:place] + self._taps[place + 1 :]

    # What the store reports

    def segment_sealed(self, segment: Segment) -> None:
        """Move the rows of a segment that was sealed to the DataFrame, where there is one; called by the store."""
        if self._frames is not None:
            from wsnotebook.log.rows import read_rows  # as in rows()

            self._frames.replace_chunks(read_rows(segment, 0, segment.rows), self.connections)

    def segment_dropped(self, segment: Segment) -> None:
        """Note that a segment was dropped; called by the store."""
        self._frames = None
        told = f"{segment.rows:,} rows from seq {segment.first}: retention is {self.retention:,} bytes"
        self.note("dropped", told)

    # Reading

    @property
    def retention(self) -> int | None:
        """Bytes to keep in memory, None for no limit; may be set at any time."""
        return self._store.retention

    @retention.setter
    def retention(self, retention: int | None) -> None:
        self._store.retention = _check_retention(retention)

    @property
    def dropped(self) -> int:
        """Rows dropped to stay within the retention."""
        return self._dropped + self._store.dropped

    @property
    def first(self) -> int:
        """``seq`` of the oldest row that was not dropped."""
        return self._store.first

    @property
    def end(self) -> int:
        """``seq`` of the next row."""
        return self._store.end

    def __len__(self) -> int:
        return self.end - self.first

    @property
    def memory(self) -> int:
        """Bytes of rows in memory, without spilled rows and without DataFrames."""
        return self._store.memory

    @property
    def spilled(self) -> int:
        """Rows on disk."""
        return self._store.spilled

    def segment_of(self, seq: int) -> Segment:
        """Return the segment that contains a row.

        Raises:
            IndexError: the row was dropped, or does not exist yet.
        """
        return self._store.segment_of(seq)

    def rows(self, start: int, stop: int) -> Iterator[Rows]:
        """Yield rows ``start`` to ``stop`` by ``seq``, a segment at a time and at most MAX_ROWS at once."""
        from wsnotebook.log.rows import read_rows  # here, so that a session can record without loading numpy

        for segment in self._store:
            low = max(start, segment.first) - segment.first
            while True:
                with self.lock:
                    high = min(stop - segment.first, segment.rows, low + MAX_ROWS)
                    if low >= high:
                        break
                    rows = read_rows(segment, low, high)
                yield rows
                low = high

    def drain(self) -> Iterator[Rows]:
        """Yield all rows, a segment at a time, and keep none: for a log that only gathers rows for another one."""
        from wsnotebook.log.rows import read_rows  # as in rows()

        self._frames = None
        for segment in self._store.drain():
            if segment.rows:
                yield read_rows(segment, 0, segment.rows)

    def frame(self, seq: int) -> Frame:
        """Return one frame. Example: ``log.frame(0).read_text()``.

        Raises:
            IndexError: the row was dropped, or does not exist yet.
        """
        with self.lock:
            segment = self.segment_of(seq)
            heads, payloads = segment.frames(seq - segment.first, seq - segment.first + 1)
        return to_frame(heads[0], payloads[0])

    def cursor(self, connection: int) -> Cursor:
        """Return a cursor over the frames received on a connection, from now on."""
        return Cursor(self._store, self.lock, pack_code(connection, False), self.end)

    @property
    def df(self) -> pd.DataFrame:
        """The DataFrame of all rows. It is kept: the next call adds only the rows since.

        Its ``attrs["wsnotebook"]`` has the connections with their handshakes, ``dropped`` (rows, to stay within the
        retention), ``truncated`` (bytes that belong to no row), and ``late``, which ``df.ws.stalls()`` lists.
        """
        # here, so that a session can record without loading pandas
        from wsnotebook.log.dataframe import Frames

        with self.lock:
            frames, self._frames = self._frames, None  # an interrupt leaves none with parts of rows
            if frames is None or frames.first != self.first:
                frames = Frames(self.first, only_occurring=True)
            frames.reserve(len(self))
            for rows in self.rows(frames.end, self.end):
                frames.extend(rows, self.connections)
            df = self._dataframe(frames)
            self._frames = frames
            return df

    def _dataframe(self, frames: Frames) -> pd.DataFrame:
        from wsnotebook.analysis import register  # as in df

        register()
        return frames.dataframe(self.connections, self.dropped, self.truncated, lateness(self._events))

    def window(self, start: int, stop: int) -> pd.DataFrame:
        """Return the DataFrame of the rows ``start`` to ``stop`` from the oldest one. Example: ``log.window(0, 9)``."""
        from wsnotebook.log.dataframe import frames_of  # as in df

        with self.lock:
            low = self.first + max(0, start)
            high = max(low, min(self.first + stop, self.end))
            return self._dataframe(frames_of(list(self.rows(low, high)), low, self.connections))

    def tail(self, n: int = 10) -> pd.DataFrame:
        """Return the DataFrame of the last ``n`` rows. Example: ``log.tail(10)``."""
        count = len(self)
        return self.window(max(0, count - n), count)

    @property
    def events(self) -> pd.DataFrame:
        """The DataFrame of the events: time, monotonic, session, kind, detail, seconds."""
        return events_to_dataframe(list(self._events))

    @property
    def event_list(self) -> list[Event]:
        """The events as values."""
        return list(self._events)

    def events_since(self, start: int) -> list[Event]:
        """Return the events from number ``start`` on, counted from 0."""
        return self._events[start:]

    def wire_bytes(self, direction: Literal["in", "out"], session: str | None = None) -> bytes:
        """Return the exact bytes of one direction after the handshake, rebuilt from the rows. Example: ``log.wire_bytes("in")``.

        Args:
            direction: "in" or "out".
            session: name of the session; required where the log has several.

        Raises:
            ValueError: another direction, or several sessions and no name.
        """
        from wsnotebook.log.wire_image import wire_parts  # as in rows()

        if direction not in ("in", "out"):
            raise ValueError(f"direction is 'in' or 'out', not {direction!r}")
        names = list(dict.fromkeys(connection.session for connection in self.connections))
        if session is None and len(names) > 1:
            raise ValueError(f"this log has several sessions, say which: {', '.join(names)}")
        wanted = {
            pack_code(number, direction == "out")
            for number, connection in enumerate(self.connections)
            if session is None or connection.session == session
        }
        return b"".join(part for rows in self.rows(self.first, self.end) for part in wire_parts(rows, wanted))

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError(
            "a log cannot be pickled or copied, because it grows while it is read: log.save('x.parquet') and "
            "wsnotebook.load() take it elsewhere, and its DataFrame, log.df, can be pickled"
        )

    def __repr__(self) -> str:
        parts = [f"{len(self):,} frame{'' if len(self) == 1 else 's'}"]
        if self.spilled:
            parts.append(f"{self.spilled:,} of them on disk")
        size = self.memory
        parts.append(f"{size / 1e6:,.1f} MB in memory" if size >= 1e6 else f"{size / 1e3:,.1f} kB in memory")
        if self.dropped:
            parts.append(f"{self.dropped:,} dropped")
        if self.truncated:
            parts.append(f"{self.truncated:,} bytes truncated")
        return f"<{type(self).__name__} {', '.join(parts)}; .df is the DataFrame>"


def _check_retention(retention: int | None) -> int | None:
    if retention is not None and retention <= 0:
        raise ValueError(f"retention is a number of bytes over 0, or None for no limit; not {retention}")
    return retention
