"""Figures: what is drawn, and that no text in them is markup."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wsnotebook.analysis.plots import plain
from wsnotebook.wire.frames import Frame


@pytest.fixture
def figures() -> Iterator[Any]:
    """matplotlib without a screen; all figures are closed afterwards."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


def steps(ax: Any) -> dict[str, list[float]]:
    """The values of the labelled steps."""
    return {patch.get_label(): patch.get_data().values.tolist() for patch in ax.patches if patch.get_label()}


def words(ax: Any) -> list[str]:
    """The texts on the axes."""
    return [text.get_text() for text in ax.texts]


def test_the_rate_is_drawn_by_direction(talk: Any, figures: Any) -> None:
    """Values are those of rate(); events are lines over the whole height."""
    talk.receive(0, (0x81, b"abc"), (0x81, b"de"))
    talk.send(2, Frame.text("x"))
    talk.log.note("reconnect", "", "s")
    df, events = talk.log.df, talk.log.events
    ax = df.ws.plot_rate("1s", of="bytes", events=events.assign(time=df["time"].iloc[:1].array))
    assert steps(ax) == {"received": [5, 0, 0], "sent": [0, 0, 1]}
    assert [label.get_text() for label in ax.get_legend().get_texts()] == ["received", "sent", "reconnect"]
    assert ax.get_ylabel() == "bytes per 1s" and ax.get_xlabel() == "time (UTC)"
    assert df.ws.plot_rate(0.5, ax=ax) is ax and ax.get_ylabel() == "frames per 0.5 s"
    ax.figure.canvas.draw()
    with pytest.raises(ValueError, match="frames"):
        df.ws.plot_rate(of="messages")
    with pytest.raises(TypeError, match="colour"):
        df.ws.plot_rate(colour="red")


def test_latency_is_drawn_by_session_and_the_lost_are_crosses(
    talk: Any, another: Callable[..., Any], figures: Any
) -> None:
    """Milliseconds over time; pings of the peer are not ours."""
    talk.send(1, Frame.ping(b"a"), Frame.ping(b"lost"))
    talk.receive(1.25, (0x8A, b"a"), (0x89, b"theirs"))
    talk.send(1.5, Frame.pong(b"theirs"))
    other = another("t")
    other.send(2, Frame.ping(b"b"))
    other.receive(2.5, (0x8A, b"b"))
    ax = talk.log.df.ws.plot_latency()
    drawn = [np.nan_to_num(line.get_ydata(), nan=-1).tolist() for line in ax.lines]
    assert drawn == [[250.0, -1], [0.0], [500.0]]
    assert [label.get_text() for label in ax.get_legend().get_texts()] == ["s", "t"]


def test_where_there_is_nothing_the_axes_say_so(talk: Any, figures: Any) -> None:
    """No frame, no ping, no pong: words, and neither a legend of nothing nor a day in 1970."""
    rate, latency = talk.log.df.ws.plot_rate(), talk.log.df.ws.plot_latency()
    assert words(rate) == ["no frames"] and words(latency) == ["no ping was sent"]
    assert all(ax.get_legend() is None and not len(ax.get_xticks()) for ax in (rate, latency))
    talk.send(1, Frame.ping(b"lost"))
    assert words(talk.log.df.ws.plot_latency()) == ["no ping was answered"]


def test_pings_without_a_time_are_told(talk: Any, figures: Any) -> None:
    """They have no place on the axis; one that has is drawn alone."""
    talk.send(1, Frame.ping(b"a"), Frame.ping(b"b"))
    df = talk.log.df
    none = df.assign(time=df["time"].mask([True, True])).ws.plot_latency()
    assert [text.get_text() for text in none.texts] == ["no ping that was sent has a time"]
    some = df.assign(time=df["time"].mask([True, False])).ws.plot_latency()
    some.figure.canvas.draw()
    assert len(some.lines[0].get_xdata()) == 1


def test_one_interval_and_the_last_one_have_an_area(talk: Any, figures: Any) -> None:
    """Steps have a beginning and an end, both inside the axes."""
    talk.receive(0, (0x81, b"x"))
    ax = talk.log.df.ws.plot_rate("1s")
    left, right = ax.patches[0].get_data().edges
    assert right > left and ax.get_xlim()[0] < left and right < ax.get_xlim()[1]
    assert ax.get_ylim() == (0, pytest.approx(1.05))
    talk.receive(1, (0x81, b"x"))
    assert len(talk.log.df.ws.plot_rate("1s").patches[0].get_data().edges) == 3


def test_a_single_ping_is_shown_in_its_second(talk: Any, figures: Any) -> None:
    """matplotlib alone would show four years around it."""
    talk.send(1, Frame.ping(b"a"))
    talk.receive(1.5, (0x8A, b"a"))
    left, right = talk.log.df.ws.plot_latency().get_xlim()
    assert (right - left) * 86_400 == pytest.approx(1)


def test_much_of_one_direction_does_not_hide_the_other(talk: Any, figures: Any) -> None:
    """A hundred times as much: the scale is logarithmic and says so; without it the smaller one would lie on the axis."""
    talk.receive(0, *[(0x81, b"x")] * 100)
    assert talk.log.df.ws.plot_rate().get_yscale() == "linear"
    talk.send(0, Frame.text("x"))
    ax = talk.log.df.ws.plot_rate()
    assert ax.get_yscale() == "symlog" and ax.get_ylabel() == "frames per 1s\n(log scale)"


