"""How one frame is laid out: preview, fields, text, JSON and hex."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.widgets.inspector import describe, hex_dump, pretty_json, preview
from wsnotebook.widgets.row import Row
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import CloseReason, Frame


def _documents(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(children) | st.dictionaries(st.text(), children)


def _unfolds(document: Any) -> bool:
    return isinstance(document, list | dict)


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


def test_hex_dump_has_offset_bytes_and_letters() -> None:
    """Sixteen bytes a line; what is not printable ASCII is a dot."""
    assert hex_dump(b"GET / HTTP/1.1\r\n\xff") == (
        "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1··\n"
        "00000010  ff                                                ·"
    )
    assert hex_dump(b"") == ""


@pytest.mark.parametrize("text", ["1", '"a"', "null", "{", "[1,]", "hello", "", "[" * 100_000])
def test_what_is_no_json_document_has_no_json_view(text: str) -> None:
    """Bare values have nothing to unfold, broken and too deep documents are shown as text only."""
    assert pretty_json(text) is None


@given(
    st.recursive(st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.text(), _documents).filter(
        _unfolds
    )
)
def test_indenting_changes_nothing_but_blanks(document: Any) -> None:
    """The indented text is the same document, whatever stands in its strings."""
    for text in (json.dumps(document), json.dumps(document, ensure_ascii=False, indent=1)):
        shown = pretty_json(text)
        assert shown is not None and json.loads(shown) == document


def test_indenting_keeps_numbers_keys_and_escapes_as_they_were_sent() -> None:
    """Parsed and written again they would be others."""
    text = '{"a": 1.10, "n": 123456789012345678901234567890.5, "a": "\\u00e9", "empty": [{}, []]}'
    assert pretty_json(text) == (
        '{\n  "a": 1.10,\n  "n": 123456789012345678901234567890.5,\n  "a": "\\u00e9",\n'
        '  "empty": [\n    {},\n    []\n  ]\n}'
    )


def test_text_json_and_hex_views(session: Any) -> None:
    """A JSON text has three views; the indented one says the same."""
    found = views(described(session, Frame.text('{"a":[1,"é"]}')))
    assert list(found) == ["Text", "JSON", "Hex"]
    assert json.loads(found["JSON"]["body"]) == {"a": [1, "é"]}
    assert "\n" in found["JSON"]["body"] and found["Text"]["body"] == '{"a":[1,"é"]}'


@pytest.mark.parametrize("frame", [Frame.binary(b"abc"), Frame(1, b"\xff\xfe")])
def test_what_is_no_text_has_only_the_hex_view(session: Any, frame: Frame) -> None:
    """Bytes are not guessed to be text."""
    assert list(views(described(session, frame))) == ["Hex"]


def test_large_payloads_are_cut_and_the_note_says_by_how_much(session: Any) -> None:
    """At the limit nothing is cut; one byte more is cut and counted."""
    whole = views(described(session, Frame.text("x" * 65_536)))
    assert (len(whole["Text"]["body"]), whole["Text"]["note"]) == (65_536, "")
    cut = views(described(session, Frame.text("x" * 65_537)))
    assert len(cut["Text"]["body"]) == 65_536
    assert cut["Text"]["note"].startswith("first 65,536 of 65,537 bytes")
    assert cut["Hex"]["note"].startswith("first 8,192 of 65,537 bytes")


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
    assert not {"mask key", "status", "detail"} & set(fields)


def test_what_happened_before_a_frame_is_among_its_fields(session: Any) -> None:
    """One line for each event, the first of them named; fit to be shown."""
    session.record(Frame.text("x"))
    fields = describe(session.log, 0, before=["kernel stall: 2 s", "spill\u202e"])["fields"]
    assert fields[-2:] == [["before it", "kernel stall: 2 s"], ["", "spill\\u202e"]]
