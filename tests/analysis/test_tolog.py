"""Frames as a log again: selected, edited, merged, in every format; what contradicts itself is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.wire.judge import Judge

OF_THE_WIRE = ["wire_length", "frame_length", "rsv1", "rsv2", "rsv3"]
"""Columns that differ where an extension had changed the payload, or the header was not the shortest."""
PHASES = tuple(phase for phase in Phase if phase is not Phase.shrink)  # a log shrinks for minutes


@pytest.mark.long
def test_the_frames_of_any_log_are_the_same_frames(logs: Any) -> None:
    """Every column comes back, but for what compression had made of a payload, and longer headers."""

    @settings(max_examples=40, deadline=None, phases=PHASES)
    @given(logs)
    def check(log: FrameLog) -> None:
        df, again = log.df, log.df.ws.to_log().df
        sizes = pd.Series([len(payload) for payload in df["payload"]], df.index, "int64")
        shortest = sizes + 2 + 2 * (sizes > 125) + 6 * (sizes > 65535)
        is_plain = df["frame_length"].eq(shortest + 4 * df["masked"])
        is_plain &= df["status"].ne("ok") | ~df[["rsv1", "rsv2", "rsv3"]].any(axis=1)
        new = again.set_axis(df.index)
        for name in (each for each in df.columns if each not in (*OF_THE_WIRE, "connection", "message")):
            one, other = df[name].astype(object), new[name].astype(object)
            pd.testing.assert_series_equal(one, other)
        pd.testing.assert_frame_equal(df.loc[is_plain, OF_THE_WIRE], new.loc[is_plain, OF_THE_WIRE])
        moved = dict(zip(df.index, again.index, strict=True))
        assert [moved.get(number) for number in df["message"].tolist()] == [
            None if pd.isna(number) else number for number in again["message"].tolist()
        ]

    check()


def test_a_selection_keeps_its_handshake(talk: Any, another: Any) -> None:
    """The rows of one session are a log of one connection, from 0."""
    talk.receive(1, (0x81, b"a"))
    other = another("t")
    other.receive(2, (0x01, b"b"), (0x80, b"c"))
    talk.log.connections[1] = talk.log.connections[1]._replace(url="ws://there/")
    df = talk.log.df
    log = df[df["session"] == "t"].ws.to_log()
    assert log.df.index.tolist() == [0, 1] and log.df["message"].tolist() == [0, 0]
    (connection,) = log.connections
    assert (connection.session, connection.url) == ("t", "ws://there/")
    assert connection.recording == talk.log.recording_id == log.df["recording"].iloc[0]


def test_two_recordings_are_one_log_by_time(talk: Any, elsewhere: Any) -> None:
    """Each keeps its identity, and its connection."""
    other = elsewhere()
    talk.receive(1, (0x81, b"1"))
    other.receive(2, (0x81, b"2"))
    talk.receive(3, (0x81, b"3"))
    log = pd.concat([talk.log.df, other.log.df]).ws.to_log()
    assert log.df["text"].tolist() == ["1", "2", "3"]
    assert log.df["connection"].tolist() == [0, 1, 0] and log.df["recording"].nunique() == 2


def test_a_merged_recording_keeps_its_order(talk: Any, elsewhere: Any) -> None:
    """Though times in it go back, as where a captured segment was sent again, or a clock was set."""
    other = elsewhere()
    talk.receive(4, (0x01, b"hel"))
    talk.receive(2, (0x80, b"lo"))
    other.receive(3, (0x81, b"3"))
    other.receive(5, (0x81, b"5"))
    log = pd.concat([talk.log.df, other.log.df]).ws.to_log()
    assert log.df["text"].tolist() == ["3", "hel", "lo", "5"]
    assert log.df["message"].tolist() == [0, 1, 1, 3]


def test_each_recording_keeps_its_own_order(talk: Any, elsewhere: Any) -> None:
    """Where its wall clock was set back in a message, and where rows have no time."""
    other = elsewhere()
    talk.receive(1, (0x01, b"A"))
    other.receive(2, (0x81, b"1"))
    talk.receive(3, (0x00, b"B"))
    talk.jump = -60
    talk.receive(4, (0x00, b"C"))
    talk.receive(5, (0x80, b"D"))
    talk.jump = 0
    other.receive(6, (0x81, b"2"))
    talk.receive(7, (0x81, b"E"))
    df = pd.concat([talk.log.df, other.log.df])
    for times in (df["time"], df["time"].where(df["text"].ne("D"))):
        again = df.assign(time=times).ws.to_log().df
        assert again["text"].tolist() == ["A", "1", "B", "C", "D", "2", "E"]
        joined = again.ws.messages()
        assert joined["text"].tolist() == ["ABCD", "E", "1", "2"] and joined["complete"].all()


def test_mask_keys_of_other_programs_are_taken(talk: Any) -> None:
    """DuckDB gives bytes as bytearray."""
    talk.send(1, Frame.text("a"))
    df = talk.log.df
    other = df.assign(mask_key=[bytearray(key) for key in df["mask_key"]])
    assert other.ws.to_log().df["mask_key"].tolist() == df["mask_key"].tolist()


def test_an_edited_text_is_the_payload(talk: Any) -> None:
    """And so are the lengths; with both columns it must be said which was edited."""
    talk.receive(1, (0x81, b"secret"), (0x82, b"\x00"))
    talk.send(2, Frame.text("ok"))
    df = talk.log.df
    df["text"] = df["text"].str.replace("secret", "é")
    with pytest.raises(ValueError, match=r"seq 0 has a text that is not its payload: .*columns='payload'"):
        df.ws.to_log()
    with pytest.raises(ValueError, match="seq 1 has no text, and there is no column payload"):
        df.drop(columns="payload").ws.to_log()
    log = df[df["opcode"] == "text"].drop(columns="payload").ws.to_log()
    assert log.df[["text", "length", "wire_length", "frame_length"]].values.tolist() == [
        ["é", 2, 2, 4],
        ["ok", 2, 2, 8],
    ]
    df["payload"] = pd.array([b"x", b"y", b"\xff"], df["payload"].dtype)
    log = df.drop(columns="text").ws.to_log()
    assert log.df["payload"].tolist() == [b"x", b"y", b"\xff"]
    assert log.df["text"].isna().tolist() == [False, True, True]


def test_a_compressed_message_becomes_one_without_compression(talk: Any) -> None:
    """Both its payloads are the edited one."""
    talk.receive_compressed(1, b"Hello", bytes.fromhex("f248cdc9c90700"))
    (row,) = talk.log.df.ws.to_log().df.itertuples()
    assert (row.text, row.length, row.wire_length, row.rsv1) == ("Hello", 5, 5, False)


@pytest.mark.parametrize("head", [b"\x82", b"\xc2"])
def test_a_frame_that_was_cut_off_stays_one(head: bytes) -> None:
    """Also one that breaks a rule, of which the status says that."""
    judge = Judge("server")
    assert not list(judge.receive(head + b"\x7e\x03\xe8abcd"))
    reading, log = judge.receive_end(), FrameLog()
    assert reading is not None
    log.append(reading.batch, log.register(Connection("feed")), "in", 1, 1)
    (row,) = log.df.ws.to_log().df.itertuples()
    assert (row.length, row.wire_length, row.frame_length, row.payload) == (1000, 4, 8, b"abcd")
    assert row.status == log.df["status"].iloc[0]


def test_what_a_browser_told_is_told_again(talk: Any) -> None:
    """Keys and lengths on the wire stay missing, also of messages that were sent; those of another connection stay."""
    talk.receive(1, (0x81, b"a"))
    talk.send(1, Frame.text("b"))
    talk.log.connections[0] = talk.log.connections[0]._replace(is_reported=True)
    type(talk)(talk.log, "seen").send(1, Frame.text("c"))
    again = talk.log.df.ws.to_log().df
    assert again["text"].tolist() == ["a", "b", "c"] and again["masked"].tolist() == [False, True, True]
    assert again["mask_key"].isna().tolist() == again["wire_length"].isna().tolist() == [True, True, False]
    assert again["mask_key"].iloc[2] == talk.log.df["mask_key"].iloc[2]


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng"])
def test_what_a_browser_told_is_saved_without_secrets(talk: Any, tmp_path: Path, suffix: str) -> None:
    """In every format, of which its keys are no part."""
    talk.send(1, Frame.text('{"password": "hunter2"}'))
    talk.log.connections[0] = talk.log.connections[0]._replace(is_reported=True)
    path = talk.log.save(tmp_path / f"x{suffix}", redact=True)
    (row,) = wsnotebook.load(path).df.to_dict("records")
    assert row["text"].startswith('{"password": "<redacted:') and pd.isna(row["mask_key"])


@pytest.mark.parametrize("suffix", [".parquet", ".jsonl", ".har", ".pcapng"])
def test_it_is_saved_in_every_format(talk: Any, tmp_path: Path, suffix: str) -> None:
    """And read again."""
    talk.receive(1, (0x81, b"a"), (0x89, b"!"), (0x88, b"\x03\xe8bye"))
    talk.send(2, Frame.text("b"), Frame.close(CloseReason(1000, "")))
    df = talk.log.df.query("opcode != 'ping'")
    path = df.ws.save(tmp_path / f"x{suffix}")
    assert wsnotebook.load(path).df["payload"].tolist() == df["payload"].tolist()


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("opcode", "words", "seq 0 has the opcode 'words'"),
        ("status", "fine", "seq 0 has the status 'fine': write one of ok, violation"),
        ("mask_key", None, "masked and has no mask_key of 4 bytes"),
        ("payload", None, "has no payload"),
    ],
)
def test_what_contradicts_itself_is_refused(talk: Any, column: str, value: Any, sentence: str) -> None:
    """With the row and the remedy."""
    talk.send(1, Frame.text("a"))
    df = talk.log.df.drop(columns="text")
    df[column] = pd.Series([value], df.index, object)
    with pytest.raises(ValueError, match=sentence):
        df.ws.to_log()


def test_fragments_of_a_text_are_text(talk: Any) -> None:
    """Without the column too, where the messages are known; what is no UTF-8 by itself is none."""
    talk.receive(1, (0x01, "aé".encode()[:2]), (0x80, "aé!".encode()[2:]), (0x02, b"b"), (0x80, b"c"))
    df = talk.log.df
    again = df.drop(columns="text").ws.to_log().df
    assert again["text"].isna().tolist() == df["text"].isna().tolist() == [True, True, True, True]
    talk.receive(2, (0x01, b"d"), (0x80, b"e"))
    assert talk.log.df.drop(columns="text").ws.to_log().df["text"].tolist()[-2:] == ["d", "e"]


def test_a_few_columns_are_enough(talk: Any) -> None:
    """The others have the values of a plain frame."""
    talk.receive(1, (0x81, b"a"))
    talk.receive(2, (0x01, b"b"), (0x80, b"c"))
    df = talk.log.df[["time", "session", "direction", "opcode", "fin", "payload"]]
    again = df.ws.to_log().df
    assert again["text"].tolist()[:2] == ["a", "b"] and again["message"].tolist() == [0, 1, 1]
    with pytest.raises(AttributeError, match="time, session"):
        df[["direction", "opcode"]].ws.to_log()
    assert len(df.iloc[:0].ws.to_log()) == 0
