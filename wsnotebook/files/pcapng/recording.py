"""Recording: encodes a log as pcapng, piece by piece, for ``write`` and for the journal."""

from __future__ import annotations

from collections.abc import Sequence

from wsnotebook.files.header import VERSION
from wsnotebook.files.pcapng.runblocks import encode_note, encode_run
from wsnotebook.files.pcapng.synthetic import Conversation, preamble
from wsnotebook.log.code import connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Rows

__all__ = ["Recording"]


class Recording:
    """Encode a log as the bytes of a pcapng file; the pieces must be written in the order of the calls."""

    def __init__(self) -> None:
        self._conversations: list[Conversation] = []
        self._taken: set[tuple[str, int]] = set()

    def begin(self, first: int) -> bytes:
        """Return the beginning of the file; ``first`` is the ``seq`` of its first row."""
        return preamble() + encode_note({"format": "wsnotebook", "version": VERSION, "first": first})

    def connections(self, connections: Sequence[Connection]) -> bytes:
        """Return the handshakes of the connections that were not encoded yet."""
        parts = []
        for connection in connections[len(self._conversations) :]:
            conversation = Conversation(connection, len(self._conversations), self._taken)
            self._conversations.append(conversation)
            parts += [encode_note({"connection": connection.to_dict()}), conversation.handshake()]
        return b"".join(parts)

    def rows(self, rows: Rows) -> bytes:
        """Return the packets and the block of some rows; ``connections`` must have encoded their handshakes."""
        head, frames = encode_run(rows)
        parts = [head]
        place = 0
        for count, time_ns, code in zip(
            rows.counts.tolist(), rows.times.tolist(), rows.codes.tolist(), strict=True
        ):
            there = frames[place : place + count]
            if not all(there):  # unsent rows have no bytes on the wire
                there = list(filter(None, there))
            parts += self._conversations[connection_of(code)].packets(there, is_sent(code), time_ns)
            place += count
        return b"".join(parts)

    def events(self, events: Sequence[Event], dropped: int, truncated: int) -> bytes:
        """Return new events and the current counts."""
        return encode_note(
            {"events": [list(event) for event in events], "dropped": dropped, "truncated": truncated}
        )

    def dropped(self, marks: Sequence[tuple[int, int, str]]) -> bytes:
        """Return a note that marks rows encoded before as unsent: start, stop and detail of each mark."""
        return encode_note({"never_sent": [list(mark) for mark in marks]})

    def gap(self, start: int, stop: int) -> bytes:
        """Return a note that rows ``start`` to ``stop`` were dropped before they could be written."""
        return encode_note({"gap": [start, stop]})

    def end(self) -> bytes:
        """Return the end of a file that was closed and not cut off."""
        return encode_note({"end": True})
