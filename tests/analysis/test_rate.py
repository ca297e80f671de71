"""Frames and bytes in intervals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from wsnotebook.wire.frames import Frame


def test_intervals_without_frames_are_zero(talk: Any) -> None:
    """One row for each interval between the first and the last, by direction."""
    talk.receive(0.25, (0x81, b"ab"), (0x81, b"cd"))
    talk.receive(0.75, (0x81, b"e"))
    talk.send(3.5, Frame.text("four"))
    found = talk.log.df.ws.rate("1s")
    assert found.index.tolist() == list(pd.date_range("2023-11-14 22:13:20", periods=4, freq="1s", tz="UTC"))
    assert found.index.name == "time"
    assert found["frames_in"].tolist() == [3, 0, 0, 0] and found["bytes_in"].tolist() == [5, 0, 0, 0]
    assert found["frames_out"].tolist() == [0, 0, 0, 1] and found["bytes_out"].tolist() == [0, 0, 0, 4]


@pytest.mark.parametrize("every", ["500ms", 0.5, "0.5", timedelta(milliseconds=500), pd.Timedelta("500ms")])
def test_an_interval_is_said_in_many_ways(talk: Any, every: Any) -> None:
    """Seconds, also as text, what pandas reads, and timedeltas: all half a second."""
    talk.receive(0, (0x81, b""))
    talk.receive(0.5, (0x81, b""))
    talk.receive(0.999, (0x81, b""))
    assert talk.log.df.ws.rate(every)["frames_in"].tolist() == [1, 2]


@pytest.mark.parametrize("every", [0, -1, "now", "", None, float("nan"), float("inf"), "0s", [1]])
def test_what_is_no_duration_is_refused(talk: Any, every: Any) -> None:
    """The sentence says what a duration looks like, also when there is no frame to count."""
    with pytest.raises(ValueError, match=r"every is a duration .*'100ms'"):
        talk.log.df.ws.rate(every)


def test_a_frame_of_another_age_does_not_fill_the_memory(talk: Any) -> None:
    """A file may hold any times: too many intervals are refused, with the remedy."""
    talk.receive(0, (0x81, b""))
    talk.jump = -1_000_000_000
    talk.receive(1, (0x81, b""))
    with pytest.raises(ValueError, match="take a longer one"):
        talk.log.df.ws.rate("1s")
    assert talk.log.df.ws.rate("365D")["frames_in"].sum() == 2
