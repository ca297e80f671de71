"""Rows for the clipboard."""

from __future__ import annotations

import ast
import base64
import json
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.log.restore import NO_TIME
from wsnotebook.widgets.copying import FORMATS, MOST_BYTES, copied
from wsnotebook.widgets.row import rows_of
from wsnotebook.wire.batch import Batch, Flag, batch_of
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.curl import curl_words


@pytest.fixture
def rows(session: Any) -> Any:
    session.record(Frame.text("héllo\u202e"))
    session.record(Frame.binary(b"\x00\xff"), sent=True)
    return list(rows_of(session.log, 0, 9))


def test_what_is_copied_can_be_read_back_exactly(session: Any, rows: Any) -> None:
    """In each form; text is as it came, not escaped."""
    assert copied(session.log, rows, "text").split("\n")[0] == "héllo\u202e"
    assert [bytes.fromhex(line) for line in copied(session.log, rows, "hex").split("\n")] == [
        "héllo\u202e".encode(),
        b"\x00\xff",
    ]
    assert base64.b64decode(copied(session.log, rows, "base64").split("\n")[1]) == b"\x00\xff"
    assert ast.literal_eval(copied(session.log, rows, "Python")) == ["héllo\u202e", b"\x00\xff"]
    first, second = json.loads(copied(session.log, rows, "JSON"))
    assert first == {
        "seq": 0,
        "time": "2023-11-14T22:13:20.123456789Z",
        "direction": "in",
        "opcode": "text",
        "text": "héllo\u202e",
    }
    assert (second["direction"], second["base64"]) == ("out", "AP8=")
    assert [json.loads(line) for line in copied(session.log, rows, "JSONL").split("\n")] == [first, second]


def test_a_row_without_a_time_is_copied_without_one(session: Any) -> None:
    """As the JSONL of the log has it."""
    session.log.append(batch_of((0x81, Flag.TEXT, b"x", None)), 0, "in", NO_TIME, 5)
    (line,) = map(json.loads, copied(session.log, rows_of(session.log, 0, 9), "JSONL").split("\n"))
    assert line == {"seq": 0, "time": None, "direction": "in", "opcode": "text", "text": "x"}


def test_a_text_that_is_no_utf8_is_copied_as_bytes(session: Any) -> None:
    """Where the form can say so."""
    session.record(Frame(1, b"\xff"))
    assert ast.literal_eval(copied(session.log, rows_of(session.log, 0, 9), "Python")) == [b"\xff"]


def test_what_cannot_be_copied_is_refused(session: Any, rows: Any) -> None:
    """Another form, or more than a clipboard should hold."""
    with pytest.raises(ValueError, match=f"one of {', '.join(FORMATS)}"):
        copied(session.log, rows, "cURL")
    session.record(Frame.binary(bytes(MOST_BYTES)))
    with pytest.raises(ValueError, match="too many to copy"):
        copied(session.log, rows_of(session.log, 0, 9), "hex")


def test_the_handshake_is_copied_as_a_line_of_curl() -> None:
    """Once for each connection of the rows; connect reads it. What was redacted stays so, and no handshake is told."""
    head = b"GET /feed?a=1 HTTP/1.1\r\nHost: example.org\r\nUpgrade: websocket\r\nOrigin: https://it's.org\r\n\r\n"
    log = FrameLog()
    log.register(Connection("one", url="wss://example.org/feed?a=1", request=head))
    log.register(Connection("two"))
    for number in (0, 0, 1):
        batch = Batch()
        batch.add(0x82, b"x", 0)
        log.append(batch, number, "in", 5, 5)
    line = copied(log, rows_of(log, 0, 3), "cURL of the handshake")
    assert line.startswith("curl --include") and "\n" not in line
    assert curl_words(line.removeprefix("curl ")) == [
        "wss://example.org/feed?a=1",
        "--origin=https://it's.org",
    ]
    with pytest.raises(ValueError, match="no handshake"):
        copied(log, rows_of(log, 2, 3), "cURL of the handshake")
