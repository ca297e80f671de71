"""Parts: the Parquet files of a dataset, in directories as Hive names them: ``recording=…/date=…/….parquet``.

The name of a part tells its rows, so that a listing is enough to order parts, and to pass over those that a merge has
replaced when its kernel died before it removed them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from wsnotebook.errors import FileError
from wsnotebook.files import parquet
from wsnotebook.files.header import Header
from wsnotebook.files.joining import joined, payload_size
from wsnotebook.files.paths import unfinished_name
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.files.storage import Storage, StoredFile
from wsnotebook.log.columns import FILE_COLUMNS
from wsnotebook.log.restore import NO_TIME, to_segment
from wsnotebook.log.rows import Array, Rows, read_rows
from wsnotebook.log.segment import MAX_PAYLOAD, MAX_ROWS

__all__ = [
    "NO_RECORDING",
    "PART_COLUMNS",
    "Group",
    "former_parts",
    "groups",
    "recording_of",
    "recordings",
    "replace_parts",
    "scattered",
    "write_part",
]

PART_COLUMNS = tuple(column for column in FILE_COLUMNS if column.name != "recording")
"""Columns of a part: the recording is in its path, where Hive's readers find it."""

NO_RECORDING = "empty"
"""Identity of the recording of a log without connections."""

_RUNS = 16  # runs of rows in a saved part, of the usual size: about a million frames, or 128 MiB of payload
_DAY = 86_400 * 10**9  # ns
_HIVE = re.compile(
    r"recording=(?P<recording>[^/]+)/date=(?P<date>[^/]+)/(?P<opened>\w+)-(?P<first>\d+)-(?P<stop>\d+)\.parquet",
    re.ASCII,
)
_FLAT = re.compile(r"((?P<opened>\w+)-)?(?P<recording>\w+)-(?P<first>\d+)\.parquet", re.ASCII)  # before


class PartName(NamedTuple):
    """What the path of a part says."""

    path: str
    """Path below the root of the dataset."""
    recording: str
    """Identity of the recording; of several, for a log that went on in another one."""
    date: str
    """Day of its rows, in UTC; empty in the former layout."""
    opened: str
    """Time at which the first connection was opened: recordings sort by it."""
    first: int
    """``seq`` of its first row."""
    stop: int
    """``seq`` after its last row."""


def recording_of(header: Header) -> str:
    """Return the identity of the recording of a log; of several, where it went on in another one."""
    return "+".join(dict.fromkeys(each.recording for each in header.connections)) or NO_RECORDING


def _path_of(header: Header, recording: str, date: str, first: int, stop: int) -> str:
    """Return the path of a part. It is the same for the same log, so that saving it again replaces its parts."""
    opened_ns = header.connections[0].opened_ns if header.connections else 0
    seconds, nanoseconds = divmod(opened_ns, 10**9)
    opened = f"{datetime(1970, 1, 1) + timedelta(seconds=seconds):%Y%m%dT%H%M%S}{nanoseconds:09}"
    return f"recording={recording}/date={date}/{opened}-{first:012}-{stop:012}.parquet"


def recordings(storage: Storage) -> dict[str, list[StoredFile]]:
    """Return the parts of each recording in a storage, in order of their rows; recordings by the time of their opening."""
    return {name: [storage.file(part.path) for part in parts] for name, parts in _named(storage).items()}


def former_parts(storage: Storage, header: Header) -> list[StoredFile]:
    """Return the parts of what a log was before it went on in another recording: all their rows are its own."""
    name = recording_of(header)
    return [
        part
        for former, parts in recordings(storage).items()
        if name.startswith(f"{former}+") and _begins_with(header, parts)
        for part in parts
    ]


def _begins_with(header: Header, parts: list[StoredFile]) -> bool:
    """Return whether a log has gone on from some parts; not a selection of the rows of several, which has no events of theirs."""
    try:
        first, last = parquet.read_header(parts[0]), parquet.read_header(parts[-1])
    except FileError:
        return False
    return (
        bool(last.events)
        and header.events[: len(last.events)] == last.events
        and header.connections[: len(last.connections)] == last.connections
        and header.first <= first.first
        and last.first + last.rows <= header.first + header.rows
    )


def scattered(storage: Storage) -> dict[str, list[StoredFile]]:
    """Return the parts of each recording that has small parts of one day beside each other, or parts of a former layout."""
    return {
        name: [storage.file(part.path) for part in parts]
        for name, parts in _named(storage).items()
        if any(not part.date for part in parts) or any(_can_join(storage, *pair) for pair in pairwise(parts))
    }


def _can_join(storage: Storage, one: PartName, other: PartName) -> bool:
    if one.date != other.date or other.stop - one.first > _RUNS * MAX_ROWS:
        return False
    return storage.file(one.path).size + storage.file(other.path).size <= _RUNS * MAX_PAYLOAD


