"""Columns: a row for each column of the DataFrame of frames, with its type, how it is filled and how each format writes it.

A new column is one row of COLUMNS and its function in numberfills.py or arrowfills.py; DataFrame, Parquet and JSONL read
the table. A format that must not write a column has Absent, with the reason.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from wsnotebook.log import arrowfills, numberfills
from wsnotebook.log.arrowfills import Build
from wsnotebook.log.code import DIRECTIONS, connection_of, is_sent
from wsnotebook.log.connections import Connection
from wsnotebook.log.numberfills import Fill, by_batch, by_connection, categories_by_connection
from wsnotebook.wire.batch import RSV1, RSV2, RSV3, STATUSES, Flag
from wsnotebook.wire.frames import OPCODE_NAMES

__all__ = [
    "BINARY",
    "BOOL",
    "CATEGORY",
    "COLUMNS",
    "FILE_COLUMNS",
    "INDEX",
    "INT32",
    "INT32_NA",
    "INT64",
    "INT64_NA",
    "INT64_REPORTED",
    "LARGE_BINARY",
    "LARGE_BINARY_NA",
    "LARGE_STRING",
    "STRING",
    "TIME",
    "WHOLE_ROWS",
    "Absent",
    "Column",
    "Json",
    "Kind",
    "Parquet",
]


class Kind(NamedTuple):
    """Type of a column: in the DataFrame, in Arrow, and of the array that is filled."""

    pandas: str
    """dtype, as ``df.dtypes`` shows it."""
    arrow: pa.DataType
    """Type in Arrow and in Parquet."""
    storage: Any = None
    """Type of the numpy array that ``Column.fill`` writes; None where ``Column.build`` returns an Arrow array."""
    has_missing: bool = False
    """Whether a row may lack a value."""
    if_reported: str = ""
    """dtype in a log with connections that a browser has told of, whose rows lack a value; other rows never do."""


INT32 = Kind("int32", pa.int32(), np.int32)
INT64 = Kind("int64", pa.int64(), np.int64)
INT32_NA = Kind("Int32", pa.int32(), np.int32, has_missing=True)
INT64_REPORTED = Kind("int64", pa.int64(), np.int64, has_missing=True, if_reported="Int64")
INT64_NA = Kind("Int64", pa.int64(), np.int64, has_missing=True)
BOOL = Kind("bool", pa.bool_(), np.bool_)
TIME = Kind("datetime64[ns, UTC]", pa.timestamp("ns", "UTC"), np.int64)
CATEGORY = Kind("category", pa.dictionary(pa.int8(), pa.large_string()), np.int8)
"""Its array becomes wider when there are more categories than it can count."""
BINARY = Kind("binary[pyarrow]", pa.binary(), has_missing=True)
LARGE_BINARY = Kind("large_binary[pyarrow]", pa.large_binary())
LARGE_BINARY_NA = Kind("large_binary[pyarrow]", pa.large_binary(), has_missing=True)
LARGE_STRING = Kind("large_string[pyarrow]", pa.large_string(), has_missing=True)
STRING = Kind("string", pa.large_string(), has_missing=True)
"""pandas' own dtype, for texts that are read and not computed with."""


class Json(enum.Enum):
    """How JSONL writes a column: times as ISO 8601, short bytes in hexadecimal, long ones in base64."""

    ALWAYS = "a key of every line; null where a value is missing"
    PRESENT = "a key of the lines that have a value"
    UNLESS_TEXT = "the key base64 of the lines that have no text"


class Parquet(enum.Enum):
    """How Parquet encodes a column."""

    DICTIONARY = "few different values"
    DELTA = "values that rise slowly"
    PLAIN = "many different values"
    BULKY = "long values: without statistics, and counted before they are read"


