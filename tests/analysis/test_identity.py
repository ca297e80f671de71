"""Two connections are never taken for one: neither in one log, nor in recordings that were merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.wire.frames import Frame

CLOSE_1013 = (0x88, b"\x03\xf5later")


def converse(talk: Any, at: float) -> None:
    """Record a message of two fragments with a ping between, a silence of 5 s, and the peer's close, 1013."""
    talk.receive(at, (0x01, b"be"))
    talk.send(at + 0.1, Frame.ping(b"p"))
    talk.receive(at + 0.2, (0x8A, b"p"))
    talk.receive(at + 0.3, (0x80, b"gin"))
    talk.receive(at + 5.3, (0x81, b"end"))
    talk.receive(at + 5.4, CLOSE_1013)
    talk.send(at + 5.5, Frame.close(None))


def as_concatenated(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return recordings one after the other."""
    return pd.concat(frames)


def as_sorted_by_time(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return recordings in the order of their times."""
    return pd.concat(frames).sort_values("time", kind="stable")


def as_numbered_anew(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return recordings without their ``seq``."""
    return pd.concat(frames, ignore_index=True)


def as_shuffled(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return recordings in no order."""
    return pd.concat(frames).sample(frac=1, random_state=3)


MERGED = [as_concatenated, as_sorted_by_time, as_numbered_anew, as_shuffled]


def plain(answer: pd.DataFrame, *, seq: bool = True) -> list[list[Any]]:
    """Return the values of an answer in one order, for a comparison that the categories do not matter to."""
    rows = answer.reset_index() if seq else answer
    left_out = () if seq else ("after", "pong", "first_seq", "last_seq")
    values = rows.drop(columns=[name for name in left_out if name in rows]).astype(str).to_numpy().tolist()
    return sorted(values)


@pytest.fixture
def two_recordings(elsewhere: Callable[[], Any]) -> list[pd.DataFrame]:
    """Recordings of one session each, both of the same name, which overlap in time."""
    frames = []
    for start in (0.0, 0.05):
        talk = elsewhere()
        converse(talk, start)
        frames.append(talk.log.df)
    return frames


@pytest.mark.parametrize("question", ["messages", "gaps", "closes", "pings", "decode", "violations"])
@pytest.mark.parametrize("merge", MERGED)
def test_merged_recordings_answer_as_each_alone(
    question: str, merge: Callable[[list[pd.DataFrame]], pd.DataFrame], two_recordings: list[pd.DataFrame]
) -> None:
    """Whatever pandas did to their rows: no message is joined across them, no gap or close is of both."""
    seq = merge is not as_numbered_anew and question != "decode"
    alone = [row for df in two_recordings for row in plain(getattr(df.ws, question)(), seq=seq)]
    assert alone or question == "violations"
    assert plain(getattr(merge(two_recordings).ws, question)(), seq=seq) == sorted(alone)


def test_two_connections_of_one_name_in_one_log_stay_apart(
    log: FrameLog, another: Callable[..., Any]
) -> None:
    """As two programs behind one proxy have, or two connects with the same name: each its own messages, gaps, closes."""
    one, other = another("s"), another("s")
    one.receive(0, (0x01, b"one "))
    other.receive(0.1, (0x01, b"other "))
    one.receive(0.2, (0x80, b"whole"))
    other.receive(0.3, (0x80, b"whole"))
    for second in range(4):
        other.receive(1 + second, (0x81, b"tick"))
    one.receive(5, (0x81, b"after a silence"), CLOSE_1013)
    other.send(5.1, Frame.close(None))
    assert log.df["connection"].nunique() == 2 and log.df["recording"].nunique() == 1
    assert log.df.ws.messages()["text"].tolist()[:2] == ["one whole", "other whole"]
    gaps = log.df.ws.gaps("3s")
    assert gaps[["connection", "duration"]].to_numpy().tolist() == [[0, 4.8]]
    closes = log.df.ws.closes()
    assert closes["initiator"].tolist() == ["peer", "local"], "each closed first on its own connection"


def test_a_gap_spans_a_reconnection(log: FrameLog, another: Callable[..., Any]) -> None:
    """The session was silent: the frame that ends the gap came on the next connection."""
    another("s").receive(0, (0x81, b"a"))
    another("t").receive(1, (0x81, b"x"))
    another("s", attempt=1).receive(4, (0x81, b"b"))
    another("s").receive(5, (0x81, b"not of them"))
    assert log.df.ws.gaps("2s")[["connection", "duration"]].to_numpy().tolist() == [[2, 4.0]]


def test_rows_of_former_versions_are_told_apart_as_far_as_they_can_be(
    two_recordings: list[pd.DataFrame],
) -> None:
    """Without the columns, session and attempt are the connection, and a seq that goes back begins a recording."""
    older = [df.drop(columns=["recording", "connection"]) for df in two_recordings]
    assert as_concatenated(older).ws.messages()["text"].tolist() == ["begin", "end"] * 2
    assert as_concatenated(older).ws.closes()["initiator"].tolist() == ["peer"] * 4
