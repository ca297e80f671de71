"""pcapng: the format that Wireshark reads. A file of ours loads exactly; capture.py decodes all others."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from wsnotebook.errors import FileError
from wsnotebook.files.content import open_plain
from wsnotebook.files.header import VERSION, Header, connection_from, event_from, number_from
from wsnotebook.files.pcapng import capture
from wsnotebook.files.pcapng.pcapngblocks import ENHANCED, OURS, SECTION, Block, Damaged, Torn
from wsnotebook.files.pcapng.pcapngblocks import read as read_blocks
from wsnotebook.files.pcapng.recording import Recording
from wsnotebook.files.pcapng.runblocks import NOTE, RUN, Run, open_block
from wsnotebook.files.pcapng.runreader import RunReader
from wsnotebook.files.pcapng.salvage import salvage
from wsnotebook.files.pcapng.synthetic import epb_crc, tcp_payload
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import Rows

__all__ = ["count_frames", "read", "write"]

_INT64 = 1 << 63


def write(header: Header, runs: Iterable[Rows], path: Path) -> None:
    """Write a header and its rows to a pcapng file."""
    recording = Recording()
    with path.open("wb") as file:
        file.write(recording.begin(header.first))
        file.write(recording.connections(header.connections))
        file.write(recording.events(header.events, header.dropped, header.truncated))
        for rows in runs:
            file.write(recording.rows(rows))
        file.write(recording.end())


def read(
    path: Path, *, port: int | None = None, keylog: Path | None = None, strict: bool = False
) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a pcapng file; see capture.read for the keywords.

    Raises:
        FileError: the file is damaged, or there is no WebSocket in it.
    """
    reader = _Reader(path, strict=strict)
    try:
        if _take_all(path, reader):
            return reader.finish()
    except FileError as error:
        if strict:
            raise
        return salvage(path, error)
    return capture.read(path, port=port, keylog=keylog, strict=strict)


def _take_all(path: Path, reader: _Reader) -> bool:
    """Read all blocks of a file; return False where it is not ours."""
    with open_plain(path) as file:
        if file.read(4) != struct.pack("<I", SECTION):
            return False
        file.seek(0)
        # Not strictly: a wrong length is told from a missing end by the whole blocks that follow it.
        blocks = read_blocks(path, file, is_strict=False)
        return all(reader.take(block) for block in blocks) and reader.is_ours


def count_frames(path: Path) -> int:
    """Return the number of frames in a file of ours; its end may be missing.

    Raises:
        FileError: the file is damaged.
    """
    count = 0
    with path.open("rb") as file:
        for block in read_blocks(path, file):
            if isinstance(block, Block) and block.kind == OURS:
                try:
                    own = open_block(block.body)
                    count += len(Run.decode(own[1]).heads) if own is not None and own[0] == RUN else 0
                except (ValueError, LookupError, struct.error) as error:
                    raise FileError(path, f"byte {block.position}", str(error)) from error
    return count


