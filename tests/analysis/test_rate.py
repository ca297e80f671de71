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


@pytest.mark.parametrize("jump", [3 * 86_400, 60 * 365 * 86_400])
def test_what_passed_only_on_the_wall_clock_has_no_interval(talk: Any, jump: int) -> None:
    """The clock was set, or the machine slept, 3 s before the third frame: 3 s, and no 259,204, are without frames."""
    talk.receive(0, (0x81, b"a"))
    talk.receive(2, (0x81, b"b"))
    talk.jump = jump
    talk.receive(5, (0x81, b"c"))
    rates = talk.log.df.ws.rate("1s")
    assert rates["frames_in"].tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 0, 1], (
        "3 s after the one, 3 s before the other"
    )
    assert (rates.index[-1] - rates.index[0]).total_seconds() == 5 + jump
    assert talk.log.df.assign(session="s").drop(columns="monotonic")[:2].ws.rate()["frames_in"].sum() == 2
    talk.jump = 0
    talk.receive(6, (0x81, b"set back"))
    assert talk.log.df.ws.rate("1s")["frames_in"].sum() == 4


def test_frames_without_a_time_are_not_counted(talk: Any) -> None:
    """A capture may have none; so may all rows."""
    talk.receive(1, (0x81, b"a"))
    talk.receive(2, (0x81, b"b"))
    df = talk.log.df
    df["time"] = df["time"].mask(df.index == 0)
    assert df.ws.rate()["frames_in"].tolist() == [1]
    none = df.assign(time=df["time"].mask(df.index >= 0))
    assert none.ws.rate().empty
    assert "without a time" in str(none.ws.summary()) and "without a time" in none.ws.script()
    assert [text.get_text() for text in none.ws.plot_rate().texts] == ["no frames"]


def test_intervals_follow_the_time_zone_of_the_column(talk: Any) -> None:
    """tz_convert() before the question is that of the answer; a day is a day of that zone, also one of 25 hours."""
    start = pd.Timestamp("2023-11-14 22:13:20", tz="UTC")
    autumn = pd.Timestamp("2023-10-29", tz="Europe/Berlin")
    for moment in (autumn, autumn + pd.Timedelta("24h"), autumn + pd.Timedelta("26h")):
        talk.receive((moment - start).total_seconds(), (0x81, b""))
    df = talk.log.df
    local = df.assign(time=df["time"].dt.tz_convert("Europe/Berlin"))
    days = local.ws.rate("1D")
    assert days.index.tolist() == [autumn, pd.Timestamp("2023-10-30", tz="Europe/Berlin")]
    assert days["frames_in"].tolist() == [2, 1] and str(days.index.tz) == "Europe/Berlin"
    hours = local.ws.rate("1h")
    assert hours.index.equals(df.ws.rate("1h").index.tz_convert("Europe/Berlin"))
    assert hours["frames_in"].tolist() == df.ws.rate("1h")["frames_in"].tolist()


def test_a_day_may_begin_at_one_o_clock(talk: Any) -> None:
    """In Beirut the clock went from 23:59 to 01:00; the day has its row all the same."""
    start = pd.Timestamp("2023-11-14 22:13:20", tz="UTC")
    for day in ("2022-03-26 12:00", "2022-03-27 12:00", "2022-03-28 12:00"):
        talk.receive((pd.Timestamp(day, tz="UTC") - start).total_seconds(), (0x81, b""))
    df = talk.log.df
    days = df.assign(time=df["time"].dt.tz_convert("Asia/Beirut")).ws.rate("1D")
    assert days["frames_in"].tolist() == [1, 1, 1]
    assert [f"{day:%d %H}" for day in days.index] == ["26 00", "27 01", "28 00"]
