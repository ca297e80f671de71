"""One frame for the inspector: its fields, and the views of its payload, its message and its header.

All text of a peer is escaped by safe_text() here; the layout is in inspector.mjs.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.closemeaning import meaning_of
from wsnotebook.widgets.headerview import header_view
from wsnotebook.widgets.messagefragments import Fragments, fragments_of
from wsnotebook.widgets.payloadviews import View, continued, image_view, kind_of, views_of
from wsnotebook.widgets.row import Row, rows_of
from wsnotebook.wire.batch import FIN, RSV1, RSV2, RSV3
from wsnotebook.wire.frames import CloseReason

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.rows import Rows

__all__ = ["PREVIEW_BYTES", "describe", "part_of", "preview", "row_at"]

PREVIEW_BYTES = 256  # of a payload in the table: more than a line of any screen holds
_MESSAGE = "Message"  # the view of a whole message
_DATA = ("continuation", "text", "binary")
_BITS = {"fin": FIN, "rsv1": RSV1, "rsv2": RSV2, "rsv3": RSV3}


def preview(row: Row) -> str:
    """Return a payload in one line of at most 256 bytes: text, close code and reason, or hex."""
    payload, opcode = row.payload, row.opcode
    if opcode == "close":
        return _close_line(bytes(payload[:125]))
    head = bytes(payload[:PREVIEW_BYTES])
    more = "…" if len(payload) > len(head) else ""
    if row.is_text or (opcode in ("ping", "pong") and _is_printable(head)):
        return safe_text(_decode(head, cut=bool(more))) + more
    return head[: PREVIEW_BYTES // 4].hex(" ") + ("…" if len(payload) > PREVIEW_BYTES // 4 else "")


def describe(log: FrameLog, seq: int, *, before: Sequence[str] = ()) -> dict[str, Any]:
    """Return the fields and views of one frame.

    Args:
        log: the log.
        seq: of the frame.
        before: texts of the events before it.

    Returns:
        ``seq``; ``message``, whether the log has the ``whole`` message of a fragment or a ``part`` of it, empty where the frame is no
        fragment; ``fields``, a list of [name, value] in the order of display; and ``views``, a list of
        {name, body, note, next} as in payloadviews.View: the message of a fragment, the payload, the header. A tree of JSON
        is that of the whole message; the body of "Decoded" is asked for by a verb of its own.

    Raises:
        ValueError: the log has no such frame, or has dropped it.
    """
    row, columns = row_at(log, seq)
    *own_views, hex_view = views_of(row.payload, is_binary=row.opcode in ("binary", "close"))
    fragments = fragments_of(log, row)
    connection = log.connections[connection_of(row.code)]
    attempt = f", attempt {connection.attempt}" if connection.attempt else ""
    fields = [
        ("frame", f"{seq}, {'sent' if row.is_sent else 'received'}"),
        ("session", connection.session + attempt),
        ("message", fragments.place_of(seq) if fragments else ""),
        *_wire_fields(row, columns),
        *(("" if place else "before it", text) for place, text in enumerate(before)),
    ]
    payload = row.payload if fragments is None else memoryview(fragments.payload)  # of the whole message
    image = _picture(row, fragments, payload)
    return {
        "seq": seq,
        "message": "" if fragments is None else "part" if fragments.is_cut else "whole",
        "fields": [[name, safe_text(value)] for name, value in fields if value],
        "views": [
            view.to_dict()
            for view in (
                *_message_views(fragments, payload),
                *(view for view in own_views if fragments is None or view.name != "JSON"),
                *([] if image is None else [image]),
                *([View("Decoded", "")] if row.opcode in _DATA else []),
                hex_view,
                *([] if row.wire_length is None else [View("Header", header_view(columns.header_at(0)))]),
            )
        ],
    }


def part_of(log: FrameLog, seq: int, name: str, start: int) -> View:
    """Return a view of a frame's payload from a byte on; "Message" is that of all the fragments of its message.

    Raises:
        ValueError: the log has no such frame, or no view of this name is continued.
    """
    row, _ = row_at(log, seq)
    fragments = fragments_of(log, row) if name == _MESSAGE else None
    if fragments is None:
        return continued(row.payload, name, start)
    payload = memoryview(fragments.payload)
    kind = kind_of(payload, is_binary=fragments.rows[0].opcode == "binary")
    return _of_message(continued(payload, kind, start))


def row_at(log: FrameLog, seq: int) -> tuple[Row, Rows]:
    """Return one frame, and its columns.

    Raises:
        ValueError: the log has no such frame, or has dropped it.
    """
    with log.lock:  # both read the same state
        found = list(zip(rows_of(log, seq, seq + 1), log.rows(seq, seq + 1), strict=True))
    if not found:
        raise ValueError(f"frame {seq} is not in the log, or no more: it has {log.first} to {log.end - 1}.")
    return found[0]


def _picture(row: Row, fragments: Fragments | None, payload: memoryview) -> View | None:
    """Return the view of a picture, which a message has whole."""
    parts = fragments or Fragments([row], has_begin=True, has_end=True)
    if parts.rows[0].opcode != "binary":
        return None
    found = image_view(payload)
    if found is None or not parts.is_cut:
        return found
    return View(
        "Image",
        "",
        f"a picture of which there are {len(payload):,} bytes so far: not all of its message is here",
    )


def _message_views(fragments: Fragments | None, payload: memoryview) -> list[View]:
    """Return the views of a fragment's whole message, or of as much of it as was looked for; where it is whole, its JSON too."""
    if fragments is None:
        return []
    first, *others = views_of(payload, is_binary=fragments.rows[0].opcode == "binary")
    trees = [] if fragments.is_cut else [view for view in others if view.name == "JSON"]
    return [_of_message(first), *trees]


