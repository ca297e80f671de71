"""parse_payload(): a typed text becomes the frame to send, or a sentence that names the position."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.payload import parse_payload
from wsnotebook.wire.frames import Frame, Opcode


@pytest.mark.parametrize(
    ("text", "kind", "frame"),
    [
        ("hé", "text", Frame.text("hé")),
        ("", "text", Frame.text("")),
        ('{"b": 1.0}', "json", Frame.text('{"b": 1.0}')),
        (" null ", "json", Frame.text(" null ")),
        ("1" * 5000, "json", Frame.text("1" * 5000)),
        ("48656c6c6f", "hex", Frame.binary(b"Hello")),
        ("48 65:6C,6c-6f", "hex", Frame.binary(b"Hello")),
        ("0x48 0X65\n", "hex", Frame.binary(b"He")),
        ("", "hex", Frame.binary(b"")),
    ],
)
def test_text_json_and_hex(text: str, kind: Any, frame: Frame) -> None:
    """Text and JSON go out as typed, in a text frame; hex digits make a binary one."""
    assert parse_payload(text, kind) == frame


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("48 6g", "hex", "character 5, 'g'"),
        ("0x4 8 x", "hex", "character 7, 'x'"),
        ("48 6", "hex", "3 hex digits .* last one is character 4"),
        ("¹²", "hex", "character 1"),
        ('{"a": }', "json", "line 1, column 7"),
        ("{\n,", "json", "line 2, column 1"),
        ("", "json", "line 1, column 1"),
        ("NaN", "json", "NaN"),
        ('{"a": -Infinity}', "json", "-Infinity"),
        ("[" * 100_000, "json", "too deep"),
        ("ab\ud800", "text", "character 3"),
        ('"\udfff"', "json", "character 2"),
        ("x", "morse", "text, json, hex"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, kind: Any, words: str) -> None:
    """The sentence says where, and what to do."""
    with pytest.raises(ValueError, match=words):
        parse_payload(text, kind)


@given(st.binary())
def test_every_payload_can_be_typed_as_hex(data: bytes) -> None:
    """With and without blanks."""
    assert parse_payload(data.hex(" "), "hex") == parse_payload(data.hex(), "hex") == Frame.binary(data)


@given(st.text(), st.sampled_from(["text", "json", "hex"]))
def test_whatever_is_typed_makes_a_frame_or_a_value_error(text: str, kind: Any) -> None:
    """No other exception reaches the person."""
    try:
        frame = parse_payload(text, kind)
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert frame.opcode is (Opcode.BINARY if kind == "hex" else Opcode.TEXT)


@pytest.mark.parametrize("text", ["+/8=", "+/8", "-_8", " +/\n8= "])
def test_base64_is_read_in_both_alphabets_with_or_without_padding(text: str) -> None:
    """As it is found in JSON, in URLs and in headers."""
    assert parse_payload(text, "base64") == Frame.binary(b"\xfb\xff")


@pytest.mark.parametrize("text", ["a", "a*b=", "=aaa"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    """Nothing is skipped."""
    with pytest.raises(ValueError, match="not base64"):
        parse_payload(text, "base64")
