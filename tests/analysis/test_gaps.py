"""Silences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from wsnotebook.wire.frames import Frame


def test_silences_are_listed_by_session_and_direction(talk: Any, another: Callable[..., Any]) -> None:
    """Longer than asked for, not as long; what others said in between does not break a silence."""
    other = another("t")
    for at in (0, 1, 1.5, 4):
        talk.receive(at, (0x81, b"x"))
        other.receive(at / 10, (0x81, b"x"))
    talk.send(2, Frame.text("x"))
    talk.send(9, Frame.text("x"))
    found = talk.log.df.ws.gaps(longer_than="1s")
    assert found.index.tolist() == [6, 9] and found["after"].tolist() == [4, 8]
    assert found["session"].tolist() == ["s", "s"] and found["direction"].tolist() == ["in", "out"]
    assert found["duration"].tolist() == [2.5, 7.0]
    assert (found["end"] - found["start"]).dt.total_seconds().tolist() == [2.5, 7.0]
    assert talk.log.df.ws.gaps(0.4)["duration"].tolist() == [1.0, 0.5, 2.5, 7.0]


def test_a_silence_reaches_over_a_reconnection(talk: Any, another: Callable[..., Any]) -> None:
    """The session was silent, whichever connection spoke."""
    talk.receive(0, (0x81, b"x"))
    another("s", attempt=1).receive(30, (0x81, b"x"))
    assert talk.log.df.ws.gaps()["duration"].tolist() == [30.0]


def test_a_clock_that_was_set_is_no_silence(talk: Any) -> None:
    """Durations are by the monotonic clock."""
    talk.receive(0, (0x81, b"x"))
    talk.jump = 3600
    talk.receive(0.5, (0x81, b"x"))
    assert not len(talk.log.df.ws.gaps())


def test_between_two_recordings_there_is_no_silence(talk: Any) -> None:
    """Clocks of two kernels cannot be compared."""
    talk.receive(0, (0x81, b"x"))
    talk.receive(5, (0x81, b"x"))
    df = talk.log.df
    later = df.assign(recording="another", monotonic=df["monotonic"] + 10**12)
    assert pd.concat([df, later]).ws.gaps()["duration"].tolist() == [5.0, 5.0]


def test_the_limit_is_a_duration(talk: Any) -> None:
    """Else a sentence."""
    with pytest.raises(ValueError, match="longer_than is a duration"):
        talk.log.df.ws.gaps("long")
