"""Delays of a session's own event loop, and the gaps that they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from wsnotebook.log.events import Event
from wsnotebook.wire.frames import Frame

SECOND = 1_000_000_000


def late(log: Any, at: float, seconds: float, session: str = "s") -> None:
    """Note that the loop came late, or without seconds that it is watched; ``at`` is seconds on both clocks."""
    kind, lasted = ("loop late", seconds) if seconds else ("loop watched", None)
    now = round(at * SECOND)
    log.restore([Event(now, now, session, kind, "", lasted)])


def test_delays_are_listed_with_their_sessions(talk: Any, another: Callable[..., Any]) -> None:
    """Those of other sessions are not; who was watched is known also where nothing was late."""
    another("t").receive(0, (0x81, b"x"))
    talk.receive(0, (0x81, b"x"))
    for at, seconds, session in ((1, 0, "s"), (1, 0, "t"), (3, 0.5, "s"), (4, 2, "u")):
        late(talk.log, at, seconds, session)
    found = talk.log.df.ws.stalls()
    assert found.to_dict("list") == {
        "session": ["s"],
        "start": [pd.Timestamp(2.5, unit="s", tz="UTC")],
        "end": [pd.Timestamp(3, unit="s", tz="UTC")],
        "duration": [0.5],
    }
    assert found.attrs["watched"] == ["s", "t"]
    assert talk.log.df.query("session == 't'").ws.stalls().attrs["watched"] == ["t"]


@pytest.mark.parametrize(
    ("delays", "whose"),
    [
        ([], "theirs"),
        ([(4, 0.5)], "theirs"),
        ([(4, 1.9)], "theirs"),
        ([(4, 2.0)], "ours"),
        ([(3.5, 1.0), (4.5, 1.0)], "ours"),
        ([(1.5, 1.0), (5.5, 1.0), (9, 3)], "theirs"),
    ],
)
def test_a_gap_is_ours_if_our_loop_made_it(talk: Any, delays: list[tuple[float, float]], whose: str) -> None:
    """Three seconds: without two of them they would not be longer than one; what was late before or after is not in it."""
    late(talk.log, 0, 0)
    for at in (1, 2, 5, 6):
        talk.receive(at, (0x81, b"x"))
    for at, seconds in delays:
        late(talk.log, at, seconds)
    found = talk.log.df.ws.gaps("1s")
    assert found["duration"].tolist() == [3.0] and found["whose"].tolist() == [whose]


def test_a_gap_is_not_guessed_at(
    talk: Any, another: Callable[..., Any], elsewhere: Callable[[], Any]
) -> None:
    """A loop that nobody watched, or not yet; what we did not send is ours without asking."""
    other = another("t")
    late(talk.log, 3, 0)
    for at in (1, 5, 9):
        talk.receive(at, (0x81, b"x"))
        talk.send(at, Frame.text("x"))
        other.receive(at, (0x81, b"x"))
    found = talk.log.df.ws.gaps("1s")
    by = found.groupby(["session", "direction"], observed=True)["whose"].agg(list).to_dict()
    assert by == {
        ("s", "in"): ["unknown", "theirs"],
        ("s", "out"): ["ours"] * 2,
        ("t", "in"): ["unknown"] * 2,
    }
    stranger = elsewhere()
    stranger.receive(1, (0x81, b"x"))
    both = pd.concat([talk.log.df, stranger.log.df])
    assert set(both.ws.gaps("1s")["whose"]) == {"ours", "unknown"}