class Absent(NamedTuple):
    """A format does not write a column."""

    reason: str
    """Why not."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column."""

    name: str
    """Name in the DataFrame, and in each format that writes it."""
    meaning: str
    """Meaning of a value, with its unit."""
    kind: Kind
    """Type."""
    fill: Fill | None = None
    """Writes the numbers of some rows in place; of a kind with ``storage``."""
    build: Build | None = None
    """Returns the Arrow array of some rows; of a kind without."""
    categories: Callable[[Sequence[Connection]], Sequence[str]] | None = None
    """Returns the names whose indices ``fill`` writes; of CATEGORY. More connections may only add names at the end."""
    has_many_names: bool = False
    """Whether the categories of a log's DataFrame are only the names that occur: so many more do not."""
    jsonl: Json | Absent = Json.ALWAYS
    """Lines of JSONL that have it, or the reason why none has."""
    parquet: Parquet | Absent = Parquet.DICTIONARY
    """Encoding in Parquet, or the reason why it is not there."""
    is_read: bool = False
    """Whether loading a file reads it; all other columns are filled again from those."""


def _always(*names: str) -> Callable[[Sequence[Connection]], Sequence[str]]:
    return lambda connections: names


def _sessions(connections: Sequence[Connection]) -> Sequence[str]:
    return list(dict.fromkeys(connection.session for connection in connections))


def _recordings(connections: Sequence[Connection]) -> Sequence[str]:
    return list(dict.fromkeys(connection.recording for connection in connections))


INDEX = Column(
    "seq",
    "order of record, from 0, never reused",
    INT64,
    parquet=Parquet.DELTA,
    is_read=True,
)
"""The index of the DataFrame."""

