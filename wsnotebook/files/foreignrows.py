"""The rows of a table, or of any values of time, direction and payload, that another program recorded.

Which column is what, and how its values are read, are foreigncolumns.py, foreigntimes.py and foreignpayloads.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.columns import CORE, byte_codes, check_index, in_order, order_in_time, recordings
from wsnotebook.analysis.copies import checked_rows
from wsnotebook.analysis.repeats import check_repeats
from wsnotebook.analysis.seqs import has_seq
from wsnotebook.files.foreigncolumns import (
    REMEDY,
    ROLES,
    Columns,
    columns_of,
    direction_in,
    direction_of,
    flag_of,
    opcode_of,
)
from wsnotebook.files.foreignpayloads import ENCODINGS, UNKNOWN, Payloads, payloads_of
from wsnotebook.files.foreigntimes import UNITS, times_ns
from wsnotebook.files.header import Header, status_from
from wsnotebook.files.rowcolumns import RowColumns, runs_of
from wsnotebook.log.code import connection_of, pack_code
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rows import Array, Rows
from wsnotebook.wire.batch import Flag, first_byte
from wsnotebook.wire.frames import Opcode

__all__ = ["read_frames"]

_SESSION = "frames"  # name of the session of a table that names none
_SHORT = ("time", "direction", "payload", "opcode")  # fields of a frame in a tuple
_NUMBERS = ("seq", "monotonic", "message")  # columns of ours that say the order of record
_UNKNOWN = (
    "the rows are of another program: mask, fragments, compression and control frames are as far as it knew"
)
_RELATIVE = "the times are of a clock that does not begin in 1970"
_JSON = "payloads that were values of JSON are written as JSON without spaces: their bytes on the wire are not known"


def read_frames(
    frames: Any, named: Mapping[str, str | None], *, unit: str | None, encoding: str | None
) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows, by time, of frames of another program.

    Args:
        frames: as ``FrameLog.from_frames`` takes them.
        named: the column of each role that the caller names.
        unit: unit of numbers of time, or None.
        encoding: how bytes are written as text, or None.

    Raises:
        ValueError, TypeError: they are not frames, or frames are there twice.
    """
    for name, value, known in (("unit", unit, UNITS), ("encoding", encoding, ENCODINGS)):
        if value is not None and value not in known:
            raise ValueError(f"{name} is {value!r}, not one of {', '.join(map(repr, known))}")
    df = _dataframe(frames)
    check_index(df)
    recording = None
    ours = _ours(df)
    if ours is not None:
        df, recording = _in_order_of_record(checked_rows(ours, any_order=True))
    columns = columns_of(df, {role: named.get(role) for role in ROLES})
    times, is_relative = times_ns(columns.time, unit or columns.unit)
    opcodes = np.full(len(times), UNKNOWN)
    if columns.opcode is not None:
        opcodes = _meanings(columns.opcode, "opcode", opcode_of)
    payloads = payloads_of(columns.payload, opcodes, encoding)
    numbers = _numbers(columns, len(times))
    if ours is None:
        check_repeats(times, df.index, partial(_content_codes, columns, payloads, numbers))
    order = np.argsort(times, kind="stable") if recording is None else order_in_time(times, recording)
    found, sessions = _in_order(columns, times, payloads, numbers, order)
    connections = _connections(found, sessions)
    opened_ns = connections[0].opened_ns if connections else 0
    notes = [_UNKNOWN, *[_RELATIVE] * is_relative, *[_JSON] * payloads.from_json]
    events = [Event(opened_ns, opened_ns, "", "imported", note) for note in notes]
    return Header(0, len(times), connections, events, 0, 0), runs_of(found, len(connections))


def _connections(found: RowColumns, sessions: list[str]) -> list[Connection]:
    """Return the connections of frames in order, each of a session, and all of one recording."""
    starts = np.unique(connection_of(found.codes), return_index=True)[1]
    recording = _identity(found)
    return [
        Connection(session, opened_ns=opened_ns, recording=recording)
        for session, opened_ns in zip(sessions, found.times[starts].tolist(), strict=True)
    ]


