"""What compression saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from wsnotebook.wire.frames import Frame


def test_bytes_before_and_after_by_session_and_direction(talk: Any, another: Callable[..., Any]) -> None:
    """Control frames are not compressed and do not count; no bytes have no ratio."""
    talk.receive_compressed(1, b"x" * 90, b"0123456789")
    talk.receive(2, (0x81, b"x" * 10), (0x89, b"ping"))
    talk.send(3, Frame.text("plain"), Frame.ping(b"ping"))
    another("t").receive(4, (0x81, b""))
    found = talk.log.df.ws.compression()
    rows = found.drop(columns="ratio").to_dict("index")
    assert rows == {
        ("s", "in"): {"frames": 2, "before": 100, "after": 20},
        ("s", "out"): {"frames": 1, "before": 5, "after": 5},
        ("t", "in"): {"frames": 1, "before": 0, "after": 0},
    }
    assert found["ratio"].fillna(-1).tolist() == [0.2, 1.0, -1.0]


def test_what_a_browser_has_told_has_no_size_on_the_wire(talk: Any, another: Callable[..., Any]) -> None:
    """A ratio of 1.0 would say that it was not compressed."""
    talk.receive(1, (0x81, b"seen"))
    another("told", is_reported=True).receive(1, (0x81, b"Hello"))
    found = talk.log.df.ws.compression()
    assert found["before"].tolist() == [4, 5]
    assert found["after"].isna().tolist() == found["ratio"].isna().tolist() == [False, True]
    one = talk.log.df.assign(session="one").ws.compression()
    assert one["before"].tolist() == [9] and one[["after", "ratio"]].isna().all(axis=None)
