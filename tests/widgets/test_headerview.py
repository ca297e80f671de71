"""The header of a frame, bit by bit."""

from __future__ import annotations

from wsnotebook.widgets.headerview import header_view


def test_the_example_of_the_rfc() -> None:
    """RFC 6455 §5.7: a masked "Hello" in one frame."""
    lines = [line.split(None, 3) for line in header_view(bytes.fromhex("818537fa213d")).splitlines()]
    assert [line[:3] for line in lines[:3]] == [
        ["byte", "0", "1......."],
        ["byte", "0", ".0......"],
        ["byte", "0", "..0....."],
    ]
    text = header_view(bytes.fromhex("818537fa213d"))
    assert "....0001" in text and "0x1: text" in text and "1......." in text
    assert ".0000101" in text and "5 bytes of payload" in text
    assert "bytes 2–5   37 fa 21 3d" in text


def test_long_lengths_and_reserved_bits() -> None:
    """256 bytes need two more, 64 KiB eight; a set RSV1 is said."""
    text = header_view(bytes.fromhex("c27e0100"))
    assert "the next 2 bytes are the length" in text and "bytes 2–3   01 00" in text and "256 bytes" in text
    assert "compressed" in text and "key" not in text
    text = header_view(bytes.fromhex("027f0000000000010000"))
    assert "bytes 2–9" in text and "65,536 bytes" in text and "more frames of the message follow" in text


def test_a_header_that_the_end_of_the_stream_has_cut() -> None:
    """What there is of it."""
    assert header_view(b"\x81") == "81: the stream ended inside of the header"
    assert header_view(b"").startswith("no byte")
    assert "bytes 2–9   00 01" in header_view(bytes.fromhex("817f0001"))