def _ours(df: pd.DataFrame) -> pd.DataFrame | None:
    """Return frames of ours with numbers as numbers, which a CSV may give as text; None for those of another program."""
    if not df.columns.is_unique or not {"monotonic", "time", *CORE} <= set(df.columns):
        return None
    if df.index.name == "seq" and not pd.api.types.is_integer_dtype(df.index.dtype) and "seq" not in df:
        df = df.reset_index()
    texts = [name for name in _NUMBERS if name in df and not pd.api.types.is_numeric_dtype(df[name])]
    try:
        return df.assign(**{name: _whole_numbers(df[name]) for name in texts}) if texts else df
    except (ValueError, TypeError):
        return None


def _whole_numbers(texts: pd.Series[Any]) -> pd.Series[Any]:
    """Return the numbers that texts are; an empty one is missing.

    Raises:
        ValueError, TypeError: one is no whole number.
    """
    known = texts.astype(object).where(texts.notna() & (texts != ""), None)
    numbers = pd.to_numeric(known, dtype_backend="numpy_nullable").astype("Int64")
    return numbers if numbers.hasnans else numbers.astype(np.int64)


def _in_order_of_record(df: pd.DataFrame) -> tuple[pd.DataFrame, Array | None]:
    """Return frames of ours by ``seq`` in each recording, and the number of the recording of each.

    Where recording or ``seq`` is not known they are as they are, and there is no number.
    """
    rows = df.set_index("seq") if "seq" in df.columns else df
    if "recording" not in rows.columns or not has_seq(rows):
        return df, None
    rows = in_order(rows)
    return rows, recordings(rows)


def _numbers(columns: Columns, count: int) -> Array:
    """Return a number for each row; rows of one connection have one number."""
    codes = [_codes(values)[0] for _, values in columns.connection.items()]
    if columns.session is not None:
        places, sessions = _codes(columns.session)
        names = pd.factorize(np.array([str(session) for session in sessions], object))[0]
        codes.append(np.append(names, -1)[places])
    return _groups(codes, count)


def _content_codes(columns: Columns, payloads: Payloads, numbers: Array) -> Array:
    """Return a number for each row; rows that have all but their time in common have one number."""
    facts = (columns.direction, columns.fin)
    codes = [numbers, *(_codes(values)[0] for values in facts if isinstance(values, pd.Series))]
    codes += [payloads.opcodes, byte_codes(pd.Series(pd.arrays.ArrowExtensionArray(payloads.values)))]
    return _groups(codes, len(numbers))


def _groups(codes: list[Array], count: int) -> Array:
    """Return a number for each of ``count`` rows; rows with equal codes have one number."""
    if len(codes) < 2:
        return codes[0] if codes else np.zeros(count, np.int64)
    table = pd.DataFrame(dict(enumerate(codes)))
    return np.asarray(table.groupby([*table], sort=False).ngroup(), np.int64)


def _codes(values: pd.Series[Any]) -> tuple[Array, Any]:
    """Return a number for each value, -1 for a missing one, and the values."""
    try:
        return pd.factorize(values)
    except (TypeError, NotImplementedError):  # lists and dicts, which have no hash
        return pd.factorize(values.astype(str))


def _identity(frames: RowColumns) -> str:
    """Return the identity of the recording: the same for the same frames, so that saving them again replaces the parts."""
    digest = hashlib.blake2b(digest_size=6)
    for column in (frames.times, frames.codes, frames.heads, *frames.payloads.buffers()[1:]):
        if column is not None:
            digest.update(column)
    return digest.hexdigest()


def _dataframe(frames: Any) -> pd.DataFrame:
    """Return frames of any kind as a DataFrame.

    Raises:
        TypeError: they are of none.
    """
    if isinstance(frames, pd.DataFrame):
        return frames
    if hasattr(frames, "__arrow_c_stream__"):
        return pd.DataFrame(pa.table(frames).to_pandas(types_mapper=_nested))
    if isinstance(frames, str | bytes | Mapping) or not isinstance(frames, Iterable):
        raise TypeError(
            f"a {type(frames).__name__} is no table and no iterable of (time, direction, payload)"
        )
    rows = list(frames)
    if all(isinstance(row, Mapping) for row in rows):
        return pd.DataFrame.from_records(rows, columns=None if rows else list(_SHORT))
    for number, row in enumerate(rows):
        if not isinstance(row, Sequence) or isinstance(row, str | bytes) or len(row) not in (3, 4):
            raise TypeError(
                f"frame {number} is {row!r:.80}, not (time, direction, payload[, opcode]) or a dict; "
                "json.loads() makes dicts of lines"
            )
    fields = {name: [row[place] for row in rows] for place, name in enumerate(_SHORT[:3])}
    opcodes = [row[3] if len(row) > 3 else None for row in rows]
    return pd.DataFrame({**fields, "opcode": pd.Series(opcodes, dtype=object)})


