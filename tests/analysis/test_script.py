"""Recordings as scripts: each kind of frame, and what the script leaves to be compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wsnotebook.wire.frames import CloseReason, Frame


def lines(talk: Any, **options: Any) -> list[str]:
    """The lines of the script but the first comment."""
    first, *rest = talk.log.df.ws.script(**options).splitlines()
    assert first.startswith("# ") and " frames of " in first
    return list(rest)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", None])
def test_the_time_is_in_utc(talk: Any, zone: str | None) -> None:
    """Whatever zone the column has."""
    talk.send(0, Frame.text("x"))
    df = talk.log.df
    rows = df.assign(time=df["time"].dt.tz_convert(zone))
    assert rows.ws.script() == df.ws.script() and "2023-11-14 22:13 UTC" in rows.ws.script()


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (Frame.text("hello you"), "> hello you"),
        (Frame.text(""), '>text ""'),
        (Frame.text(" blank "), '>text " blank "'),
        (Frame.text("two\nlines\x1b"), '>text "two\\nlines\\u001b"'),
        (Frame.text("a {name}"), '>text "a {name}"'),
        (Frame.text('{"a": 1.10}'), '>json {"a": 1.10}'),
        (Frame.text('{"a":\n1}'), '>text "{\\"a\\":\\n1}"'),
        (Frame.text('{"a": "{b}"}'), '>text "{\\"a\\": \\"{b}\\"}"'),
        (Frame.text("{not json"), "> {not json"),
        (Frame.text('{"a": NaN}'), '> {"a": NaN}'),
        (Frame.binary(b"\x00\xff"), ">hex 00 ff"),
        (Frame.binary(b""), ">hex"),
        (Frame.ping(b"x"), "ping"),
        (Frame.close(CloseReason(4000, "bye bye")), "close 4000 bye bye"),
        (Frame.close(CloseReason(4000, "two\nlines")), "close 4000"),
    ],
)
def test_what_was_sent(talk: Any, frame: Frame, line: str) -> None:
    """Each is sent again as it was."""
    talk.send(0, frame)
    assert lines(talk) == [line]


@pytest.mark.parametrize(
    ("head", "payload", "line"),
    [
        (0x81, b"hello", '<text "hello"'),
        (0x81, "é\n".encode(), '<text "\\u00e9\\n"'),
        (0x81, b'{"a": [1, {"b": "\xc3\xa9"}]}', '<json {"a": [1, {"b": "é"}]}'),
        (0x81, b'{"a": "{b}"}', '<text "{\\"a\\": \\"{b}\\"}"'),
        (0x81, b'{"a": 1e999}', '<text "{\\"a\\": 1e999}"'),
        (0x81, b"5", '<text "5"'),
        (0x82, b"\x00\xff", "<hex 00 ff"),
        (0x88, b"\x03\xe8bye", "<close 1000 bye"),
        (0x88, b"", "<close 1005"),
        (0x89, b"x", "# frame 0: a ping of the peer, which the session answers"),
        (0x83, b"x", "# frame 0 (in, 0x3) is no step"),
        (0x81, b"\xff", "# frame 0 (in, text) is no step"),
        (0x01, b"x", "# frame 0 (in) is no step: its message has no end"),
    ],
)
def test_what_was_received(talk: Any, head: int, payload: bytes, line: str) -> None:
    """A message is expected, exactly or as JSON; what no step can express is a comment."""
    talk.receive(0, (head, payload))
    (written,) = lines(talk)
    assert written.startswith(line) if line.startswith("#") else written == line


def test_values_that_differ_at_each_run_are_left_out(talk: Any) -> None:
    """Times near the frame's, in every unit, and ignored keys; in a list a place holder stands for them."""
    times = '"s": 1700000000.5, "ms": 1700000000123, "us": 1700000000123456, "iso": "2023-11-14T22:13:20Z"'
    text = f'{{{times}, "old": 1600000000, "list": [1700000000, 7], "in": {{"id": 9, "k": true}}}}'
    for part in (text[:100], text[100:]):
        talk.receive(0, (0x01 if part == text[:100] else 0x80, part.encode()))
    assert lines(talk, ignore=["id"]) == [
        "# in 2 fragments:",
        '<json {"old": 1600000000, "list": ["{_}", 7], "in": {"k": true}}',
    ]


def test_a_conversation(talk: Any) -> None:
    """Automatic answers are left out, masking and patience are steps."""
    talk.send(0, Frame.text("a"))
    talk.receive(20, (0x81, b"b"))
    talk.receive(20, (0x89, b"p"))
    talk.send(20, Frame.pong(b"p"))
    talk.receive(21, (0x88, b"\x03\xe8"))
    talk.send(21, Frame.close(CloseReason(1000)))
    assert lines(talk) == [
        "> a",
        "timeout 41",
        '<text "b"',
        "# frame 2: a ping of the peer, which the session answers",
        "<close 1000",
    ]


def test_several_connections_are_named(talk: Any, another: Callable[..., Any]) -> None:
    """A script is one; the message says which there are and how to choose."""
    talk.send(0, Frame.text("a"))
    another("t").send(1, Frame.text("b"))
    with pytest.raises(ValueError, match="session s.*; .*session t.*select the rows of one"):
        talk.log.df.ws.script()
    df = talk.log.df
    assert "> b" in df[df["session"] == "t"].ws.script()


def test_no_frame(talk: Any) -> None:
    """An empty recording has no step."""
    with pytest.raises(ValueError, match="no frame"):
        talk.log.df.ws.script()
