"""Header: the values of a log beside its rows, the same in every format, as plain JSON."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import STATUSES

__all__ = [
    "FORMER_STATUSES",
    "VERSION",
    "Header",
    "connection_from",
    "event_from",
    "number_from",
    "status_from",
]

VERSION = 2
"""Version of our own part of each format; a file with a higher one is refused.
Version 1 had the status ``dropped`` for ``unsent``, and no ``oversized``."""

FORMER_STATUSES = {"dropped": "unsent"}
"""Names of statuses in version 1, and their names since version 2."""
_INT64 = 1 << 63
_INT32 = 1 << 31
_Log = TypeVar("_Log", bound=RowLog)


class Header(NamedTuple):
    """A log at one moment, without its rows."""

    first: int
    """``seq`` of the first row."""
    rows: int
    """Number of rows."""
    connections: list[Connection]
    """Connections, by number."""
    events: list[Event]
    """Events, in order."""
    dropped: int
    """Rows dropped before the first, to stay within the retention."""
    truncated: int
    """Bytes that were received and belong to no row."""

    @classmethod
    def of(cls, log: RowLog) -> Header:
        """Return the header of a log as it is now; frames that arrive later are not in it."""
        with log.lock:
            return cls(log.first, len(log), list(log.connections), log.event_list, log.dropped, log.truncated)

    def runs(self, log: RowLog) -> Iterator[Rows]:
        """Yield the rows that this header counts, a segment at a time."""
        return log.rows(self.first, self.first + self.rows)

    def to_log(self, kind: type[_Log], runs: Iterable[Rows]) -> _Log:
        """Return a log of a kind with these values and rows; beyond the retention its rows are spilled as they come."""
        log = kind.starting_at(self.first, _identified(self.connections))
        log.restore(self.events, dropped=self.dropped, truncated=self.truncated)
        for rows in runs:
            log.adopt(rows)
        return log

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "format": "wsnotebook",
            "version": VERSION,
            "first": self.first,
            "rows": self.rows,
            "connections": [connection.to_dict() for connection in self.connections],
            "events": [list(event) for event in self.events],
            "dropped": self.dropped,
            "truncated": self.truncated,
        }

    @classmethod
    def from_dict(cls, values: Any) -> Header:
        """Return the header of a dict that ``to_dict`` made.

        Raises:
            ValueError: the values are not such a dict.
        """
        try:
            if values["format"] != "wsnotebook":
                raise ValueError("not written by wsnotebook")
            if values["version"] not in range(1, VERSION + 1):
                raise ValueError(f"version {values['version']!r} is not known here: update wsnotebook")
            return cls(
                first=number_from(values["first"], 0, _INT64 >> 1),
                rows=number_from(values["rows"], 0, _INT64 >> 1),
                connections=_identified([connection_from(each) for each in values["connections"]]),
                events=[event_from(*event) for event in values["events"]],
                dropped=number_from(values["dropped"], 0, _INT64),
                truncated=number_from(values["truncated"], 0, _INT64),
            )
        except KeyError as error:
            raise ValueError(f"the header lacks {error.args[0]}") from error
        except (TypeError, AttributeError) as error:
            raise ValueError("the header has a value of the wrong kind") from error

    def to_json(self) -> str:
        """Return the values as one line of ASCII."""
        return json.dumps(self.to_dict(), separators=(",", ":"))


def _identified(connections: Sequence[Connection]) -> list[Connection]:
    """Return the connections of a file with a recording; the files of others, and the oldest of ours, name none.

    The first connection decides, so that each file of a recording gives the same.
    """
    if all(connection.recording for connection in connections):
        return list(connections)
    first = connections[0]
    words = f"{first.session}|{first.url}|{first.opened_ns}"
    recording = hashlib.blake2b(words.encode(), digest_size=6).hexdigest()
    return [each if each.recording else each._replace(recording=recording) for each in connections]


@cache  # asked for each row of a text format; a name that raises is not kept
def status_from(name: Any) -> int:
    """Return the value of Flag.STATUS for the name of a status, also for one of version 1.

    Raises:
        ValueError: no status has this name.
    """
    for value, known in STATUSES.items():
        if FORMER_STATUSES.get(name, name) == known:
            return value
    raise ValueError(f"{name!r} is no status: {', '.join(STATUSES.values())}")


def number_from(value: Any, low: int, stop: int) -> int:
    """Return the value, if it is an int from ``low`` to below ``stop``.

    Raises:
        ValueError: it is not.
    """
    if type(value) is not int or not low <= value < stop:
        raise ValueError(f"{value!r} is not a number from {low} to {stop - 1}")
    return value


def connection_from(values: Any) -> Connection:
    """Return the connection of a dict, if the columns can hold its values.

    Raises:
        KeyError, TypeError, ValueError: it is not such a dict.
    """
    connection = Connection.from_dict(values)
    _check_texts(connection.session, connection.url, connection.recording)
    number_from(connection.attempt, 0, _INT32)
    number_from(connection.opened_ns, -_INT64, _INT64)
    return connection


def event_from(
    time_ns: Any, monotonic_ns: Any, session: Any, kind: Any, detail: Any, seconds: Any = None
) -> Event:
    """Return the event of six values, or of five as former versions wrote them, if the columns can hold them.

    Raises:
        ValueError: the values are not an event.
    """
    if not isinstance(session, str) or not isinstance(kind, str) or not isinstance(detail, str):
        raise ValueError("an event with something other than text in session, kind or detail")
    _check_texts(session, kind, detail)
    if seconds is not None and (type(seconds) not in (int, float) or not 0 <= seconds < math.inf):
        raise ValueError("an event with something other than a number of seconds")
    return Event(
        number_from(time_ns, -_INT64, _INT64),
        number_from(monotonic_ns, -_INT64, _INT64),
        session,
        kind,
        detail,
        None if seconds is None else float(seconds),
    )


def _check_texts(*texts: str) -> None:
    """Check that a column can hold them: damage may leave half a character."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError("the header has half a character") from None
