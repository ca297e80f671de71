"""frames_to_send(): the type, the source and the fragments of one send."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import FIN, Batch
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench.namedmessages import FILE, NamedMessage, keep_message
from wsnotebook.workbench.sending import frames_to_send
from wsnotebook.workbench.verbs import VERBS


def arguments(**given: Any) -> Namespace:
    """The arguments of a send; the text is empty where it is not given."""
    return VERBS["send"].read({"text": "", **given})


def frames_of(session: Any = None, **given: Any) -> list[Frame]:
    """The frames of a send, on a session where it needs one."""
    return frames_to_send(arguments(**given), session)


def test_each_type_is_sent_with_each_kind_of_text() -> None:
    """A ping may have bytes written in hex."""
    assert frames_of(text="é", opcode="binary") == [Frame.binary("é".encode())]
    assert frames_of(text="01 02", kind="hex", opcode="ping") == [Frame.ping(b"\1\2")]
    assert frames_of(text="AQI", kind="base64") == [Frame.binary(b"\1\2")]
    assert frames_of(text="x", opcode="pong") == [Frame.pong(b"x")]
    assert frames_of(text="aMOp", kind="base64", opcode="text") == [Frame.text("hé")]


def test_fragments_have_the_whole_payload() -> None:
    """Only the last is final; a short payload makes empty ones."""
    assert frames_of(text="hello", fragments=2) == [
        Frame.text("he", False),
        Frame.text("llo"),
    ]
    assert frames_of(text="é", fragments=2)[0].data == b"\xc3", "also inside a character"
    assert len(frames_of(text="", fragments=3)) == 3
    with pytest.raises(ValueError, match="no fragments"):
        frames_of(text="x", opcode="ping", fragments=2)


def test_a_file_is_text_only_where_it_is_utf_8(tmp_path: Path) -> None:
    """Nothing is guessed: --binary sends the bytes."""
    text, data = tmp_path / "a.json", tmp_path / "a.bin"
    text.write_text('{"a": "é"}')
    data.write_bytes(b"\xff\0")
    assert frames_of(file=str(text), kind="json") == [Frame.text('{"a": "é"}')]
    assert frames_of(file=str(data), opcode="binary") == [Frame.binary(b"\xff\0")]
    with pytest.raises(ValueError, match="--binary"):
        frames_of(file=str(data))
    with pytest.raises(ValueError, match="keep one"):
        frames_of(file=str(text), text="x")


def test_a_named_message_is_sent_as_it_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its own kind; the file lies in the folder of the kernel."""
    monkeypatch.chdir(tmp_path)
    keep_message(Path(FILE), "bytes", NamedMessage("hex", "ff 00"))
    assert frames_of(named="bytes") == [Frame.binary(b"\xff\0")]
    with pytest.raises(ValueError, match="no message 'nothing': it has bytes"):
        frames_of(named="nothing")
    with pytest.raises(ValueError, match="leave --json away"):
        frames_of(named="bytes", kind="json")


LOGGED = [
    Frame.text("hé"), Frame.binary(b"\xff"), Frame.ping(b"p"), Frame.text("part", False), Frame.close(CloseReason(1000)),
]  # fmt: skip


@pytest.mark.parametrize(("row", "frame"), list(enumerate(LOGGED[:3])))
def test_a_frame_of_the_log_is_sent_again(session_of: Any, row: int, frame: Frame) -> None:
    """Its type and its payload, whoever sent it."""
    assert frames_of(session_of(*LOGGED), again=row) == [frame]


@pytest.mark.parametrize("row", [3, 4])
def test_what_is_no_message_is_not_sent_again(session_of: Any, row: int) -> None:
    """A fragment alone would break the message that follows, and a close has a verb."""
    with pytest.raises(ValueError, match=f"frame {row} is no whole message"):
        frames_of(session_of(*LOGGED), again=row)


@pytest.mark.parametrize(("frames", "there"), [(LOGGED, "0 to 4"), ([], "no frame")])
def test_what_is_not_in_the_log_is_not_sent_again(session_of: Any, frames: list[Frame], there: str) -> None:
    """It is no fault of the program: the sentence has what there is."""
    with pytest.raises(
        ValueError, match=f"there is no frame 99: the log has {there}; %ws log shows the last"
    ):
        frames_of(session_of(*frames), again=99)


@pytest.fixture
def session_of() -> Any:
    """A function that makes something with a log of some received frames."""

    def make(*frames: Frame) -> SimpleNamespace:
        log = FrameLog()
        batch = Batch()
        for frame in frames:
            batch.add(frame.fin * FIN | frame.opcode, frame.data, 0, None)
        log.append(batch, log.register(Connection("ws-1")), "in", 0, 0)
        return SimpleNamespace(log=log)

    return make


def test_variables_are_put_into_a_message_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a typed text by its switch, into a named one by its line in the file; into no other."""
    monkeypatch.chdir(tmp_path)
    text = '{"symbol": "{symbol}", "n": {n}}'
    filled, variables = [Frame.text('{"symbol": "ACME", "n": 7}')], {"symbol": "ACME", "n": 7}
    keep_message(Path(FILE), "order", NamedMessage("json", text, fills=True))
    keep_message(Path(FILE), "plain", NamedMessage("text", text))
    assert frames_to_send(arguments(named="order"), None, variables) == filled
    assert frames_to_send(arguments(named="plain"), None, variables) == [Frame.text(text)]
    assert frames_to_send(arguments(text=text, kind="json", fills=True), None, variables) == filled
    assert frames_to_send(arguments(text=text), None, variables) == [Frame.text(text)]
    with pytest.raises(ValueError, match="there is no variable symbol"):
        frames_of(named="order")


def test_what_a_peer_has_sent_is_sent_again_as_it_is(session_of: Any) -> None:
    """Its braces are no fields, whatever the switch says."""
    given = arguments(again=0, fills=True)
    assert frames_to_send(given, session_of(Frame.text("{n}")), {"n": 7}) == [Frame.text("{n}")]
