"""Pings and their pongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.analysis.pings import pings
from wsnotebook.files.framelog import FrameLog
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch
from wsnotebook.wire.frames import Frame


def test_a_ping_has_the_pong_with_its_payload(talk: Any) -> None:
    """In any order, in both directions; one that was not answered has none."""
    talk.send(1, Frame.ping(b"one"), Frame.ping(b"two"), Frame.ping(b"lost"))
    talk.receive(1.25, (0x8A, b"two"), (0x89, b"theirs"))
    talk.receive(1.5, (0x8A, b"one"), (0x8A, b"nobody asked"))
    talk.send(1.75, Frame.pong(b"theirs"))
    found = talk.log.df.ws.pings()
    assert found["payload"].tolist() == [b"one", b"two", b"lost", b"theirs"]
    assert found["direction"].tolist() == ["out", "out", "out", "in"]
    assert found["pong"].fillna(-1).tolist() == [5, 3, -1, 7]
    assert found["latency"].fillna(-1).tolist() == [0.5, 0.25, -1, 0.5]


def test_equal_payloads_are_answered_in_order(talk: Any) -> None:
    """A pong that nobody asked for is no answer to what is asked later."""
    talk.receive(0, (0x8A, b""))
    talk.send(1, Frame.ping(b""))
    talk.send(2, Frame.ping(b""))
    talk.receive(3, (0x8A, b""))
    talk.receive(5, (0x8A, b""), (0x8A, b""))
    talk.send(6, Frame.ping(b""))
    talk.receive(7, (0x8A, b""))
    assert talk.log.df.ws.pings()["latency"].tolist() == [2.0, 3.0, 1.0]


def test_another_connection_answers_nothing(talk: Any, another: Callable[..., Any]) -> None:
    """Neither another session, nor another attempt of the same, nor a recording of the same name."""
    talk.send(1, Frame.ping(b"x"))
    another("t").receive(2, (0x8A, b"x"))
    another("s", attempt=1).receive(3, (0x8A, b"x"))
    df = talk.log.df
    assert df.ws.pings()["latency"].isna().all()
    assert df.drop(columns=["attempt", "connection"]).ws.pings()["latency"].tolist() == [2.0]
    talk.receive(4, (0x8A, b"x"))
    assert talk.log.df.ws.pings()["latency"].tolist() == [3.0]
    both = pd.concat([df.iloc[:1].assign(recording="another"), talk.log.df.iloc[:1], talk.log.df.iloc[3:]])
    assert both.ws.pings()["latency"].fillna(-1).tolist() == [-1, 3.0]


def test_latency_is_by_the_clock_that_never_jumps(talk: Any) -> None:
    """The wall clock was set back an hour in between."""
    talk.send(1, Frame.ping(b"x"))
    talk.jump = -3600
    talk.receive(1.5, (0x8A, b"x"))
    assert talk.log.df.ws.pings()["latency"].tolist() == [0.5]


def test_a_ping_that_was_never_sent_is_none(talk: Any) -> None:
    """It was queued when the session ended."""
    talk.send(1, Frame.ping(b"x"), dropped=True)
    assert not len(talk.log.df.ws.pings())


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from([b"", b"a"])), max_size=30))
def test_answers_are_those_of_a_queue(frames: list[tuple[bool, bool, bytes]]) -> None:
    """Any mixture of pings and pongs: as one by one with a queue for each direction and payload."""
    log = FrameLog()
    number = log.register(Connection("s"))
    waiting: dict[tuple[bool, bytes], list[int]] = {}
    expected = dict.fromkeys((seq for seq, (is_ping, _, _) in enumerate(frames) if is_ping), -1)
    for seq, (is_ping, is_out, payload) in enumerate(frames):
        batch = Batch()
        batch.add(0x89 if is_ping else 0x8A, payload)
        log.append(batch, number, "out" if is_out else "in", seq, seq)
        queue = waiting.setdefault((is_out == is_ping, payload), [])
        if is_ping:
            queue.append(seq)
        elif queue:
            expected[queue.pop(0)] = seq
    found = pings(log.df)
    assert dict(zip(found.index, found["pong"].fillna(-1), strict=True)) == expected
    assert [round(value * 1e9) for value in found["latency"].dropna()] == [
        pong - ping for ping, pong in expected.items() if pong >= 0
    ]


def test_a_subset_without_payload_is_told(talk: Any) -> None:
    """The payload is what makes a pong an answer."""
    with pytest.raises(AttributeError, match="columns payload,"):
        talk.log.df.drop(columns="payload").ws.pings()
