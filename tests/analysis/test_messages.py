"""Messages joined from frames: bytes, texts, times, and logs that are cut, sorted or put together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import Frame


def test_fragments_are_one_row(talk: Any, another: Callable[..., Any]) -> None:
    """Across reads, control frames and another session's frames; control frames are none."""
    talk.receive(1, (0x01, b"gr\xc3"), (0x89, b"?"))
    another("t").receive(2, (0x82, b"\xff"))
    talk.receive(4, (0x00, b""), (0x80, b"\xbcn"))
    talk.send(5, Frame.text("out"))
    found = talk.log.df.ws.messages()
    assert found.index.tolist() == [0, 2, 5] and found.index.name == "message"
    assert found["payload"].tolist() == ["grün".encode(), b"\xff", b"out"]
    assert found["text"].fillna("-").tolist() == ["grün", "-", "out"]
    assert found["session"].tolist() == ["s", "t", "s"] and found["direction"].tolist() == ["in", "in", "out"]
    assert found["opcode"].tolist() == ["text", "binary", "text"] and found["frames"].tolist() == [3, 1, 1]
    assert (found["last_time"] - found["time"]).dt.total_seconds().tolist() == [3.0, 0.0, 0.0]
    assert found["length"].tolist() == [5, 1, 3] == found["wire_length"].tolist() and found["complete"].all()


def test_what_is_not_utf8_as_a_whole_has_no_text(talk: Any) -> None:
    """Fragments that are text each by itself do not help one that is not; the others keep theirs."""
    talk.receive(1, (0x01, b"a"), (0x80, b"\xc3"), (0x01, b"b"), (0x80, b"c"), (0x81, b"\xff"))
    found = talk.log.df.ws.messages()
    assert found["text"].fillna("-").tolist() == ["-", "bc", "-"] and found["payload"].tolist() == [
        b"a\xc3",
        b"bc",
        b"\xff",
    ]


def test_an_unfinished_message_says_so(talk: Any) -> None:
    """What came of it is there."""
    talk.receive(1, (0x81, b"whole"), (0x01, b"be"), (0x00, b"gin"))
    found = talk.log.df.ws.messages()
    assert found["text"].tolist() == ["whole", "begin"] and found["complete"].tolist() == [True, False]


def test_sizes_on_the_wire_are_beside_those_of_the_application(talk: Any) -> None:
    """Compressed: both lengths."""
    talk.receive_compressed(1, b"hello " * 10, b"\xca\x48")
    (row,) = talk.log.df.ws.messages().to_dict("records")
    assert (row["length"], row["wire_length"], row["text"]) == (60, 2, "hello " * 10)


def test_rows_may_be_filtered_and_sorted(talk: Any, another: Callable[..., Any]) -> None:
    """The order of record is seq's, however a person sorted; other rows do not matter."""
    other = another("t")
    talk.receive(1, (0x01, b"1"))
    other.receive(1, (0x01, b"a"))
    talk.receive(2, (0x00, b"22"))
    other.receive(2, (0x80, b"b"))
    talk.receive(3, (0x80, b"3"))
    df = talk.log.df
    assert df.sort_values("length", ascending=False).ws.messages()["text"].tolist() == ["1223", "ab"]
    assert df[df["session"] == "t"].ws.messages()["text"].tolist() == ["ab"]
    assert df[df["fin"]].ws.messages()["text"].tolist() == ["3", "b"]


def test_logs_put_together_keep_their_messages_apart(talk: Any) -> None:
    """seq and message count in each recording; equal numbers are not one message, with or without the index."""
    talk.receive(1, (0x01, b"1"), (0x80, b"2"), (0x81, b"3"))
    df = talk.log.df
    for both in (pd.concat([df, df]), pd.concat([df, df], ignore_index=True)):
        assert sorted(both.ws.messages()["text"]) == ["12", "12", "3", "3"]


PARTS = st.lists(st.binary(max_size=5), min_size=1, max_size=4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), PARTS), max_size=12), st.integers(0, 3))
def test_any_fragments_join_as_python_joins_them(given: list[tuple[bool, list[bytes]]], cut: int) -> None:
    """Over several chunks of the columns, from any row on: payload and text are those of b"".join and decode."""
    log = FrameLog()
    number = log.register(Connection("s"))
    for is_text, parts in given:
        batch = Batch()
        for place, part in enumerate(parts):
            head = (1 if is_text else 2) * (place == 0) | 0x80 * (place == len(parts) - 1)
            batch.add(head, part, (Flag.TEXT * (is_text and part.isascii())) | (Flag.CONTINUES * (place > 0)))
        log.append(batch, number, "in", 0, 0)
        log.df  # noqa: B018 - what was built becomes a chunk of its own
    whole = [(is_text, b"".join(parts)) for is_text, parts in given]
    skipped = min(cut, len(whole))
    rows = log.df.iloc[sum(len(parts) for _, parts in given[:skipped]) :]
    found = rows.ws.messages()
    assert found["payload"].tolist() == [payload for _, payload in whole[skipped:]]
    texts = [text if isinstance(text, str) else None for text in found["text"]]
    expected = []
    for (is_text, payload), (_, parts) in zip(whole[skipped:], given[skipped:], strict=True):
        known = (
            payload.isascii() if len(parts) == 1 else _is_utf8(payload)
        )  # of one frame the log's own word counts
        expected.append(payload.decode() if is_text and known else None)
    assert texts == expected


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
