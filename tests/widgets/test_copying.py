"""Rows for the clipboard."""

from __future__ import annotations

import ast
import base64
import json
from typing import Any

import pytest

from wsnotebook.widgets.copying import FORMATS, MOST_BYTES, copied
from wsnotebook.widgets.row import rows_of
from wsnotebook.wire.frames import Frame


@pytest.fixture
def rows(session: Any) -> Any:
    session.record(Frame.text("héllo\u202e"))
    session.record(Frame.binary(b"\x00\xff"), sent=True)
    return list(rows_of(session.log, 0, 9))


def test_what_is_copied_can_be_read_back_exactly(rows: Any) -> None:
    """In each form; text is as it came, not escaped."""
    assert copied(rows, "text").split("\n")[0] == "héllo\u202e"
    assert [bytes.fromhex(line) for line in copied(rows, "hex").split("\n")] == [
        "héllo\u202e".encode(),
        b"\x00\xff",
    ]
    assert base64.b64decode(copied(rows, "base64").split("\n")[1]) == b"\x00\xff"
    assert ast.literal_eval(copied(rows, "Python")) == ["héllo\u202e", b"\x00\xff"]
    first, second = json.loads(copied(rows, "JSON"))
    assert first == {
        "seq": 0,
        "time": "2023-11-14T22:13:20.123456789Z",
        "direction": "in",
        "opcode": "text",
        "text": "héllo\u202e",
    }
    assert (second["direction"], second["base64"]) == ("out", "AP8=")


def test_a_text_that_is_no_utf8_is_copied_as_bytes(session: Any) -> None:
    """Where the form can say so."""
    session.record(Frame(1, b"\xff"))
    assert ast.literal_eval(copied(rows_of(session.log, 0, 9), "Python")) == [b"\xff"]


def test_what_cannot_be_copied_is_refused(session: Any, rows: Any) -> None:
    """Another form, or more than a clipboard should hold."""
    with pytest.raises(ValueError, match=f"one of {', '.join(FORMATS)}"):
        copied(rows, "cURL")
    session.record(Frame.binary(bytes(MOST_BYTES)))
    with pytest.raises(ValueError, match="too many to copy"):
        copied(rows_of(session.log, 0, 9), "hex")
