"""frames_to_send(): the type, the source and the fragments of one send."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.sending import frames_to_send
from wsnotebook.workbench.verbs import VERBS


def arguments(**given: Any) -> Namespace:
    """The arguments of a send; the text is empty where it is not given."""
    return VERBS["send"].read({"text": "", **given})


def test_each_type_is_sent_with_each_kind_of_text() -> None:
    """A ping may have bytes written in hex."""
    assert frames_to_send(arguments(text="é", opcode="binary")) == [Frame.binary("é".encode())]
    assert frames_to_send(arguments(text="01 02", kind="hex", opcode="ping")) == [Frame.ping(b"\1\2")]
    assert frames_to_send(arguments(text="AQI", kind="base64")) == [Frame.binary(b"\1\2")]
    assert frames_to_send(arguments(text="x", opcode="pong")) == [Frame.pong(b"x")]


def test_fragments_have_the_whole_payload() -> None:
    """Only the last is final; a short payload makes empty ones."""
    assert frames_to_send(arguments(text="hello", fragments=2)) == [
        Frame.text("he", False),
        Frame.text("llo"),
    ]
    assert frames_to_send(arguments(text="é", fragments=2))[0].data == b"\xc3", "also inside a character"
    assert len(frames_to_send(arguments(text="", fragments=3))) == 3
    with pytest.raises(ValueError, match="no fragments"):
        frames_to_send(arguments(text="x", opcode="ping", fragments=2))


def test_a_file_is_text_only_where_it_is_utf_8(tmp_path: Path) -> None:
    """Nothing is guessed: --binary sends the bytes."""
    text, data = tmp_path / "a.json", tmp_path / "a.bin"
    text.write_text('{"a": "é"}')
    data.write_bytes(b"\xff\0")
    assert frames_to_send(arguments(file=str(text), kind="json")) == [Frame.text('{"a": "é"}')]
    assert frames_to_send(arguments(file=str(data), opcode="binary")) == [Frame.binary(b"\xff\0")]
    with pytest.raises(ValueError, match="--binary"):
        frames_to_send(arguments(file=str(data)))
    with pytest.raises(ValueError, match="keep one"):
        frames_to_send(arguments(file=str(text), text="x"))
