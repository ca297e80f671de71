"""JSONL: a line for the log, then one frame a line, for any tool that reads JSON.

The first line has the key ``wsnotebook``: connections with their handshakes, events, counts. A frame's payload is
``text`` or ``base64``; a key without a value is left out. All is ASCII: ``head`` in a terminal is safe. With pandas
alone: skip the first line, which turns all numbers into floats, and pass dtype=False, or "0012" becomes 12.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from wsnotebook.errors import FileError
from wsnotebook.files.content import DAMAGED_GZIP, open_plain
from wsnotebook.files.header import Header, number_from, status_from
from wsnotebook.files.jsontext import parse
from wsnotebook.files.rowbuilder import Row, RowBuilder
from wsnotebook.files.runningframes import RunningFrames
from wsnotebook.log.code import DIRECTIONS, pack_code
from wsnotebook.log.columns import BINARY, INDEX, LARGE_BINARY, TIME, Column, Json
from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.restore import NO_TIME, batches_of
from wsnotebook.log.rows import Rows
from wsnotebook.wire.batch import Flag, first_byte
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["encode", "frame_lines", "read", "write"]

_MAX_LINE = 1 << 30  # bytes; 500 times a frame of the usual limit
_MAX_SKELETON = 4096  # bytes of a line beside its strings: it has at most one key a column
_INT64 = 1 << 63
_WRONG = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    *DAMAGED_GZIP,
)  # raised by values of another kind
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_NO_STAMP = "NaTZ"  # what numpy makes of a row without a time
_CONTINUATION = OPCODE_NAMES[Opcode.CONTINUATION]
_ENCODER = json.JSONEncoder(separators=(",", ":"))
_SOME_LINES = (Json.PRESENT, Json.UNLESS_TEXT)


def write(header: Header, runs: Iterable[Rows], path: Path, running: RunningFrames | None = None) -> None:
    """Write a header and its rows to a JSONL file.

    Args:
        header: the first line.
        runs: the rows, in order.
        path: the file.
        running: has the table of columns and the messages that are open before the first row.
    """
    running = running or RunningFrames()
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(encode({"wsnotebook": header.to_dict()}))
        for rows in runs:
            file.writelines(map(encode, frame_lines(rows, header.connections, running)))


def encode(line: dict[str, Any]) -> str:
    """Return the keys and values of a line as JSON, with the line end."""
    return _ENCODER.encode(line) + "\n"


def frame_lines(
    rows: Rows, connections: Sequence[Connection], running: RunningFrames
) -> Iterator[dict[str, Any]]:
    """Yield the keys and values of each row of the next run."""
    df = running.dataframe(rows, connections)
    columns = running.columns
    always = [column for column in (INDEX, *columns) if column.jsonl is Json.ALWAYS]
    names = [column.name for column in always]
    lists = [_plain(column, df.index if column is INDEX else df[column.name]) for column in always]
    present = [(_key(column), _present(column, df)) for column in columns if column.jsonl in _SOME_LINES]
    present = [(key, by_row) for key, by_row in present if by_row]
    for row, values in enumerate(zip(*lists, strict=True)):
        line = dict(zip(names, values, strict=True))
        for key, by_row in present:
            if row in by_row:
                line[key] = by_row[row]
        yield line


def _key(column: Column) -> str:
    return "base64" if column.jsonl is Json.UNLESS_TEXT else column.name


def _present(column: Column, df: pd.DataFrame) -> dict[int, Any]:
    """Return the values that are not missing, by row."""
    is_there = df["text"].isna() if column.jsonl is Json.UNLESS_TEXT else df[column.name].notna()
    there = np.flatnonzero(is_there.to_numpy())
    return dict(zip(there.tolist(), _plain(column, df[column.name].iloc[there]), strict=True))


def _plain(column: Column, values: Any) -> list[Any]:
    """Return values of types that JSON has."""
    encode = _ENCODE.get(column.kind.pandas)
    if encode is not None:
        return encode(values)
    if column.kind.if_reported == values.dtype:
        values = values.astype(object).where(values.notna(), None)
    plain: list[Any] = values.tolist()
    return plain


def _stamps(times: pd.Series[pd.Timestamp]) -> list[Any]:
    ns = times.to_numpy("M8[ns]")
    starts, counts = batches_of(ns)  # the frames of one read have one time
    stamps = np.char.add(np.datetime_as_string(ns[starts], unit="ns"), "Z")
    values: list[Any] = np.repeat(stamps, counts).tolist()
    return [None if value == _NO_STAMP else value for value in values] if np.isnat(ns).any() else values


def _hex(values: pd.Series[Any]) -> list[Any]:
    return [data.hex() for data in values.tolist()]


def _base64(values: pd.Series[Any]) -> list[Any]:
    return [base64.b64encode(data).decode() for data in values.tolist()]


_ENCODE: dict[str, Callable[[Any], list[Any]]] = {
    TIME.pandas: _stamps,
    BINARY.pandas: _hex,
    LARGE_BINARY.pandas: _base64,
}
"""Encoder of each dtype that JSON lacks."""


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a JSONL file.

    Raises:
        FileError: the file is damaged; from the iterator too, which names the line.
    """
    file = open_plain(path)
    try:
        header = _header(file)
    except _WRONG as error:
        file.close()
        raise FileError(path, "line 1", _sentence(error)) from error
    return header, _read_rows(path, file, header)


