"""Salvage: a damaged file of ours, read from its packets as a capture of another program is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wsnotebook.errors import FileError
from wsnotebook.files.content import open_plain
from wsnotebook.files.header import Header, connection_from, event_from
from wsnotebook.files.pcapng import capture
from wsnotebook.files.pcapng.pcapngblocks import OURS, Block, read
from wsnotebook.files.pcapng.runblocks import NOTE, open_block
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Rows

__all__ = ["salvage"]

_WRONG = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


def salvage(path: Path, damage: FileError) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of the packets that are whole, with the notes that are.

    Packets have no monotonic clock, no rows that were never sent, and no payload that an extension of the user's made.

    Raises:
        FileError: the damage, where no WebSocket is left.
    """
    try:
        header, rows = capture.read(path)
    except FileError:
        raise damage from None
    notes = _notes(path)
    if not notes.connections:
        return header, rows  # the capture of another program, which has named its damage
    events = [*notes.events, *header.events, *_about(damage, header, notes)]
    same = len(notes.connections) == len(header.connections)
    return header._replace(connections=notes.connections if same else header.connections, events=events), rows


class _Notes(NamedTuple):
    """The notes of a file that are whole."""

    connections: list[Connection]
    events: list[Event]
    unsent: int
    """Rows that were recorded and never sent."""


def _notes(path: Path) -> _Notes:
    connections: list[Connection] = []
    events: list[Event] = []
    unsent = 0
    with open_plain(path) as file:
        for block in read(path, file, is_strict=False):
            if not isinstance(block, Block) or block.kind != OURS:
                continue
            try:
                own = open_block(block.body)
                note = json.loads(own[1]) if own is not None and own[0] == NOTE else {}
                events += [event_from(*event) for event in note.get("events", ())]
                unsent += sum(stop - start for start, stop, _ in note.get("never_sent", ()))
                if "connection" in note:
                    connections.append(connection_from(note["connection"]))
            except _WRONG:
                continue  # this note is damaged
    return _Notes(connections, events, unsent)


def _about(damage: FileError, header: Header, notes: _Notes) -> list[Event]:
    """Return the event about the damage, at the time of the last one."""
    time_ns = max((connection.opened_ns for connection in header.connections), default=0)
    detail = (
        f"{damage.path.name}, {damage.place}: {damage.problem}: the rows were read from the packets that are whole, "
        "without the monotonic clock"
    )
    if notes.unsent:
        detail += f"; {notes.unsent} of them may never have been sent"
    return [Event(time_ns, time_ns, "", "truncated", detail)]
