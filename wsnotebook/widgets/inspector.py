"""One frame for the inspector: its fields, and its payload as text, as JSON and as a hex dump.

All text of a peer is escaped by safe_text() here; the layout is in inspector.mjs.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from wsnotebook.log.code import connection_of
from wsnotebook.safetext import safe_text
from wsnotebook.widgets.row import Row, rows_of
from wsnotebook.wire.batch import FIN, RSV1, RSV2, RSV3
from wsnotebook.wire.frames import CloseReason

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog
    from wsnotebook.log.rows import Rows

__all__ = ["describe", "hex_dump", "pretty_json", "preview"]

PREVIEW_BYTES = 256  # of a payload in the table: more than a line of any screen holds
TEXT_BYTES = 64 * 1024  # of a payload in the inspector: more text in one element makes the page slow
HEX_BYTES = 8 * 1024  # 512 lines
JSON_BYTES = 256 * 1024  # parsed whole in the kernel's loop: up to 50 ms

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
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
        ``seq``; ``fields``, a list of [name, value] in the order of display; and ``views``, a list of
        {name, body, note}: text (if it is UTF-8), json (if it is JSON), hex (always, and last).

    Raises:
        ValueError: the log has no such frame, or has dropped it.
    """
    with log.lock:  # both read the same state
        found = list(zip(rows_of(log, seq, seq + 1), log.rows(seq, seq + 1), strict=True))
    if not found:
        raise ValueError(f"frame {seq} is not in the log, or no more: it has {log.first} to {log.end - 1}.")
    ((row, columns),) = found
    views = [view for view in (_text_view(row.payload), _json_view(row.payload)) if view]
    if row.opcode in ("binary", "close"):
        views = []  # binary that happens to be valid UTF-8 is not text
    connection = log.connections[connection_of(row.code)]
    attempt = f", attempt {connection.attempt}" if connection.attempt else ""
    fields = [
        ("frame", f"{seq}, {'sent' if row.is_sent else 'received'}"),
        ("session", connection.session + attempt),
        *_wire_fields(row, columns),
        *(("" if place else "before it", text) for place, text in enumerate(before)),
    ]
    return {
        "seq": seq,
        "fields": [[name, safe_text(value)] for name, value in fields if value],
        "views": [*views, _hex_view(row.payload)],
    }


def hex_dump(data: bytes) -> str:
    """Return lines of offset, sixteen bytes and their printable ASCII."""
    lines = []
    for offset in range(0, len(data), 16):
        part = data[offset : offset + 16]
        digits = f"{part[:8].hex(' '):<23}  {part[8:].hex(' '):<23}"
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{offset:08x}  {digits}  {letters}")
    return "\n".join(lines)


def pretty_json(text: str) -> str | None:
    """Return an object or array indented, or None where ``text`` is not one.

    Its tokens are kept as the peer wrote them: parsed and serialized again, 1.10 would lose a digit, a long number
    many, and of two equal keys one would be lost.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None  # a bare number or string has nothing to indent
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return None
    return "".join(_indented(_JSON_TOKEN.findall(text)))


def _indented(tokens: list[str]) -> Iterator[str]:
    depth, opened = 0, False
    for token in tokens:
        closing = token in ("}", "]")
        depth -= closing
        if (
            closing != opened
        ):  # a line end after an opening and before a closing bracket, but none in {} and []
            yield "\n" + "  " * depth
        yield {",": ",\n" + "  " * depth, ":": ": "}.get(token, token)
        opened = token in ("{", "[")
        depth += opened


def _wire_fields(row: Row, columns: Rows) -> list[tuple[str, str]]:
    key = columns.mask_key_at(0)
    bits = [name for name, bit in _BITS.items() if row.head & bit] + ["masked"] * (key is not None)
    size, wire_size = len(row.payload), len(columns.wire_at(0))
    return [
        ("time", _utc(row.time_ns)),
        ("opcode", row.opcode),
        ("bits", " ".join(bits) or "none"),
        ("mask key", key.hex(" ") if key else ""),
        ("payload", f"{size:,} bytes" + (f", {wire_size:,} on the wire" if wire_size != size else "")),
        ("size", f"{wire_size + len(columns.header_at(0)):,} bytes with header"),
        ("close", _close_line(bytes(row.payload)) if row.opcode == "close" else ""),
        ("status", "" if row.status == "ok" else row.status),
        ("detail", row.detail),
    ]


def _utc(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction:09} UTC"


def _text_view(payload: memoryview) -> dict[str, str] | None:
    head = bytes(payload[:TEXT_BYTES])
    try:
        text = codecs.getincrementaldecoder("utf-8")("strict").decode(head, final=len(head) == len(payload))
    except UnicodeDecodeError:
        return None
    return _view("Text", safe_text(text, keep="\n\t"), shown=len(head), whole=len(payload), unit="bytes")


def _json_view(payload: memoryview) -> dict[str, str] | None:
    if len(payload) > JSON_BYTES:
        return None
    try:
        pretty = pretty_json(str(payload, "utf-8"))
    except UnicodeDecodeError:
        return None
    if pretty is None:
        return None
    shown = safe_text(pretty[:TEXT_BYTES], keep="\n")
    return _view("JSON", shown, shown=min(len(pretty), TEXT_BYTES), whole=len(pretty), unit="characters")


def _hex_view(payload: memoryview) -> dict[str, str]:
    head = bytes(payload[:HEX_BYTES])
    return _view("Hex", hex_dump(head), shown=len(head), whole=len(payload), unit="bytes")


def _view(name: str, body: str, *, shown: int, whole: int, unit: str) -> dict[str, str]:
    note = (
        f"first {shown:,} of {whole:,} {unit}; all of it is in session.log.frame(seq)"
        if shown < whole
        else ""
    )
    return {"name": name, "body": body, "note": note}


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
