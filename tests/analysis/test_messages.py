"""Messages joined from frames: bytes, texts, times, and logs that are cut, sorted or put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
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


def test_a_file_that_pandas_reads_as_it_is_answers_as_the_log(talk: Any, tmp_path: Path) -> None:
    """There the payload of a text is stored once, as text."""
    talk.receive(1, (0x01, b"gr\xc3"), (0x80, b"\xbcn"), (0x82, b"\x00"), (0x81, b""))
    expected = talk.log.df.ws.messages()
    found = pd.read_parquet(talk.log.save(tmp_path / "x.parquet")).ws.messages()
    for column in ("payload", "text", "length", "complete"):
        assert found[column].tolist() == expected[column].tolist()


def test_a_message_is_complete_only_with_first_middle_and_last(talk: Any) -> None:
    """Rows that were selected may lack any of its frames; <NA> says that one may be among rows that are not here."""
    talk.receive(1, (0x01, b"a"), (0x00, b"b"), (0x80, b"c"))
    df = talk.log.df

    def complete(rows: pd.DataFrame) -> list[Any]:
        return ["?" if value is pd.NA else value for value in rows.ws.messages()["complete"].astype(object)]

    assert complete(df) == [True]
    assert complete(df.drop(index=0)) == [False] and complete(df.drop(index=2)) == [False]
    assert complete(df.drop(index=1)) == ["?"]
    other = df.assign(recording="another")
    assert complete(pd.concat([df, other])) == [True, True]
    assert complete(pd.concat([df, other.drop(index=1)])) == [True, "?"]


def test_rows_of_others_between_its_frames_leave_a_message_complete(
    talk: Any, another: Callable[..., Any]
) -> None:
    """Those that are here are known not to belong to it, unsent ones too; of those that are not, nobody can say."""
    other = another("t")
    talk.receive(1, (0x01, b"a"))
    talk.send(1, Frame.text("never"), dropped=True)
    other.receive(2, (0x81, b"x"))
    talk.receive(3, (0x80, b"b"))
    df = talk.log.df
    assert df.ws.messages()["complete"].tolist() == [True, True]
    assert df[df["session"] == "s"].ws.messages()["complete"].isna().tolist() == [True]


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


def test_without_seq_a_message_is_complete_only_where_that_can_be_proved(talk: Any) -> None:
    """An index that was counted anew has no holes where rows were left out: the numbers of messages around tell them."""
    talk.receive(1, (0x01, b"a"), (0x00, b"b"), (0x80, b"c"), (0x81, b"d"))
    df = talk.log.df

    def complete(rows: pd.DataFrame) -> list[Any]:
        return ["?" if value is pd.NA else value for value in rows.ws.messages()["complete"].astype(object)]

    assert complete(df.reset_index(drop=True)) == [True, True]
    assert complete(df.drop(index=1).reset_index(drop=True)) == ["?", True]
    assert complete(df[:3].reset_index(drop=True)) == ["?"], "no message after it says so"
    assert complete(df.drop(index=1).set_index("time", drop=False)) == ["?", True]
    merged = pd.concat([df, df.assign(recording="another")]).sort_values("length", kind="stable")
    assert complete(merged.sort_index(kind="stable").reset_index(drop=True)) == [True] * 4


def test_logs_put_together_keep_their_messages_apart(talk: Any, elsewhere: Callable[[], Any]) -> None:
    """seq and message count in each recording; equal numbers are not one message, with or without the index.

    So do those of parts of one recording that were saved by themselves.
    """
    other = elsewhere()
    for each in (talk, other):
        each.receive(1, (0x01, b"1"), (0x80, b"2"), (0x81, b"3"))
    talk.receive(2, (0x01, b"4"), (0x80, b"5"))
    df = talk.log.df
    parts = [df[:3].ws.to_log().df, df[3:].ws.to_log().df]
    for ignore in (False, True):
        assert sorted(pd.concat([df, other.log.df], ignore_index=ignore).ws.messages()["text"]) == [
            "12", "12", "3", "3", "45",
        ]  # fmt: skip
        assert sorted(pd.concat(parts, ignore_index=ignore).ws.messages()["text"]) == ["12", "3", "45"]


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


def test_the_length_on_the_wire_of_what_a_browser_has_told_is_missing(
    talk: Any, another: Callable[..., Any]
) -> None:
    talk.receive(1, (0x01, b"se"), (0x80, b"en"))
    another("told", is_reported=True).receive(1, (0x81, b"Hello"))
    found = talk.log.df.ws.messages()
    assert found["wire_length"].fillna(-1).tolist() == [4, -1] and found["length"].tolist() == [4, 5]


def test_a_missing_length_is_that_of_the_payload(talk: Any) -> None:
    """In rows of another table, which lacks the column."""
    talk.receive(1, (0x81, b"a"), (0x01, b"bc"), (0x80, b"d"))
    df = talk.log.df
    joined = pd.concat([df[:2], df[2:].drop(columns="length")]).ws.messages()
    assert joined["length"].tolist() == [1, 3] and joined["length"].dtype == df["length"].dtype