COLUMNS = (
    Column(
        "recording",
        "identity of the recording, the same in each file of it: merged recordings stay apart",
        CATEGORY,
        fill=categories_by_connection("recording", lambda connection: connection.recording),
        categories=_recordings,
    ),
    Column(
        "connection",
        "number of the connection, one for each handshake, from 0 in its recording",
        INT32,
        fill=by_batch(lambda source: connection_of(source.rows.codes)),
        is_read=True,
    ),
    Column(
        "time",
        "when the bytes were read from, or handed to, the operating system",
        TIME,
        fill=by_batch(lambda source: source.rows.times),
        parquet=Parquet.DELTA,
        is_read=True,
    ),
    Column(
        "monotonic",
        "the same on a clock that never jumps, in ns",
        INT64,
        fill=by_batch(lambda source: source.rows.monotonics),
        parquet=Parquet.DELTA,
        is_read=True,
    ),
    Column(
        "session",
        "session name",
        CATEGORY,
        fill=categories_by_connection("session", lambda connection: connection.session),
        categories=_sessions,
    ),
    Column(
        "attempt",
        "0 for the first connection of the session, 1 for its first reconnection",
        INT32,
        fill=by_connection(lambda connection: connection.attempt),
    ),
    Column(
        "direction",
        "in or out",
        CATEGORY,
        fill=by_batch(lambda source: is_sent(source.rows.codes)),
        categories=_always(*DIRECTIONS),
        is_read=True,
    ),
    Column(
        "opcode",
        "continuation, text, binary, close, ping, pong, or a reserved 0x3 …",
        CATEGORY,
        fill=numberfills.fill_opcode,
        categories=_always(*OPCODE_NAMES),
        has_many_names=True,
        is_read=True,
    ),
    Column("fin", "last frame of its message", BOOL, fill=numberfills.fill_fin, is_read=True),
    Column("rsv1", "reserved bit 1: compressed", BOOL, fill=numberfills.head_bit(RSV1), is_read=True),
    Column("rsv2", "reserved bit 2", BOOL, fill=numberfills.head_bit(RSV2), is_read=True),
    Column("rsv3", "reserved bit 3", BOOL, fill=numberfills.head_bit(RSV3), is_read=True),
    Column("masked", "masked on the wire", BOOL, fill=numberfills.flag_bit(Flag.MASKED), is_read=True),
    Column(
        "mask_key",
        "4 bytes, of a masked frame; missing where a browser has told the message",
        BINARY,
        build=arrowfills.build_mask_key,
        jsonl=Json.PRESENT,
        parquet=Parquet.PLAIN,
        is_read=True,
    ),
    Column(
        "length",
        "payload bytes as the application sees them; of a frame that was cut off, those that its header declares",
        INT64,
        fill=numberfills.fill_length,
        parquet=Parquet.PLAIN,
    ),
    Column(
        "wire_length",
        "payload bytes on the wire, smaller when compressed; of a frame that was cut off, those that came",
        INT64_REPORTED,
        fill=numberfills.fill_wire_length,
        parquet=Parquet.PLAIN,
    ),
    Column(
        "frame_length",
        "header and payload bytes on the wire",
        INT64_REPORTED,
        fill=numberfills.fill_frame_length,
        parquet=Parquet.PLAIN,
    ),
    Column(
        "payload",
        "the application's bytes of this frame",
        LARGE_BINARY,
        build=arrowfills.build_payload,
        jsonl=Json.UNLESS_TEXT,
        parquet=Parquet.BULKY,
        is_read=True,
    ),
    Column(
        "text",
        "payload of a text frame, or of a fragment of one where it is UTF-8 by itself",
        LARGE_STRING,
        build=arrowfills.build_text,
        jsonl=Json.PRESENT,
        parquet=Parquet.BULKY,
        is_read=True,
    ),
    Column(
        "message",
        "seq of the first frame of its message; frames of one message share it",
        INT64_NA,
        fill=numberfills.fill_message,
        jsonl=Json.PRESENT,
        parquet=Parquet.PLAIN,
        is_read=True,
    ),
    Column(
        "close_code",
        "code of a close frame",
        INT32_NA,
        fill=numberfills.fill_close_code,
        jsonl=Json.PRESENT,
    ),
    Column(
        "close_reason",
        "message of a close frame",
        STRING,
        build=arrowfills.build_close_reason,
        jsonl=Json.PRESENT,
    ),
    Column(
        "status",
        "ok, violation, unsent, truncated or oversized",
        CATEGORY,
        fill=numberfills.fill_status,
        categories=_always(*STATUSES.values()),
        is_read=True,
    ),
    Column(
        "detail",
        "the rule that was broken, or why it was not sent",
        STRING,
        build=arrowfills.build_detail,
        jsonl=Json.PRESENT,
        is_read=True,
    ),
)
"""Columns of the DataFrame of frames, in order. A fill function may read the arrays of the columns above its own."""

FILE_COLUMNS = (
    *COLUMNS,
    Column(
        "time_ns",
        "time in ns since 1970, for readers whose times have microseconds",
        INT64,
        fill=by_batch(lambda source: source.rows.times),
        jsonl=Absent("time has nanoseconds there"),
        parquet=Parquet.DELTA,
    ),
    Column(
        "wire_header",
        "header bytes, of a frame whose header is not the shortest",
        BINARY,
        build=arrowfills.build_wire_header,
        jsonl=Json.PRESENT,
        parquet=Parquet.PLAIN,
        is_read=True,
    ),
    Column(
        "wire_payload",
        "unmasked payload on the wire, of a frame that an extension changed",
        LARGE_BINARY_NA,
        build=arrowfills.build_wire_payload,
        jsonl=Json.PRESENT,
        parquet=Parquet.BULKY,
        is_read=True,
    ),
)
"""Columns of a file: those of the DataFrame, one for exact times, and two that rebuild the bytes of the wire."""

WHOLE_ROWS = {
    ".pcapng": "its run blocks have the rows themselves, from which every column is filled again",
    ".har": "its run blocks have the rows themselves, from which every column is filled again",
    ".pcap": "is only read: its columns are filled from the packets",
}
"""Formats without columns, and why they need no row of the table."""