def _read_rows(path: Path, file: BinaryIO, header: Header) -> Iterator[Rows]:
    """Yield the rows of the lines after the header's, and close the file."""
    number = 1
    rows = RowBuilder(header.first)
    reported = {number for number, connection in enumerate(header.connections) if connection.is_reported}
    with file:
        try:
            while line := file.readline(_MAX_LINE):
                number += 1
                if rows.is_full:
                    yield rows.take(len(header.connections))
                rows.add(_row(parse(_whole(line), _MAX_SKELETON), rows.next, reported))
            yield rows.take(len(header.connections))
        except _WRONG as error:
            raise FileError(path, f"line {number}", _sentence(error)) from error
    count = rows.next - header.first
    if count != header.rows:
        raise FileError(path, f"line {number}", f"the file ends after {count} of {header.rows} frames")


def _whole(line: bytes) -> bytes:
    if not line.endswith(b"\n"):
        raise ValueError(
            "the line is cut off" if len(line) < _MAX_LINE else f"a line of more than {_MAX_LINE} bytes"
        )
    return line


def _header(file: BinaryIO) -> Header:
    values = parse(_whole(file.readline(_MAX_LINE)))
    if not isinstance(values, dict) or "wsnotebook" not in values:
        raise ValueError(
            "not written by log.save(): FrameLog.from_frames(pandas.read_json(path, lines=True, dtype=False)) makes a log of it"
        )
    return Header.from_dict(values["wsnotebook"])


def _row(values: dict[str, Any], seq: int, reported: Collection[int]) -> Row:
    """Return the row of a line; a browser has told the messages of the connections in ``reported``."""
    if values["seq"] != seq:
        raise ValueError(
            f"seq is {values['seq']!r} where {seq} follows; pandas.read_json() reads the file as it is"
        )
    head = _head(values["opcode"], values["fin"], values["rsv1"], values["rsv2"], values["rsv3"])
    text = values.get("text")
    flags = status_from(values["status"]) | (Flag.TEXT if text is not None else 0)
    if values["opcode"] == _CONTINUATION and "message" in values:
        flags |= Flag.CONTINUES
    detail = values.get("detail")
    if detail is not None and not isinstance(detail, str):
        raise ValueError("detail is not text")
    mask_key = _bytes(values.get("mask_key"), 4)
    if mask_key is None and values["masked"] is True and values["connection"] in reported:
        mask_key = UNKNOWN_KEY
    return Row(  # by position: ten keywords would cost a twentieth of reading the line
        head,
        flags,
        text.encode() if text is not None else base64.b64decode(values["base64"], validate=True),
        _time(values["time"]),
        number_from(values["monotonic"], -_INT64, _INT64),
        pack_code(number_from(values["connection"], 0, 1 << 30), DIRECTIONS.index(values["direction"])),
        mask_key,
        base64.b64decode(values["wire_payload"], validate=True) if "wire_payload" in values else None,
        _bytes(values.get("wire_header"), None),
        detail,
    )


@lru_cache(1024, typed=True)  # most frames of a log have one of a few; 1 is not True
def _head(opcode: Any, *bits: Any) -> int:
    fin, rsv1, rsv2, rsv3 = (bit is True for bit in bits)
    return first_byte(OPCODE_NAMES.index(opcode), fin, rsv1, rsv2, rsv3)


@lru_cache(1024)  # the frames of one read have one time
def _time(text: Any) -> int:
    if text is None:
        return NO_TIME
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise ValueError(f"time is {text!r}, not as 2024-01-31T12:00:00.123456789Z")
    return int(np.datetime64(text[:-1], "ns").astype(np.int64))


def _bytes(text: Any, size: int | None) -> bytes | None:
    if text is None:
        return None
    data = bytes.fromhex(text)
    if size is not None and len(data) != size:
        raise ValueError(f"{text!r} has not {size} bytes")
    return data


def _sentence(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error)