def test_many_intervals_are_a_band_with_its_mean(talk: Any, figures: Any) -> None:
    """Never more steps than pixels: 6,000 intervals are groups of 10, of which mean, least and most are drawn."""
    for at in range(0, 6000, 2):
        talk.receive(at, (0x81, b"x"))
    talk.receive(5999, (0x81, b"x"))
    ax = talk.log.df.ws.plot_rate()
    assert ax.get_ylabel() == "frames per 1s\n(mean and range of 10)"
    assert set(steps(ax)["received"][:-1]) == {0.5} and len(steps(ax)["received"]) == 600
    band = ax.patches[1].get_data()
    assert set(band.values) == {1} and set(band.baseline) == {0}


def test_many_pings_are_a_band_with_its_median(talk: Any, figures: Any) -> None:
    """Beyond a thousand no point could be told from the next; what was lost is still marked."""
    for number in range(1001):
        name = b"%d" % number
        talk.send(number, Frame.ping(name))
        if number != 500:
            talk.receive(number + 0.1 + number % 2 / 10, (0x8A, name))
    ax = talk.log.df.ws.plot_latency()
    line, lost = ax.lines
    assert ax.get_ylabel() == "latency (ms)\n(median and range)" and len(ax.collections) == 1
    assert 300 <= len(line.get_ydata()) <= 335 and set(np.round(line.get_ydata())) == {100, 150, 200}
    assert len(lost.get_xdata()) == 1


def test_many_sessions_do_not_fill_the_legend(another: Callable[..., Any], figures: Any) -> None:
    """The ten with the most pings have a colour and a label; the others share one."""
    for number in range(12):
        talk = another(f"s{number:02}")
        for round_ in range(2 if number > 1 else 1):
            talk.send(number, Frame.ping(b"%d" % round_))
            talk.receive(number + 0.5, (0x8A, b"%d" % round_))
    ax = talk.log.df.ws.plot_latency()
    labels = [label.get_text() for label in ax.get_legend().get_texts()]
    assert labels == [*(f"s{number:02}" for number in range(2, 12)), "2 others"]
    assert sum(line.get_label() == "2 others" for line in ax.lines) == 1, (
        "thousands of others are drawn at once"
    )


def test_many_events_are_not_a_solid_block(talk: Any, figures: Any) -> None:
    """A thousand events of a kind are about fifty ticks over the frames, each kind on a row; a single one stays in its place."""
    talk.receive(0, (0x81, b"x"))
    for _ in range(1000):
        talk.log.note("spill", "", "")
    talk.log.note("open", "", "s")
    start = talk.log.df["time"].iloc[0]
    events = talk.log.events.assign(time=start + pd.to_timedelta(range(1001), unit="ms"))
    ax = talk.log.df.ws.plot_rate(events=events)
    lines = {lines.get_label(): len(lines.get_segments()) for lines in ax.collections}
    assert lines["open"] == 1 and 50 <= lines["spill"] <= 52
    rows = sorted(tuple(lines.get_segments()[0][:, 1]) for lines in ax.collections)
    assert rows[0][0] >= 0.79 and rows[0][1] <= rows[1][0] and rows[1][1] == 1, rows


def test_the_time_axis_has_the_zone_of_the_column(talk: Any, figures: Any) -> None:
    """Label and positions, of frames and of events."""
    talk.receive(0, (0x81, b"x"))
    talk.log.note("open", "", "s")
    df = talk.log.df
    local = df.assign(time=df["time"].dt.tz_convert("Asia/Tokyo"))
    ax = local.ws.plot_rate(events=talk.log.events.assign(time=df["time"].array))
    assert ax.get_xlabel() == "time (Asia/Tokyo)"
    assert round((ax.patches[0].get_data().edges[0] % 1) * 24, 3) == pytest.approx(7.222)
    assert round((ax.collections[0].get_segments()[0][0][0] % 1) * 24, 3) == pytest.approx(7.222)


def test_a_name_is_never_a_formula(another: Callable[..., Any], figures: Any) -> None:
    """A session named like mathtext is drawn letter by letter; as a formula this one would fail to draw."""
    name = r"_$\frac{1$ \$" + "\n\u202e" + "x" * 100
    talk = another(name)
    talk.send(1, Frame.ping(b"a"))
    talk.receive(2, (0x8A, b"a"))
    ax = talk.log.df.ws.plot_latency()
    ax.figure.canvas.draw()
    (label,) = ax.get_legend().get_texts()
    drawn, is_math = label._preprocess_math(label.get_text())
    assert not is_math and drawn.startswith(r" _$\frac{1$ \$\u000a\u202exxx") and drawn.endswith("x…")


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("plain", "plain"),
        ("$5", r"\$5"),
        ("a\tb", r"a\u0009b"),
        ("_hidden", " _hidden"),
        ("é☃", "é☃"),
        ("x" * 61, "x" * 59 + "…"),
    ],
)
def test_a_label_is_one_short_line(text: str, label: str) -> None:
    """Dollars escaped, what moves a line shown, the rest as it is."""
    assert plain(text) == label


def test_without_matplotlib_the_remedy_is_named(talk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence is a command."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install wsnotebook\[plot\]"):
        talk.log.df.ws.plot_latency()
