"""The message of a frame as a decoder reads it: guessed, chosen, over several frames, and what is said where it is none."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from wsnotebook.widgets.decodedview import decoded
from wsnotebook.wire.batch import Flag
from wsnotebook.wire.frames import Frame

CALL = '{"jsonrpc": "2.0", "id": 1, "method": "price", "params": ["A"]}'


def of_last(session: Any, *frames: Frame, name: str | None = None) -> dict[str, Any]:
    """Record frames, and return the last one decoded."""
    session.record(*frames)
    return decoded(session.log, session.log.end - 1, name)


def test_the_protocol_is_guessed_and_the_reason_said(session: Any) -> None:
    """Kind and value, as df.ws.decode() has them."""
    found = of_last(session, Frame.text(CALL))
    assert found["decoder"] == "jsonrpc" and "look like it" in found["note"]
    assert found["body"].startswith("request\n") and "price" in found["body"]
    assert {"mqtt", "msgpack", "json"} <= set(found["names"])


def test_a_decoder_is_chosen(session: Any) -> None:
    """Bytes of which nothing tells what they are."""
    found = of_last(session, Frame.binary(msgpack.packb({"price": 1.5})), name="msgpack")
    assert '"price": 1.5' in found["body"] and found["note"] == "msgpack: it was named"
    assert "error" in of_last(session, Frame.binary(b"\xc1"), name="msgpack")["body"]


def test_a_message_that_ends_in_a_later_frame_is_shown_there(session: Any) -> None:
    """A packet of MQTT in two binary messages: before the second has come it is cut short, then both show it."""
    packet = b"\x30\x0a\x00\x03a/bhello"
    assert "cut short" in of_last(session, Frame.binary(packet[:4]), name="mqtt")["body"]
    session.record(Frame.binary(packet[4:]))
    for seq in (0, 1):
        found = decoded(session.log, seq, "mqtt")
        assert "PUBLISH" in found["body"] and found["note"].endswith("in the messages of frames 0 to 1")


PUBLISH = b"\x30\x09\x00\x03a/b\x00end"
"""Of version 5, whose properties are empty here."""


@pytest.mark.parametrize("name", [None, "mqtt"])
@pytest.mark.parametrize("rows", [300, 600])
def test_what_the_first_frames_tell_is_known_of_later_ones(
    session: Any, make_session: Any, name: str | None, rows: int
) -> None:
    """Protocol and version, of each connection; what is open where frames are left out is not joined to what follows."""
    other = make_session(session.log)
    other.record(*[Frame.text("{}")] * 3)
    session.record(Frame.binary(bytes.fromhex("100e00044d5154540502003c00000161")))
    session.record(*[Frame.binary(PUBLISH)] * rows)
    other.record(Frame.text("[]"))
    found = of_last(session, Frame.binary(PUBLISH), name=name)
    assert found["decoder"] == "mqtt" and '"payload": "b\'end\'"' in found["body"]


def test_nothing_is_joined_where_frames_are_left_out(session: Any) -> None:
    """A packet that goes on for as long as the first frames would have swallowed the last one too."""
    session.record(Frame.binary(b"\x30\xff\xff\x03"), *[Frame.binary(PUBLISH)] * 600)
    assert "\"b'end'\"" in of_last(session, Frame.binary(PUBLISH), name="mqtt5")["body"]


def test_a_value_that_is_no_json_is_shown(session: Any) -> None:
    """As Python writes it; one that nests deeper than Python writes has a sentence in its place."""
    assert of_last(session, Frame.binary(b"\x81\xc4\x01a\x01"), name="msgpack")["body"] == "{b'a': 1}"
    deep = of_last(session, Frame.binary(b"\x81\xa1a" * 1000 + b"\x01"), name="msgpack")
    assert deep["body"].startswith(("{", "(nested too deep"))


def test_a_fragment_is_decoded_with_its_message(session: Any) -> None:
    """Whichever of them is looked at."""
    half = len(CALL) // 2
    session.record(Frame(1, CALL[:half].encode(), fin=False), Frame.ping(b"x"))
    session.record(Frame(0, CALL[half:].encode()), flags=Flag.CONTINUES)
    for seq in (0, 2):
        assert "price" in decoded(session.log, seq)["body"]


def test_what_is_no_message_of_a_protocol_says_so(session: Any) -> None:
    """A control frame, an unknown protocol, a decoder of no such name, a frame that is gone."""
    assert "control frame" in of_last(session, Frame.ping(b"x"))["note"]
    unknown = of_last(session, Frame.text("hello"))
    assert unknown["decoder"] == "" and unknown["note"].startswith("no decoder: ")
    with pytest.raises(ValueError, match="there is no decoder 'nonsense'"):
        of_last(session, Frame.text("x"), name="nonsense")
    with pytest.raises(ValueError, match="frame 99 is not in the log"):
        decoded(session.log, 99)


def test_a_peers_text_is_escaped(session: Any) -> None:
    """In kinds, values, errors and notes."""
    found = of_last(session, Frame.text('{"jsonrpc": "2.0", "id": 1, "method": "\\u202egnp.exe\\u0000"}'))
    assert "\u202e" not in found["body"] and "\0" not in found["body"] and "gnp.exe" in found["body"]
