"""Two frames beside each other for the inspector: how far they are apart, and what differs in their messages.

JSON is compared by paths, as wsnotebook.compare() does; other texts by lines, binary by lines of hex. All text of a peer is
escaped by safe_text() here.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from itertools import islice
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

from wsnotebook.safetext import safe_text
from wsnotebook.widgets.messagefragments import fragments_of
from wsnotebook.widgets.payloadviews import JSON_BYTES, View, hex_dump
from wsnotebook.widgets.row import Row, ns_between, rows_at

if TYPE_CHECKING:
    from wsnotebook.analysis.differences import Difference
    from wsnotebook.files.framelog import FrameLog

__all__ = ["describe_difference"]

LINES = 2000  # of each side: difflib takes up to the square of them
HEX_BYTES = LINES * 16
MOST_CHANGES = 1000  # in one view: more lines make the page slow
VALUE_CHARACTERS = 200  # of one value in a line
LINE_CHARACTERS = 2000


def describe_difference(log: FrameLog, seqs: list[int]) -> dict[str, Any]:
    """Return the fields and views of two frames, as inspector.describe() does of one.

    Raises:
        ValueError: they are not two, or the log has dropped one.
    """
    rows = list(rows_at(log, sorted(seqs)))
    if len(rows) != 2:
        raise ValueError(f"two frames can be compared, and {len(rows)} of the selected ones are in the log.")
    before, after = rows
    fields = [
        ("from", _name(before)),
        ("to", _name(after)),
        ("time", _duration(ns_between(before, after))),
        ("payload", _sizes(before.length, after.length)),
    ]
    if before.wire_length is not None and after.wire_length is not None:
        fields.append(("on the wire", _sizes(before.wire_length, after.wire_length)))
    views = _views(*(_message(log, row) for row in rows))
    return {
        "title": f"frame {before.seq} to {after.seq}",
        "fields": [[name, safe_text(value)] for name, value in fields],
        "views": [view.to_dict() for view in views],
    }


def _name(row: Row) -> str:
    return f"{row.seq}, {row.opcode}, {'sent' if row.is_sent else 'received'}"


def _duration(duration_ns: int | None) -> str:
    return "not known" if duration_ns is None else f"{duration_ns / 1e9:+,.9f} s"


def _sizes(before: int, after: int) -> str:
    return f"{after - before:+,} {'byte' if abs(after - before) == 1 else 'bytes'} ({before:,} to {after:,})"


def _message(log: FrameLog, row: Row) -> str | bytes:
    """Return the whole message of a frame: its text, or its bytes where it is none."""
    fragments = fragments_of(log, row)
    parts = fragments.rows if fragments else [row]
    payload = b"".join(bytes(part.payload) for part in parts)
    try:
        return payload.decode() if parts[0].is_text else payload
    except UnicodeDecodeError:
        return payload


def _views(before: str | bytes, after: str | bytes) -> list[View]:
    if before == after:
        return [View("Changes", "", "The messages are the same.")]
    if isinstance(before, bytes) or isinstance(after, bytes):
        return [_hex_lines(*(each.encode() if isinstance(each, str) else each for each in (before, after)))]
    changes = _json_changes(before, after)
    return [*([] if changes is None else [changes]), _lines("Lines", before.splitlines(), after.splitlines())]


def _json_changes(before: str, after: str) -> View | None:
    """Return the paths at which two JSON texts differ; None where one is no object or array, has equal keys, or is too large."""
    from wsnotebook.analysis.differences import differences  # only for who compares: it loads pandas

    if max(len(before), len(after)) > JSON_BYTES:
        return None
    values = [_parsed(text) for text in (before, after)]
    if not all(isinstance(value, (dict, list)) for value in values):
        return None
    try:
        found = [_change(each) for each in differences(*values)]
    except RecursionError:  # too deep to be compared by paths
        return None
    if not found:
        return View("Changes", "", "The values are the same: their order, spaces or notation differ.")
    note = (
        f"the first {MOST_CHANGES:,} of {len(found):,} changes; wsnotebook.compare() has all"
        if len(found) > MOST_CHANGES
        else f"{len(found):,} {'change' if len(found) == 1 else 'changes'}"
    )
    return View("Changes", safe_text("\n".join(found[:MOST_CHANGES]), keep="\n"), note)


def _parsed(text: str) -> Any:
    """Return a JSON value with its numbers as exact as they are written; None where there is none, or a key is there twice."""
    try:
        return json.loads(text, parse_float=_number, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)  # as float 1e400 and 1e500 are the same
    except InvalidOperation:  # of an exponent of nineteen digits
        return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")  # the value before would be lost
    return found


def _change(difference: Difference) -> str:
    from wsnotebook.analysis.differences import ABSENT  # as above

    path = safe_text(difference.path) or "the whole"
    if difference.before is ABSENT:
        return f"+ {path}: {_written(difference.after)}"
    if difference.after is ABSENT:
        return f"- {path}: {_written(difference.before)}"
    return f"~ {path}: {_written(difference.before)} → {_written(difference.after)}"


def _written(value: Any) -> str:
    text = _json(value)
    return text if len(text) <= VALUE_CHARACTERS else f"{text[: VALUE_CHARACTERS - 1]}…"


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_json(key)}: {_json(inner)}' for key, inner in value.items())}}}"
    return json.dumps(value, ensure_ascii=False)


def _hex_lines(before: bytes, after: bytes) -> View:
    note = f"of the first {HEX_BYTES:,} bytes of each" if max(len(before), len(after)) > HEX_BYTES else ""
    dumps = [hex_dump(each[:HEX_BYTES]).splitlines() for each in (before, after)]
    view = _lines("Bytes", *dumps)
    return view._replace(note=note or view.note)


def _lines(name: str, before: list[str], after: list[str]) -> View:
    if len(before) == len(after) == 1 and before != after:
        return _line(name, before[0], after[0])
    note = f"of the first {LINES:,} lines of each" if max(len(before), len(after)) > LINES else ""
    found = list(_changed_lines(before[:LINES], after[:LINES]))
    return View(name, "\n".join(found), note or ("" if found else "No line differs: their ends do."))


def _line(name: str, before: str, after: str) -> View:
    """Return two lines from shortly before the first difference on."""
    place = len(commonprefix([before, after]))
    start = max(0, place - LINE_CHARACTERS // 4)
    lines = [f"{sign}{'…' * (start > 0)}{_cut(text[start:])}" for sign, text in (("-", before), ("+", after))]
    return View(name, "\n".join(lines), f"They differ from character {place:,} on.")


def _changed_lines(before: list[str], after: list[str]) -> Iterator[str]:
    """Yield the lines of a unified diff, without the names of files."""
    lines = difflib.unified_diff(before, after, n=2, lineterm="")
    return (_cut(line) for line in islice(lines, 2, None))


def _cut(line: str) -> str:
    return safe_text(line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}…")
