"""JSONL: a line for the log, then one frame a line, for any tool that reads JSON.

The first line has the key ``wsnotebook``: connections with their handshakes, events, counts. A frame's payload is
``text`` or ``base64``; a key without a value is left out. All is ASCII: ``head`` in a terminal is safe. With pandas
alone: skip the first line, which turns all numbers into floats, and pass dtype=False, or "0012" becomes 12.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from wsnotebook.errors import FileError
from wsnotebook.files.header import Header, RunningFrames, number_from, status_from
from wsnotebook.files.jsontext import parse
from wsnotebook.files.rowbuilder import Row, RowBuilder
from wsnotebook.log.code import DIRECTIONS, connection_of, pack_code
from wsnotebook.log.segment import Rows
from wsnotebook.wire.batch import Flag, first_byte, opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = ["read", "write"]

_MAX_LINE = 1 << 30  # bytes; 500 times a frame of the usual limit
_MAX_SKELETON = 4096  # bytes of a line beside its strings: it has at most 26 keys
_INT64 = 1 << 63
_WRONG = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
)  # raised by values of another kind
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
_ALWAYS = (
    "monotonic session attempt connection direction opcode fin rsv1 rsv2 rsv3 masked length wire_length frame_length "
    "status"
).split()
_SOMETIMES = ("message", "close_code", "close_reason", "detail", "text")


def write(header: Header, runs: Iterable[Rows], path: Path) -> None:
    """Write a header and its rows to a JSONL file."""
    encode = json.JSONEncoder(separators=(",", ":")).encode
    with path.open("w", encoding="ascii", newline="\n") as file:
        file.write(encode({"wsnotebook": header.to_dict()}) + "\n")
        running = RunningFrames()
        for rows in runs:
            df = running.dataframe(rows, header.connections)
            file.writelines(encode(row) + "\n" for row in _lines(rows, df))


def _lines(rows: Rows, df: Any) -> Iterator[dict[str, Any]]:
    """Yield the values of each row."""
    df = df.assign(connection=np.repeat(connection_of(rows.codes), rows.counts))
    stamps = np.datetime_as_string(rows.times.view("M8[ns]"), unit="ns")
    times = np.repeat(np.strings.add(stamps, "Z"), rows.counts).tolist()
    always = zip(
        range(rows.first, rows.first + len(rows)),
        times,
        *(df[name].tolist() for name in _ALWAYS),
        strict=True,
    )
    sometimes = [(name, dict(zip(*_present(df[name]), strict=True))) for name in _SOMETIMES]
    key_places = iter(range(0, len(rows.mask_keys), 4))
    wire_ends = iter(rows.wire_offsets[1:].tolist())
    wire, wire_at = memoryview(rows.wire), int(rows.wire_offsets[0])
    names = ("seq", "time", *_ALWAYS)
    for place, (flags, values) in enumerate(zip(rows.flags.tolist(), always, strict=True)):
        row = dict(zip(names, values, strict=True))
        if flags & Flag.MASKED:
            at = next(key_places)
            row["mask_key"] = rows.mask_keys[at : at + 4].hex()
        row.update((name, column[place]) for name, column in sometimes if place in column)
        if not flags & Flag.TEXT:
            row["base64"] = base64.b64encode(rows.payload_at(place)).decode()
        if flags & Flag.CHANGED:
            wire_end = next(wire_ends)
            row["wire_payload"] = base64.b64encode(wire[wire_at:wire_end]).decode()
            wire_at = wire_end
        if flags & Flag.HEADER:
            row["wire_header"] = rows.headers[place].hex()
        yield row


def _present(column: Any) -> tuple[list[int], list[Any]]:
    """Return the row numbers and the values that are not missing."""
    there = column.notna().to_numpy()
    return np.flatnonzero(there).tolist(), column[there].tolist()


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of a JSONL file.

    Raises:
        FileError: the file is damaged; from the iterator too, which names the line.
    """
    file = path.open("rb")
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
    with file:
        try:
            while line := file.readline(_MAX_LINE):
                number += 1
                if rows.is_full:
                    yield rows.take(len(header.connections))
                rows.add(_row(parse(_whole(line), _MAX_SKELETON), rows.next))
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
            "not written by log.save(); pandas.read_json(path, lines=True, dtype=False) reads it as a DataFrame"
        )
    return Header.from_dict(values["wsnotebook"])


def _row(values: dict[str, Any], seq: int) -> Row:
    """Return the row of a line."""
    if values["seq"] != seq:
        raise ValueError(
            f"seq is {values['seq']!r} where {seq} follows; pandas.read_json() reads the file as it is"
        )
    head = first_byte(
        OPCODE_NAMES.index(values["opcode"]),
        *(values[name] is True for name in ("fin", "rsv1", "rsv2", "rsv3")),
    )
    text = values.get("text")
    flags = status_from(values["status"]) | (Flag.TEXT if text is not None else 0)
    if opcode_of(head) == Opcode.CONTINUATION and "message" in values:
        flags |= Flag.CONTINUES
    detail = values.get("detail")
    if detail is not None and not isinstance(detail, str):
        raise ValueError("detail is not text")
    return Row(
        head=head,
        flags=flags,
        payload=text.encode() if text is not None else base64.b64decode(values["base64"], validate=True),
        time_ns=_time(values["time"]),
        monotonic_ns=number_from(values["monotonic"], -_INT64, _INT64),
        code=pack_code(number_from(values["connection"], 0, 1 << 30), DIRECTIONS.index(values["direction"])),
        mask_key=_bytes(values.get("mask_key"), 4),
        wire=base64.b64decode(values["wire_payload"], validate=True) if "wire_payload" in values else None,
        header=_bytes(values.get("wire_header"), None),
        detail=detail,
    )


@lru_cache(1024)  # the frames of one read have one time
def _time(text: Any) -> int:
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
