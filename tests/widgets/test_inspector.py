"""How one frame is laid out: preview, fields, text, JSON and hex."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets.inspector import describe, part_of, preview
from wsnotebook.widgets.payloadviews import IMAGE_BYTES, JSON_BYTES, hex_dump
from wsnotebook.widgets.row import Row
from wsnotebook.wire.batch import Flag, batch_of
from wsnotebook.wire.frames import CloseReason, Frame


def shown(payload: bytes, opcode: str = "text") -> str:
    opcodes = {"text": 0x81, "binary": 0x82, "close": 0x88, "ping": 0x89, "pong": 0x8A}
    return preview(Row(0, 0, 0, opcodes[opcode], 0, memoryview(payload), len(payload), len(payload), ""))


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
    assert list(found) == ["Text", "JSON", "Decoded", "Hex", "Header"]
    assert json.loads(found["JSON"]["body"]) == {"a": [1, "é"]}
    assert "\n" in found["JSON"]["body"] and found["Text"]["body"] == '{"a":[1,"é"]}'


@pytest.mark.parametrize("frame", [Frame.binary(b"abc"), Frame(1, b"\xff\xfe")])
def test_what_is_no_text_has_only_the_hex_view(session: Any, frame: Frame) -> None:
    """Bytes are not guessed to be text."""
    assert list(views(described(session, frame))) == ["Decoded", "Hex", "Header"]


def test_a_fragment_is_shown_with_its_message(session: Any) -> None:
    """Which it is, and the text of all of them, also where one ends inside of a character."""
    session.record(Frame(1, b"h\xc3", fin=False), Frame.ping(b"x"))
    found = described(session, Frame(0, b"\xa9llo"))
    assert ["message", "fragment 2 of 2, frames 0 to 2"] in found["fields"]
    assert (views(found)["Message"]["body"], list(views(found))[0]) == ("héllo", "Message")


@pytest.mark.parametrize(
    ("opcode", "half"), [(1, "a" + "é€" * 20_000), (2, bytes(range(256)) * 40)], ids=["text", "binary"]
)
def test_a_long_message_in_fragments_goes_on_part_by_part(session: Any, opcode: int, half: Any) -> None:
    """As a payload does: what is cut is said, from whichever fragment, and the parts are the whole."""
    payload = 2 * (half.encode() if opcode == 1 else half)
    middle = len(payload) // 2 + 1  # inside of a character
    session.record(Frame(opcode, payload[:middle], fin=False), Frame.ping(b"x"))
    found = views(described(session, Frame(0, payload[middle:])))["Message"]
    parts, step = [str(found["body"])], found["next"]
    assert found["note"] == f"first {step:,} of {len(payload):,} bytes of the message"
    while (place := found["next"]) is not None:
        found = part_of(session.log, 0 if len(parts) % 2 else 2, "Message", int(place)).to_dict()
        parts.append(found["body"])
        assert found["name"] == "Message"
    assert found["note"] == "" and len(parts) > 2
    assert "".join(parts) == (2 * half if opcode == 1 else hex_dump(payload))


def test_a_frame_that_is_a_message_has_no_other_message_to_go_on(session: Any) -> None:
    """The page does not ask for one."""
    described(session, Frame.text("x"))
    with pytest.raises(ValueError, match="no view that goes on"):
        part_of(session.log, 0, "Message", 0)


def test_json_in_fragments_has_the_tree_of_the_whole_message(session: Any) -> None:
    """From each fragment; one that is JSON by itself has no tree of its own, and a message that goes on has none."""
    begin = described(session, Frame(1, b"[1]", fin=False))
    assert list(views(begin)) == ["Message", "Text", "Decoded", "Hex", "Header"]
    session.record(Frame(0, b"  "))
    assert json.loads(views(describe(session.log, 0))["JSON"]["body"]) == [1]
    session.record(Frame(1, b'{"a": [1, ', fin=False))
    last = described(session, Frame(0, b"{}]}", fin=True))
    for found in (views(describe(session.log, session.log.end - 2)), views(last)):
        assert list(found) == ["Message", "JSON", "Text", "Decoded", "Hex", "Header"]
        assert json.loads(found["JSON"]["body"]) == {"a": [1, {}]}


def test_a_message_that_is_too_long_for_a_tree_says_what_has_it(session: Any) -> None:
    """Of fragments, no frame of the log has it whole."""
    session.record(Frame(1, b'["', fin=False))
    found = views(described(session, Frame(0, b"x" * JSON_BYTES + b'"]')))["JSON"]
    assert (found["body"], found["note"]) == (
        "",
        "262,148 bytes are too many for a tree: Save keeps them all as a file",
    )


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


def test_a_frame_without_a_time_has_no_field_of_it(session: Any) -> None:
    """Where its file did not say it."""
    session.log.append(batch_of((0x81, Flag.TEXT, b"x", None)), 0, "in", NO_TIME, 5)
    assert "time" not in dict(describe(session.log, 0)["fields"])


def test_fields_of_a_message_that_a_browser_has_told_say_what_is_not_known() -> None:
    """No key, no size with header, and no header."""
    log = FrameLog()
    batch = batch_of((0x81, Flag.TEXT, b"Hello", None), UNKNOWN_KEY)
    log.append(batch, log.register(Connection("told", is_reported=True)), "out", 0, 0)
    found = describe(log, 0)
    fields = dict(found["fields"])
    assert fields["on the wire"].startswith("not known") and fields["bits"] == "fin masked"
    assert not {"mask key", "size"} & set(fields) and "Header" not in views(found)


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


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"\xff\xd8\xff\xe0...", "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\n\0\0\0WEBP...", "image/webp"),
    ],
)
def test_a_picture_has_a_view(session: Any, payload: bytes, kind: str) -> None:
    """Its media type; the page asks for its bytes."""
    session.record(Frame.binary(payload))
    views = {view["name"]: view for view in describe(session.log, 0)["views"]}
    assert views["Image"]["body"] == kind


@pytest.mark.parametrize(
    "frame",
    [
        Frame.binary(b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>"),
        Frame.text("GIF89a"),
        Frame.binary(b"\x89PNG"),
        Frame.binary(b""),
    ],
)
def test_what_is_no_whole_picture_has_none(session: Any, frame: Frame) -> None:
    """Nor what could run: SVG."""
    session.record(frame)
    assert "Image" not in [view["name"] for view in describe(session.log, 0)["views"]]


def test_a_picture_in_fragments_has_a_view_once_it_is_whole(session: Any) -> None:
    """In each of its fragments; before, how much of it there is."""
    session.record(Frame.binary(b"GIF8", fin=False), Frame(0, b"9a..", fin=False))
    found = describe(session.log, 1)
    (image,) = [view for view in found["views"] if view["name"] == "Image"]
    assert image["body"] == "" and "8 bytes so far" in image["note"] and found["message"] == "part"
    session.record(Frame(0, b"the end"))
    for seq in range(3):
        found = describe(session.log, seq)
        assert ["image/gif"] == [view["body"] for view in found["views"] if view["name"] == "Image"]
        assert found["message"] == "whole"


def test_a_picture_of_which_not_all_was_received_says_so(session: Any) -> None:
    """The stream ended in its frame."""
    session.record(Frame.binary(b"GIF89a"), flags=0x30)
    (image,) = [view for view in describe(session.log, 0)["views"] if view["name"] == "Image"]
    assert image["body"] == "" and "6 bytes so far" in image["note"]


def test_a_large_picture_is_not_shown_and_says_so(session: Any) -> None:
    """It can be saved."""
    session.record(Frame.binary(b"GIF89a" + bytes(IMAGE_BYTES)))
    views = {view["name"]: view for view in describe(session.log, 0)["views"]}
    assert (views["Image"]["body"], "too many" in views["Image"]["note"]) == ("", True)
