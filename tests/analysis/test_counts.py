"""Frames and bytes by session, direction and opcode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from wsnotebook.wire.frames import Frame


def test_every_combination_that_occurs_is_counted(talk: Any, another: Callable[..., Any]) -> None:
    """Frames, payload bytes and wire bytes with header and mask; nothing for what did not occur."""
    talk.receive(1, (0x81, b"four"), (0x81, b"x" * 100), (0x8A, b""))
    talk.send(1, Frame.text("four"))
    another("t").receive(2, (0x82, b"two bytes"))
    found = talk.log.df.ws.counts()
    assert found.index.names == ["session", "direction", "opcode"]
    assert found.to_dict("index") == {
        ("s", "in", "text"): {"frames": 2, "bytes": 104, "wire_bytes": 108},
        ("s", "in", "pong"): {"frames": 1, "bytes": 0, "wire_bytes": 2},
        ("s", "out", "text"): {"frames": 1, "bytes": 4, "wire_bytes": 10},
        ("t", "in", "binary"): {"frames": 1, "bytes": 9, "wire_bytes": 11},
    }


def test_what_was_never_sent_does_not_count(talk: Any) -> None:
    """Dropped rows are in the log, and crossed no wire; without the column status nobody can tell."""
    talk.send(1, Frame.text("sent"))
    talk.send(2, Frame.text("queued"), dropped=True)
    df = talk.log.df
    assert df.ws.counts()["frames"].tolist() == [1]
    assert df.drop(columns="status").ws.counts()["frames"].tolist() == [2]


def test_the_bytes_on_the_wire_of_what_a_browser_has_told_are_missing(
    talk: Any, another: Callable[..., Any]
) -> None:
    """The frames and the payloads count."""
    talk.receive(1, (0x81, b"seen"))
    another("told", is_reported=True).receive(1, (0x81, b"Hello"))
    found = talk.log.df.ws.counts()
    assert found["bytes"].tolist() == [4, 5]
    assert found["wire_bytes"].isna().tolist() == [False, True]
    one = talk.log.df.assign(session="one").ws.counts()
    assert one["bytes"].tolist() == [9] and one["wire_bytes"].isna().all()


def test_rows_without_a_session_count_too(talk: Any) -> None:
    """Those of another table, which lacks the column."""
    talk.receive(1, (0x81, b"a"), (0x81, b"bc"))
    df = talk.log.df
    rows = pd.concat([df[:1], df[1:].drop(columns="session")])
    assert rows.ws.counts().reset_index()["bytes"].tolist() == [1, 2]
    compressed = rows.ws.compression().reset_index()
    assert compressed["before"].tolist() == [1, 2] and compressed["session"].isna().tolist() == [False, True]
