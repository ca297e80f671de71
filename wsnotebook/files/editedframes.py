"""log_of_frames(): a DataFrame of frames as a log again: selected rows, edited ones, rows of several recordings.

Frames of other programs are read by foreignrows.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsnotebook.analysis.columns import (
    arrow,
    connections,
    in_order,
    need,
    ns_of,
    order_in_time,
    payloads,
    recordings,
    with_numbers,
)
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.header import Header, status_from
from wsnotebook.files.loading import to_log
from wsnotebook.files.rowcolumns import RowColumns, runs_of
from wsnotebook.log.code import DIRECTIONS, pack_code
from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.rows import Array
from wsnotebook.wire.batch import STATUSES, Flag, first_byte, minimal_header
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["log_of_frames"]

_NEEDED = ("time", "session", "direction", "opcode")
_DEFAULTS: Mapping[str, Any] = {
    "attempt": 0,
    "fin": True,
    "rsv1": False,
    "rsv2": False,
    "rsv3": False,
    "masked": False,
    "mask_key": None,
    "status": "ok",
    "detail": None,
}
"""Columns that may be absent, and their values then."""
_IDENTITY = ("recording", "connection", "session", "attempt")


def log_of_frames(df: pd.DataFrame) -> FrameLog:
    """Return a log of the frames of a DataFrame, with their handshakes where ``df.attrs`` has them.

    The rows come in the order of record, those of several recordings by time, and are numbered anew. Each recording keeps
    its own order, also where its wall clock was set back. Lengths are those of the payloads, and a compressed message is as
    if it had been sent without compression: the DataFrame has no compressed bytes.

    Raises:
        ValueError: columns of a row contradict each other; the message names the row and what to do.
        AttributeError: columns are missing; the message names them.
    """
    need(df.columns, _NEEDED, "df.ws.to_log()")
    rows = in_order(with_numbers(df))
    recording = recordings(rows)
    if len(np.unique(recording)) > 1:
        rows = rows.take(order_in_time(ns_of(rows["time"]), recording))
    numbers, handshakes = _connections(rows, df.attrs)
    header = Header(0, len(rows), handshakes, [], 0, 0)
    are_reported = np.array([each.is_reported for each in handshakes], bool)[numbers]
    return to_log(header, runs_of(_frames(rows, numbers, are_reported), len(handshakes)))


def _connections(rows: pd.DataFrame, attrs: Mapping[Any, Any]) -> tuple[Any, list[Connection]]:
    """Return the number of the connection of each row, and the connections, in order of appearance."""
    names = [name for name in _IDENTITY if name in rows.columns]
    keys = rows[names].astype({name: object for name in names})
    numbers = keys.groupby(names, sort=False, dropna=False).ngroup().to_numpy(np.int64)
    firsts = np.unique(numbers, return_index=True)[1]
    known = attrs.get("wsnotebook", {}).get("connections", ())
    opened = ns_of(rows["time"].iloc[firsts]).tolist()
    return numbers, [
        _connection(dict(of), known, time_ns)
        for of, time_ns in zip(keys.iloc[firsts].to_dict("records"), opened, strict=True)
    ]


def _connection(of: dict[Any, Any], known: Any, time_ns: int) -> Connection:
    """Return the connection of rows: the one with their handshake, or one with their names alone."""
    for each in known:
        if all(each.get(name, value) == value for name, value in of.items()):
            return Connection.from_dict(each)
    recording, session, attempt = str(of.get("recording", "")), str(of["session"]), int(of.get("attempt", 0))
    return Connection(session, attempt, opened_ns=time_ns, recording=recording)


def _payloads(rows: pd.DataFrame) -> tuple[Any, Array]:
    """Return the payloads (large_binary), and which are the text of a text message.

    Raises:
        ValueError: ``text`` and ``payload`` differ, or a row has neither.
        AttributeError: there is neither column.
    """
    payload = payloads(rows) if "payload" in rows.columns else None
    if payload is None:
        need(rows.columns, ("text",), "df.ws.to_log()")
    text = (
        arrow(rows["text"], pa.large_string())
        if "text" in rows.columns
        else pa.nulls(len(rows), pa.large_string())
    )
    as_bytes = text.cast(pa.large_binary())
    if payload is None:
        payload = as_bytes
        _refuse(rows, payload.is_null(), "has no text, and there is no column payload: keep that column")
    else:
        differs = pc.fill_null(pc.not_equal(as_bytes, payload), False)
        _refuse(
            rows,
            differs,
            "has a text that is not its payload: drop the column that was not edited, "
            "df.drop(columns='payload') or df.drop(columns='text')",
        )
        _refuse(rows, payload.is_null(), "has no payload: write b'' where it is empty")
    if "text" in rows.columns:
        return payload, np.asarray(text.is_valid())
    are_texts = _of_text_messages(rows)
    are_texts[are_texts] = [_is_utf8(value.as_py()) for value in payload.filter(pa.array(are_texts))]
    return payload, are_texts


def _of_text_messages(rows: pd.DataFrame) -> Array:
    """Return which rows are text frames, or continue one."""
    is_text = rows["opcode"].eq("text")
    if "message" in rows.columns:
        of = [connections(rows), rows["message"].to_numpy(np.int64, na_value=-1)]
        is_text |= (
            rows["opcode"].eq("continuation") & rows["message"].notna() & is_text.groupby(of).transform("any")
        )
    return is_text.to_numpy(bool, copy=True)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refuse(rows: pd.DataFrame, is_wrong: Any, sentence: str) -> None:
    wrong = np.flatnonzero(np.asarray(is_wrong))
    if len(wrong):
        raise ValueError(f"the frame of seq {rows.index[wrong[0]]} {sentence}")


def _frames(rows: pd.DataFrame, numbers: Array, are_reported: Array) -> RowColumns:
    payloads, are_texts = _payloads(rows)
    statuses = np.array(_meanings(rows, "status", status_from), np.uint8)
    is_ok = statuses == Flag.OK
    opcodes = np.array(_meanings(rows, "opcode", OPCODE_NAMES.index), np.uint8)
    # Of a frame that breaks no rule an extension used up the RSV bits, and what it made of the payload is not here.
    fin, *rsv = (_bits(rows, name) for name in ("fin", "rsv1", "rsv2", "rsv3"))
    heads = first_byte(opcodes, fin, *(bits & ~is_ok for bits in rsv)).astype(np.uint8)
    is_masked = _bits(rows, "masked").astype(bool)
    flags = statuses | Flag.TEXT * are_texts | Flag.CONTINUES * _continues(rows) | Flag.MASKED * is_masked
    keys = _mask_keys(rows, is_masked, are_reported)
    headers = _headers(rows, _are_cut(rows, statuses), heads, payloads, is_masked, keys)
    flags[list(headers)] |= Flag.HEADER
    sent = np.array(_meanings(rows, "direction", DIRECTIONS.index), np.int64)
    details = _column(rows, "detail")
    times = ns_of(rows["time"])
    return RowColumns(
        times,
        _monotonic(rows, times),
        pack_code(numbers, sent).astype(np.int32),
        heads,
        flags.astype(np.uint8),
        payloads,
        {int(row): str(details.iloc[row]) for row in np.flatnonzero(details.notna().to_numpy())},
        keys,
        headers,
    )


def _monotonic(rows: pd.DataFrame, times: Array) -> Array:
    """Return the monotonic clock of each row, where it is missing the wall clock."""
    if "monotonic" not in rows.columns:
        return times
    known = rows["monotonic"].to_numpy(np.int64, na_value=0)
    return np.where(rows["monotonic"].isna(), times, known)


def _column(rows: pd.DataFrame, name: str) -> pd.Series[Any]:
    """Return a column, or its default in each row."""
    return rows[name] if name in rows.columns else pd.Series(_DEFAULTS[name], rows.index, object)


def _bits(rows: pd.DataFrame, name: str) -> Array:
    """Return a column of bool as 0 and 1; what is missing is 0."""
    return np.asarray(_column(rows, name).astype("boolean").to_numpy(np.uint8, na_value=0), np.uint8)


def _meanings(rows: pd.DataFrame, name: str, meaning: Callable[[Any], int]) -> Any:
    """Return the number of each word of a column.

    Raises:
        ValueError: a word has none; the message names its row.
    """
    places, words = pd.factorize(_column(rows, name), use_na_sentinel=False)
    numbers = []
    for place, word in enumerate(words):
        try:
            numbers.append(meaning(word))
        except ValueError:
            seq = rows.index[int(np.argmax(places == place))]
            known = ", ".join(_WORDS[name])
            raise ValueError(
                f"the frame of seq {seq} has the {name} {word!r}: write one of {known}"
            ) from None
    return np.array(numbers, np.int64)[places]


_WORDS = {"opcode": OPCODE_NAMES[: Opcode.PONG + 1], "status": STATUSES.values(), "direction": DIRECTIONS}


def _continues(rows: pd.DataFrame) -> Array:
    """Return which rows continue a message that is open."""
    continues = rows["opcode"].eq("continuation").to_numpy(bool)
    return continues & rows["message"].notna().to_numpy(bool) if "message" in rows.columns else continues


def _mask_keys(rows: pd.DataFrame, is_masked: Array, are_reported: Array) -> bytes:
    """Return the keys of masked frames, end to end; of those that a browser has told nobody knows it."""
    masked = np.flatnonzero(is_masked)
    keys = _column(rows, "mask_key").to_numpy(object)[masked]
    lack = [
        place for place, key in enumerate(keys) if not isinstance(key, bytes | bytearray) or len(key) != 4
    ]
    is_wrong = np.zeros(len(rows), bool)
    is_wrong[masked[lack]] = True
    _refuse(
        rows,
        is_wrong & ~are_reported,
        "is masked and has no mask_key of 4 bytes: keep both columns, or drop both",
    )
    keys[lack] = [UNKNOWN_KEY] * len(lack)
    return b"".join(keys)


def _are_cut(rows: pd.DataFrame, statuses: Array) -> Array:
    """Return which frames lack bytes that their header declares; a rule that such a frame breaks is named before that."""
    are_cut: Array = np.isin(statuses, (Flag.TRUNCATED, Flag.OVERSIZED))
    if {"length", "wire_length"} <= set(rows.columns):
        lack = rows["wire_length"].lt(rows["length"]).to_numpy(bool, na_value=False)
        are_cut |= (statuses == Flag.VIOLATION) & lack
    return are_cut


def _headers(
    rows: pd.DataFrame, is_cut: Array, heads: Array, payloads: Any, is_masked: Array, keys: bytes
) -> dict[int, bytes]:
    """Return the headers of frames whose length is more than their payload."""
    if "length" not in rows.columns or not is_cut.any():
        return {}
    lengths = rows["length"].to_numpy(np.int64, na_value=0)
    places = 4 * (np.cumsum(is_masked) - 1)
    found = {}
    for row in np.flatnonzero(is_cut).tolist():
        if lengths[row] > len(payloads[row].as_py()):
            key = keys[places[row] : places[row] + 4] if is_masked[row] else None
            found[row] = minimal_header(int(heads[row]), int(lengths[row]), key)
    return found