def _of_message(view: View) -> View:
    return view._replace(name=_MESSAGE, note=view.note and f"{view.note} of the message")


def _wire_fields(row: Row, columns: Rows) -> list[tuple[str, str]]:
    is_known = row.wire_length is not None
    key = columns.mask_key_at(0)
    bits = [name for name, bit in _BITS.items() if row.head & bit] + ["masked"] * (key is not None)
    size, wire_size = len(row.payload), len(columns.wire_at(0))
    of = f" of {row.length:,}" if row.length > size else ""  # it was cut off
    return [
        ("time", "" if row.time_ns is None else _utc(row.time_ns)),
        ("opcode", row.opcode),
        ("bits", " ".join(bits) or "none"),
        ("mask key", key.hex(" ") if key and is_known else ""),
        ("payload", f"{size:,}{of} bytes" + (f", {wire_size:,} on the wire" if wire_size != size else "")),
        ("size", f"{wire_size + len(columns.header_at(0)):,} bytes with header" if is_known else ""),
        ("on the wire", "" if is_known else "not known: a browser has told the message"),
        ("close", _close_line(bytes(row.payload)) if row.opcode == "close" else ""),
        ("meaning", _meaning(bytes(row.payload[:2])) if row.opcode == "close" else ""),
        ("status", "" if row.status == "ok" else row.status),
        ("detail", row.detail),
    ]


def _utc(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction:09} UTC"


def _meaning(payload: bytes) -> str:
    return meaning_of(int.from_bytes(payload, "big")) if len(payload) == 2 else meaning_of(1005)


def _close_line(payload: bytes) -> str:
    if len(payload) < 2:
        return f"half a code: {payload.hex()}" if payload else "no code"
    reason = CloseReason(int.from_bytes(payload[:2], "big"), payload[2:].decode("utf-8", "replace"))
    return safe_text(str(reason))


def _decode(head: bytes, *, cut: bool) -> str:
    return codecs.getincrementaldecoder("utf-8")("replace").decode(head, final=not cut)


def _is_printable(head: bytes) -> bool:
    try:
        return head.decode().isprintable()
    except UnicodeDecodeError:
        return False
