"""How one frame is laid out: preview, fields, text, JSON and hex."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.widgets.inspector import describe, preview
from wsnotebook.widgets.row import Row
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import CloseReason, Frame


def shown(payload: bytes, opcode: str = "text") -> str:
    opcodes = {"text": 0x81, "binary": 0x82, "close": 0x88, "ping": 0x89, "pong": 0x8A}
    return preview(Row(0, 0, 0, opcodes[opcode], 0, memoryview(payload), len(payload), ""))


def described(session: Any, frame: Frame, **options: Any) -> dict[str, Any]:
    session.record(frame, **options)
    return describe(session.log, session.log.end - 1)


def views(description: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {view["name"]: view for view in description["views"]}


@pytest.mark.parametrize(
    ("payload", "opcode", "line"),
    [
        (b"hello\n", "text", "hello\\n"),
        (b"", "text", ""),
        (b"\xff\x00\x10", "binary", "ff 00 10"),
        (b"abc", "binary", "61 62 63"),
        (b"keep", "ping", "keep"),
        (b"\x00\x01", "pong", "00 01"),
        (b"\x03\xe8bye", "close", "1000 NORMAL: 'bye'"),
        (b"", "close", "no code"),
        (b"\x03", "close", "half a code: 03"),
        (b"\x03\xe8\xff", "close", "1000 NORMAL: '\ufffd'"),
    ],
)
def test_preview_is_one_line_fit_for_the_kind_of_frame(payload: bytes, opcode: str, line: str) -> None:
    """Text stays text, bytes are hex, a close frame shows code, name and message."""
    assert shown(payload, opcode) == line


def test_preview_reads_a_bounded_prefix_and_splits_no_character() -> None:
    """A long text is cut with an ellipsis; a character that the cut divides is left out, not shown as broken."""
    line = shown(b"x" + "é".encode() * 1000)
    assert line == "x" + "é" * 127 + "…"
    assert shown(bytes(100), "binary") == "00 " * 63 + "00…"


def test_text_json_and_hex_views(session: Any) -> None:
    """A JSON text has three views; the indented one says the same."""
    found = views(described(session, Frame.text('{"a":[1,"é"]}')))
    assert list(found) == ["Text", "JSON", "Hex", "Header"]
    assert json.loads(found["JSON"]["body"]) == {"a": [1, "é"]}
    assert "\n" in found["JSON"]["body"] and found["Text"]["body"] == '{"a":[1,"é"]}'


@pytest.mark.parametrize("frame", [Frame.binary(b"abc"), Frame(1, b"\xff\xfe")])
def test_what_is_no_text_has_only_the_hex_view(session: Any, frame: Frame) -> None:
    """Bytes are not guessed to be text."""
    assert list(views(described(session, frame))) == ["Hex", "Header"]


def test_a_fragment_is_shown_with_its_message(session: Any) -> None:
    """Which it is, and the text of all of them, also where one ends inside of a character."""
    session.record(Frame(1, b"h\xc3", fin=False), Frame.ping(b"x"))
    found = described(session, Frame(0, b"\xa9llo"))
    assert ["message", "fragment 2 of 2, frames 0 to 2"] in found["fields"]
    assert (views(found)["Message"]["body"], list(views(found))[0]) == ("héllo", "Message")


def test_fields_say_what_was_on_the_wire(session: Any) -> None:
    """Flags, key, sizes and status of a sent, broken frame; every field is text."""
    made = described(
        session, Frame.text("hi", fin=False), sent=True, flags=Flag.VIOLATION, detail="bad \u202e thing"
    )
    fields = dict(made["fields"])
    assert fields["frame"] == "0, sent"
    assert fields["time"] == "2023-11-14 22:13:20.123456789 UTC"
    assert (fields["opcode"], fields["bits"], fields["mask key"]) == ("text", "masked", "01 02 03 04")
    assert (fields["payload"], fields["size"]) == ("2 bytes", "8 bytes with header")
    assert (fields["status"], fields["detail"]) == ("violation", "bad \\u202e thing")
    assert "close" not in fields


def test_fields_of_a_close_frame_have_its_code(session: Any) -> None:
    """The code has its name, the message is quoted; what does not apply is left out."""
    fields = dict(described(session, Frame.close(CloseReason(1001, "bye")))["fields"])
    assert fields["close"] == "1001 GOING_AWAY: 'bye'"
    assert fields["meaning"] == "the server stops, or the page is left (RFC 6455 §7.4.1)"
    assert not {"mask key", "status", "detail"} & set(fields)


def test_what_happened_before_a_frame_is_among_its_fields(session: Any) -> None:
    """One line for each event, the first of them named; fit to be shown."""
    session.record(Frame.text("x"))
    fields = describe(session.log, 0, before=["kernel stall: 2 s", "spill\u202e"])["fields"]
    assert fields[-2:] == [["before it", "kernel stall: 2 s"], ["", "spill\\u202e"]]
