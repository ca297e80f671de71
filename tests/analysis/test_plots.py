"""Figures: what is drawn, and that no text in them is markup."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
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


def test_the_rate_is_drawn_by_direction(talk: Any, figures: Any) -> None:
    """Values are those of rate(); events are lines over the whole height."""
    talk.receive(0, (0x81, b"abc"), (0x81, b"de"))
    talk.send(2, Frame.text("x"))
    talk.log.note("reconnect", "", "s")
    df, events = talk.log.df, talk.log.events
    ax = df.ws.plot_rate("1s", of="bytes", events=events.assign(time=df["time"].iloc[:1].array))
    lines = {line.get_label(): line.get_ydata().tolist() for line in ax.lines}
    assert lines == {"received": [5, 0, 0], "sent": [0, 0, 1]}
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


def test_without_frames_the_axes_are_empty(talk: Any, figures: Any) -> None:
    """No frame, no ping: no error and no legend of nothing."""
    assert talk.log.df.ws.plot_latency().get_legend() is None
    assert talk.log.df.ws.plot_rate().lines[0].get_ydata().tolist() == []


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