class _Reader:
    """Read a file of ours, block by block.

    The rows are collected before they are returned, because a later note may mark them as unsent; beyond the retention
    of a log they are spilled.
    """

    def __init__(self, path: Path, *, strict: bool) -> None:
        self._path = path
        self._strict = strict
        self._log: RowLog | None = None
        self._connections: list[Connection] = []
        self._events: list[Event] = []
        self._dropped = self._truncated = 0
        self._never_sent: list[tuple[int, int, str]] = []
        self._gaps: list[tuple[int, int]] = []  # seq in the file after the gap, and the rows it lacks
        self._missing = 0
        self._is_ended = False
        self._place = ""

    @property
    def is_ours(self) -> bool:
        """Whether a block of ours was read."""
        return self._log is not None

    def take(self, block: Block | Torn | Damaged) -> bool:
        """Read a block; return False where the file is not ours.

        Raises:
            FileError: the block is damaged.
        """
        self._place = f"byte {block.position}"
        if isinstance(block, Torn):
            if self._strict:
                raise FileError(
                    self._path, self._place, f"the end is missing: {block.size} bytes are no block"
                )
            self._missing = block.size
            return True
        if isinstance(block, Damaged):
            raise FileError(self._path, self._place, block.problem)
        try:
            if block.kind == OURS:
                own = open_block(block.body)
                if own is not None:
                    self._take_own(*own)
            elif block.kind == ENHANCED:
                if self._log is None:
                    return False
                self._runs.add_packet(_packet(block.body))
            elif block.kind == SECTION and block.position:
                if self._log is None:
                    return False
                raise ValueError("a second section: split the file")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error) as error:
            raise FileError(self._path, self._place, str(error)) from error
        return True

    def _take_own(self, kind: bytes, data: bytes) -> None:
        if kind == NOTE:
            self._take_note(json.loads(data))
            return
        if kind != RUN or self._log is None:
            raise ValueError("a block that wsnotebook does not write here")
        run = Run.decode(data)
        run = run._replace(first=self._here(run.first))
        if not self._runs.has_room_for(run):
            self._log.adopt(self._runs.take())
        self._runs.add(run)

    def _take_note(self, note: dict[str, Any]) -> None:
        if "version" in note:
            self._begin(note["version"], note["first"])
            return
        log = self._log
        if log is None:
            raise ValueError("a block of wsnotebook before the first one")
        if "connection" in note:
            self._connections.append(connection_from(note["connection"]))
        if "events" in note:
            self._events += [event_from(*event) for event in note["events"]]
            self._dropped = number_from(note["dropped"], 0, _INT64)
            self._truncated = number_from(note["truncated"], 0, _INT64)
        if "gap" in note:
            self._take_gap(log, *note["gap"])
        self._is_ended = "end" in note
        for start, stop, detail in note.get("never_sent", ()):
            self._never_sent.append(
                (number_from(start, 0, _INT64), number_from(stop, 0, _INT64), str(detail))
            )

    def _begin(self, version: Any, first: Any) -> None:
        if version not in range(1, VERSION + 1):
            raise ValueError(f"version {version!r} is not known here: update wsnotebook")
        if self._log is not None:
            raise ValueError("a second first block of wsnotebook")
        self._log = RowLog.starting_at(number_from(first, 0, _INT64 >> 1), [])
        self._runs = RunReader(self._connections, first)

    def _take_gap(self, log: RowLog, start: Any, stop: Any) -> None:
        """Close the gap of rows that were dropped while the disk was full, and add an event that says so."""
        size = number_from(stop, start, _INT64) - number_from(start, 0, _INT64)
        self._gaps.append((stop, size))
        detail = (
            f"{size} rows after seq {self._here(start) - 1} were dropped before the disk had space for them"
        )
        self._events.append(Event(*_last_times(log), "", "dropped", detail))

    def _here(self, seq: int) -> int:
        """Return the seq in the log for a seq in the file."""
        return seq - sum(size for stop, size in self._gaps if stop <= seq)

    def finish(self) -> tuple[Header, Iterator[Rows]]:
        """Return the header and the rows, after the last block of a file that is ours.

        Raises:
            FileError: the rows are not such as a log could have written.
        """
        log = self._log
        assert log is not None  # the caller asks is_ours
        try:
            if self._is_ended and self._runs.lacking:
                raise ValueError(f"{self._runs.lacking} bytes of rows are in no packet")
            begun, is_torn = self._runs.rows, self._runs.lacking > 0 or self._missing > 0
            whole = 0
            if begun:
                rows = self._runs.take(torn=is_torn)
                whole = len(rows)
                log.adopt(rows)
            if is_torn or not self._is_ended:
                self._note_missing(log, begun - whole)
            self._mark_unsent(log)
        except (ValueError, LookupError) as error:
            raise FileError(self._path, self._place, str(error)) from error
        header = Header(log.first, len(log), self._connections, self._events, self._dropped, self._truncated)
        return header, log.drain()

    def _note_missing(self, log: RowLog, frames: int) -> None:
        """Add an event with the bytes and frames that the end lacks, at the time of the last row."""
        detail = (
            f"{self._path.name} has no end: what wrote it died, or still writes; all frames in it were read"
        )
        if self._missing or frames:
            detail = f"the end of {self._path.name} is missing: {self._missing} bytes of its last record"
            detail += f", and with them {frames} frames of which a part is there" if frames else ""
        self._events.append(Event(*_last_times(log), "", "truncated", detail))

    def _mark_unsent(self, log: RowLog) -> None:
        room = len(log)
        for start, stop, detail in (
            (self._here(start), self._here(stop), why) for start, stop, why in self._never_sent
        ):
            room -= max(0, min(stop, log.end) - max(start, log.first))
            if room < 0:
                raise ValueError("more rows marked as never sent than there are")
            log.mark_unsent(start, min(stop, log.end), detail)


def _last_times(log: RowLog) -> tuple[int, int]:
    """Return both clocks of the last row."""
    times = [(int(rows.times[-1]), int(rows.monotonics[-1])) for rows in log.rows(log.end - 1, log.end)]
    return times[0] if times else (0, 0)


def _packet(body: bytes) -> bytes:
    """Return the TCP payload of a packet of ours."""
    captured = int.from_bytes(body[12:16], "little")
    end = 20 + captured
    if captured < 40 or end > len(body):
        raise ValueError("a packet that is longer than its block")
    packet = body[20:end]
    if epb_crc(body[end + (-captured % 4) :]) != zlib.crc32(packet):
        raise ValueError("a packet is damaged: its CRC differs")
    return tcp_payload(packet)
