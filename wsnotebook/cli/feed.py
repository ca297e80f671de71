"""Feed: what has crossed the wire of a session since the last look, read from its log.

It queues nothing: whoever looks too late gets the first frames and the number of the others, which stay in the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Literal, NamedTuple

from wsnotebook.log.code import DIRECTIONS, is_sent
from wsnotebook.log.rows import Rows
from wsnotebook.session.session import ClientWebSocketSession
from wsnotebook.wire.batch import STATUSES, Flag, is_final, opcode_of, to_frame
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["Feed", "Seen"]


class Seen(NamedTuple):
    """A frame of the log, or the message of several."""

    session: str
    """Name of its session."""
    direction: Literal["in", "out"]
    """``in`` or ``out``."""
    frame: Frame
    """The frame; a message in fragments is one final frame."""
    status: str = "ok"
    """As in the column ``status``."""
    detail: str = ""
    """Reason of a status that is not ok."""


class Feed:
    """Read the log of a session, and of those that follow it there, from its first frame on.

    Args:
        session: the session; its fragments are joined unless it is raw.
        control: also ping, pong and close frames, of both directions.
        sent: also data frames that were sent.
    """

    def __init__(self, session: ClientWebSocketSession, *, control: bool = False, sent: bool = False) -> None:
        self.session = session
        self._control, self._sent = control, sent
        self._seq = session.log.first
        self._is_raw = session.pump.raw
        self._parts: dict[str, list[Frame]] = {}  # of the message that is open in a direction

    def read(self, most: int) -> tuple[list[Seen], int]:
        """Return the first ``most`` frames since the last call, and the number of the others, which are passed over."""
        seen: list[Seen] = []
        more = 0
        for rows, row, head, direction in self._new_rows():
            if len(seen) >= most and is_final(head) and opcode_of(head) != Opcode.CONTINUATION:
                more += 1  # nearly all frames of a fast feed: their payloads are not read
                continue
            frame = self._joined(rows, row, direction)
            if frame is not None and len(seen) < most:
                seen.append(self._seen(rows, row, direction, frame))
            elif frame is not None:
                more += 1
        return seen, more

    def __iter__(self) -> Iterator[Seen]:
        """Yield the frames since the last call, each read when it is asked for."""
        for rows, row, _, direction in self._new_rows():
            frame = self._joined(rows, row, direction)
            if frame is not None:
                yield self._seen(rows, row, direction, frame)

    def _new_rows(self) -> Iterator[tuple[Rows, int, int, str]]:
        start, self._seq = self._seq, self.session.log.end
        for rows in self.session.log.rows(start, self._seq):
            for row, head, direction in self._wanted(rows):
                yield rows, row, head, direction

    def _seen(self, rows: Rows, row: int, direction: str, frame: Frame) -> Seen:
        status = STATUSES[int(rows.flags[row]) & Flag.STATUS]
        return Seen(
            self.session.name, "out" if direction == "out" else "in", frame, status, rows.details.get(row, "")
        )

    def _wanted(self, rows: Rows) -> Iterator[tuple[int, int, str]]:
        """Yield row, first byte and direction of the frames to show."""
        batches = zip(rows.counts.tolist(), rows.codes.tolist(), strict=True)
        directions = chain.from_iterable(repeat(DIRECTIONS[is_sent(code)], count) for count, code in batches)
        for row, (head, direction) in enumerate(zip(bytes(rows.heads), directions, strict=True)):
            if self._control if opcode_of(head) >= Opcode.CLOSE else self._sent or direction == "in":
                yield row, head, direction

    def _joined(self, rows: Rows, row: int, direction: str) -> Frame | None:
        """Return the frame of a row, or the message that it completes; None for a fragment before the last."""
        frame = to_frame(int(rows.heads[row]), rows.payload_at(row))
        is_data = frame.opcode < Opcode.CLOSE
        if self._is_raw or not is_data or row in rows.details:
            return frame
        parts = self._parts.pop(direction, [])
        if frame.opcode != Opcode.CONTINUATION:
            parts = []  # a message that the end of a connection has cut; the log may go on with the next one
        elif not parts:
            return frame
        parts.append(frame)
        if not frame.fin:
            self._parts[direction] = parts
            return None
        return parts[0].copy(data=b"".join(part.data for part in parts), fin=True) if parts[1:] else frame