def _named(storage: Storage) -> dict[str, list[PartName]]:
    """Return the parts of each recording; none whose rows are all in others."""
    found = [name for path in storage.names() if (name := _name_of(path)) is not None]
    found.sort(key=lambda part: (part.opened, part.recording, part.first, -part.stop))
    parts: dict[str, list[PartName]] = {}
    for name in found:
        known = parts.setdefault(name.recording, [])
        if not known or name.stop > known[-1].stop:
            known.append(name)
    return parts


def _name_of(path: str) -> PartName | None:
    """Return what a path says; None for one that is not of a part."""
    match = _HIVE.fullmatch(path) or _FLAT.fullmatch(path)
    if match is None:
        return None
    values = match.groupdict()
    first = int(values["first"])
    stop = int(values.get("stop", first + 1))  # the former layout does not say it
    return PartName(path, values["recording"], values.get("date", ""), values["opened"] or "", first, stop)


class Group(NamedTuple):
    """Rows of one part."""

    date: str
    """Day of the rows, in UTC."""
    runs: list[Rows]
    """The rows."""

    @property
    def rows(self) -> int:
        """Number of rows."""
        return sum(map(len, self.runs))

    @property
    def size(self) -> int:
        """Bytes of their payloads."""
        return sum(map(payload_size, self.runs))


def groups(header: Header, runs: Iterable[Rows]) -> Iterator[Group]:
    """Yield the rows of each part, all of one day; a log without rows has one part, for its events."""
    group = Group("", [])
    for date, rows in _by_date(joined(runs), _day_of(header)):
        if group.runs and (group.date != date or _is_full(group)):
            yield group
            group = Group("", [])
        group = Group(date, [*group.runs, rows])
    yield group if group.runs else Group(_date(_day_of(header)), [])


def _is_full(group: Group) -> bool:
    return group.rows >= _RUNS * MAX_ROWS or group.size >= _RUNS * MAX_PAYLOAD


def _by_date(runs: Iterable[Rows], day: int) -> Iterator[tuple[str, Rows]]:
    """Yield the rows of each run by day; a row without a time is on the day of the row before, the first on ``day``."""
    for rows in runs:
        days = _days_of(rows.times, day)
        day = int(days[-1]) if len(days) else day
        changes = np.flatnonzero(np.diff(days)) + 1
        starts = np.concatenate(([0], changes))
        if not len(changes):
            if len(rows):
                yield _date(day), rows
            continue
        bounds = np.concatenate(([0], np.cumsum(rows.counts)))[np.append(starts, len(days))]
        segment = to_segment(rows)
        for number, low, high in zip(days[starts].tolist(), bounds[:-1], bounds[1:], strict=True):
            yield _date(number), read_rows(segment, int(low), int(high))


def _days_of(times: Array, before: int) -> Array:
    is_known = times != NO_TIME
    if is_known.all():
        return times // _DAY
    days = np.concatenate(([before], times // _DAY))
    return days[np.maximum.accumulate(np.where(is_known, np.arange(1, len(days)), 0))]


def _date(day: int) -> str:
    return str(np.datetime64(day, "D"))


def _day_of(header: Header) -> int:
    """Return the day on which a log began."""
    times = [connection.opened_ns for connection in header.connections]
    times += [event.time_ns for event in header.events]
    return next((time for time in times if time not in (0, NO_TIME)), 0) // _DAY


def write_part(
    storage: Storage, header: Header, group: Group, running: RunningFrames, recording: str
) -> tuple[StoredFile, StoredFile]:
    """Write a part under a temporary name, which no reader finds; return this file and the final one.

    Args:
        storage: of the dataset.
        header: of the log; ``first`` is that of a part without rows.
        group: the rows.
        running: messages that are open before the first row.
        recording: its identity, the same for all parts of a log.
    """
    first = group.runs[0].first if group.runs else header.first
    path = _path_of(header, recording, group.date, first, first + group.rows)
    storage.make(path)
    part = storage.file(path)
    unfinished = storage.file(f"{path.rpartition('/')[0]}/{unfinished_name(part.name)}")
    try:
        parquet.write(header._replace(first=first, rows=group.rows), group.runs, unfinished, running)
    except BaseException:
        unfinished.remove()
        raise
    return unfinished, part


def replace_parts(storage: Storage, header: Header, runs: Iterable[Rows], old: Iterable[StoredFile]) -> None:
    """Write the parts of a whole log, and remove former ones when the new ones are complete."""
    running = RunningFrames(PART_COLUMNS)
    written: list[tuple[StoredFile, StoredFile]] = []
    try:
        for group in groups(header, runs):
            written.append(write_part(storage, header, group, running, recording_of(header)))
        for unfinished, part in written:
            unfinished.move_to(part)
    finally:
        for unfinished, _ in written:
            unfinished.remove()
    new = {part.path for _, part in written}
    for file in old:
        if file.path not in new:
            file.remove()