def _nested(kind: pa.DataType) -> pd.ArrowDtype | None:
    """Return the type in which pandas keeps lists and structs exactly; as arrays of NumPy they have floats for null."""
    return pd.ArrowDtype(kind) if pa.types.is_nested(kind) else None


def _meanings(values: pd.Series[Any], role: str, meaning: Callable[[Any], int | None]) -> Array:
    """Return the meaning of each value, -1 for a missing or an empty one.

    Raises:
        ValueError: a value has none.
    """
    places, words = _codes(values)
    found = [-1 if word == "" else meaning(word) for word in words]
    if None in found:
        raise ValueError(
            f"{role} {words[found.index(None)]!r} in column {values.name!r} has no known meaning: {REMEDY[role]}"
        )
    return np.array([*found, -1], np.int64)[places]


def _in_order(
    columns: Columns, times: Array, payloads: Payloads, numbers: Array, order: Array
) -> tuple[RowColumns, list[str]]:
    """Return the frames in an order, and the session of each connection."""
    sent = _sent(columns.direction, len(times))[order]
    connections = pd.factorize(numbers[order])[0]
    firsts = order[np.unique(connections, return_index=True)[1]]
    codes = pack_code(connections, sent).astype(np.int32)
    opcodes = payloads.opcodes[order]
    fins = np.ones(len(times), np.uint8)
    if columns.fin is not None:
        fins = (_meanings(columns.fin, "fin", flag_of) != 0).astype(np.uint8)[order]  # a missing one is True
    heads = first_byte(opcodes, fins, *np.zeros((3, 1), np.uint8))
    flags = payloads.texts[order].astype(np.uint8) * np.uint8(Flag.TEXT)
    _continue(flags, opcodes, fins, codes)
    details = {}
    if columns.status is not None:
        flags |= np.maximum(_meanings(columns.status, "status", status_from), Flag.OK).astype(np.uint8)[order]
    if columns.detail is not None:
        is_there = columns.detail.notna() & (columns.detail != "")  # a CSV may be read without missing values
        there = np.flatnonzero(is_there.to_numpy()[order])
        details = {int(row): str(columns.detail.iloc[order[row]]) for row in there}
    payload = payloads.values.take(pa.array(order))
    return RowColumns(times[order], times[order], codes, heads, flags, payload, details), _sessions(
        columns, firsts
    )


def _sessions(columns: Columns, rows: Array) -> list[str]:
    """Return the name of the session of each of some rows."""
    if columns.session is not None:
        return [str(name) for name in columns.session.iloc[rows]]
    if not len(columns.connection.columns):
        return [_SESSION] * len(rows)
    known = columns.connection.iloc[rows].astype(object)
    return [" ".join(map(str, names)) for names in known.itertuples(index=False, name=None)]


def _sent(directions: pd.Series[Any] | str, count: int) -> Array:
    if isinstance(directions, str):
        return np.full(count, direction_of(directions), np.int64)
    found = _meanings(directions, "direction", direction_in(directions.name))
    if (found < 0).any():
        raise ValueError(f"row {np.argmin(found)} has no direction")
    return found


def _continue(flags: Array, opcodes: Array, fins: Array, codes: Array) -> None:
    """Mark the continuations of open messages; those of no text message are no text."""
    if not (opcodes == Opcode.CONTINUATION).any():
        return
    of_text: dict[int, bool] = {}  # whether the open message is one, by code
    rows = zip(opcodes.tolist(), fins.tolist(), codes.tolist(), strict=True)
    for row, (opcode, fin, code) in enumerate(rows):
        if opcode in (Opcode.TEXT, Opcode.BINARY):
            of_text[code] = opcode == Opcode.TEXT
        elif opcode != Opcode.CONTINUATION:
            continue
        elif code in of_text:
            flags[row] |= Flag.CONTINUES
        if opcode == Opcode.CONTINUATION and not of_text.get(code, False):
            flags[row] &= ~np.uint8(Flag.TEXT)
        if fin:
            of_text.pop(code, None)
