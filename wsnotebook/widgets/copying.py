"""copied(): rows as text for the clipboard, exact and not escaped: what is pasted is what came."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wsnotebook.log.code import connection_of
from wsnotebook.widgets.row import Row
from wsnotebook.workbench.curl import curl_line

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.connections import Connection

__all__ = ["FORMATS", "copied", "lack_of"]

MOST_BYTES = 8 << 20  # of payload: more is a file, not a clipboard


def copied(log: FrameLog, rows: Iterable[Row], form: str) -> str:
    """Return rows of a log in one of FORMATS: their payloads, or the handshakes of their connections.

    Raises:
        ValueError: there is no such format, or the rows are too large.
    """
    if form not in FORMATS:
        raise ValueError(f"{form!r} is no format: one of {', '.join(FORMATS)}.")
    rows = list(rows)
    if (size := sum(len(row.payload) for row in rows)) > MOST_BYTES:
        raise ValueError(
            f"{size:,} bytes are too many to copy: select fewer rows, or save table.selected to a file."
        )
    return FORMATS[form](log.connections, rows)


def lack_of(selected: int, found: int) -> str:
    """Return a sentence about selected rows that the log has dropped since; empty where it has them all.

    Raises:
        ValueError: nothing is selected, or it has dropped all.
    """
    if not selected:
        raise ValueError("there is no selected row to copy: select rows first, by a click on each with Ctrl.")
    which = "the" if found == 0 else f"{selected - found:,} of the"
    lack = (
        f"{which} {selected:,} selected rows are not in the log any more, which keeps the newest only: "
        "FrameLog(spill=True) keeps all."
    )
    if not found:
        raise ValueError(lack)
    return lack if found < selected else ""


def _value(row: Row) -> str | bytes:
    """Return the str of a text, or the bytes of everything else."""
    payload = bytes(row.payload)
    if row.is_text:
        try:
            return payload.decode()
        except UnicodeDecodeError:
            pass
    return payload


def _text(connections: Sequence[Connection], rows: list[Row]) -> str:
    return "\n".join(str(row.payload, "utf-8", "replace") for row in rows)


def _json(connections: Sequence[Connection], rows: list[Row]) -> str:
    return json.dumps([_object(row) for row in rows], ensure_ascii=False, indent=1)


def _json_lines(connections: Sequence[Connection], rows: list[Row]) -> str:
    return "\n".join(json.dumps(_object(row), ensure_ascii=False) for row in rows)


def _curl(connections: Sequence[Connection], rows: list[Row]) -> str:
    chosen = dict.fromkeys(connections[connection_of(row.code)] for row in rows)
    known = [each for each in chosen if each.request]
    if not known:
        raise ValueError("the log has no handshake of the selected rows: select rows of another connection.")
    return "\n".join(curl_line(each.url, each.request) for each in known)


def _object(row: Row) -> dict[str, object]:
    value = _value(row)
    content = {"text": value} if isinstance(value, str) else {"base64": base64.b64encode(value).decode()}
    return {
        "seq": row.seq,
        "time": None if row.time_ns is None else _utc(row.time_ns),
        "direction": "out" if row.is_sent else "in",
        "opcode": row.opcode,
        **content,
    }


def _utc(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"


def _python(connections: Sequence[Connection], rows: list[Row]) -> str:
    return "".join(("[\n", *(f"    {_value(row)!r},\n" for row in rows), "]"))


FORMATS: dict[str, Callable[[Sequence[Connection], list[Row]], str]] = {
    "text": _text,
    "JSON": _json,
    "JSONL": _json_lines,
    "hex": lambda connections, rows: "\n".join(bytes(row.payload).hex(" ") for row in rows),
    "base64": lambda connections, rows: "\n".join(base64.b64encode(row.payload).decode() for row in rows),
    "Python": _python,
    "cURL of the handshake": _curl,
}
"""A line a row; JSON is a list of objects, Python a list of str and bytes, cURL a line a connection."""
