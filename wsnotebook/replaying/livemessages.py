"""LiveMessages: the messages that a session receives, read from its log, so that none is taken from who reads the session."""

from __future__ import annotations

from collections.abc import Iterator

from wsnotebook.log.code import pack_code
from wsnotebook.log.rowlog import RowLog
from wsnotebook.matching import Message
from wsnotebook.replaying.turns import message_of
from wsnotebook.wire.batch import Flag, to_frame
from wsnotebook.wire.frames import Frame, Opcode

__all__ = ["LiveMessages"]


class LiveMessages:
    """The messages of the peer of a session: from its first on if it has sent nothing yet, else from now on.

    Args:
        log: the log of the session.
        connection: number of its connection there; sessions of one log can have one name.
    """

    def __init__(self, log: RowLog, connection: int) -> None:
        self._log = log
        self._code = pack_code(connection, False)
        self._seq = log.end if self._has_sent(pack_code(connection, True)) else log.first
        self._parts: list[Frame] = []

    def _has_sent(self, code: int) -> bool:
        return any((rows.codes == code).any() for rows in self._log.rows(self._log.first, self._log.end))

    def take(self) -> Iterator[Message]:
        """Yield the messages that became whole since the last call."""
        end = self._log.end
        for rows in self._log.rows(self._seq, end):
            stop = 0
            for count, code in zip(rows.counts.tolist(), rows.codes.tolist(), strict=True):
                begin, stop = stop, stop + count
                for row in range(begin, stop) if code == self._code else ():
                    if rows.flags[row] & Flag.STATUS == Flag.OK:
                        yield from self._add(to_frame(int(rows.heads[row]), rows.payload_at(row)))
        self._seq = end

    def _add(self, frame: Frame) -> Iterator[Message]:
        if frame.opcode > Opcode.BINARY:
            return
        self._parts.append(frame)
        if frame.fin:
            parts, self._parts = self._parts, []
            yield message_of(parts)
