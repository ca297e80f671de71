"""Figures of frames. Only this module uses matplotlib, and imports it when a figure is drawn.

Names and texts of a peer are drawn as plain labels, never as markup: no mathtext, no TeX, no control characters.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from wsnotebook.analysis.durations import Duration
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.rate import rate

__all__ = ["plain", "plot_latency", "plot_rate"]

_MAX_LABEL = 60  # characters of a label; a name may have a megabyte
_SIZE = (9, 3)  # inches: time is wide
_DIRECTIONS = {"in": "received", "out": "sent"}


def plot_rate(
    df: pd.DataFrame,
    every: Duration = "1s",
    *,
    of: Literal["frames", "bytes"] = "frames",
    events: pd.DataFrame | None = None,
    ax: Any = None,
) -> Any:
    """Draw the number of frames or payload bytes received and sent in each interval.

    Example: ``session.df.ws.plot_rate("100ms", of="bytes", events=session.log.events)``.

    Args:
        every: length of an interval: seconds, or ``"100ms"``, ``"1min"``, ….
        of: ``"frames"`` or ``"bytes"``.
        events: ``log.events``, marked as vertical lines.
        ax: the Axes to draw on; None makes a new figure.

    Returns:
        The Axes; ``.figure`` is the Figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: ``of`` is neither, or ``every`` is not a duration over zero.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    if of not in ("frames", "bytes"):
        raise ValueError(f"of is 'frames' or 'bytes', not {of!r}")
    rates = rate(df, every)
    ax = _axes(ax)
    for direction, label in _DIRECTIONS.items():
        ax.plot(_utc(rates.index), rates[f"{of}_{direction}"].to_numpy(), label=label, drawstyle="steps-post")
    if events is not None:
        _mark(ax, events)
    interval = f"{every:g} s" if isinstance(every, float | int) else str(every)
    return _finish(ax, f"{of} per {interval}")


def plot_latency(df: pd.DataFrame, *, events: pd.DataFrame | None = None, ax: Any = None) -> Any:
    """Draw the latency of our pings in milliseconds; an unanswered ping is a cross on the time axis.

    Example: ``session.df.ws.plot_latency(events=session.log.events)``.

    Args:
        events: ``log.events``, marked as vertical lines.
        ax: the Axes to draw on; None makes a new figure.

    Returns:
        The Axes; ``.figure`` is the Figure.

    Raises:
        ImportError: matplotlib is not installed.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    found = pings(df)
    found = found[found["direction"] == "out"]
    ax = _axes(ax)
    for session, mine in found.groupby("session", observed=True):
        (line,) = ax.plot(
            _utc(mine["time"]), mine["latency"].to_numpy() * 1e3, marker=".", label=plain(str(session))
        )
        lost = mine["time"][mine["latency"].isna()]
        if len(lost):
            crosses = ax.plot(_utc(lost), [0.0] * len(lost), "x", color=line.get_color())
            crosses[0].set_clip_on(False)
    if events is not None:
        _mark(ax, events)
    return _finish(ax, "latency (ms)")


def plain(text: str) -> str:
    """Return a label that matplotlib draws literally: one line, cut after 60 characters, ``$`` escaped."""
    shown = text if len(text) <= _MAX_LABEL else text[: _MAX_LABEL - 1] + "…"
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in shown)
    shown = shown.replace("$", r"\$")
    # Matplotlib leaves a label that begins with "_" out of the legend.
    return f" {shown}" if shown.startswith("_") else shown


def _axes(ax: Any) -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install wsnotebook[plot]") from error
    return plt.subplots(figsize=_SIZE, layout="constrained")[1] if ax is None else ax


def _utc(times: Any) -> Any:
    """Return times as UTC without a time zone, the form that matplotlib accepts; the axis label names UTC."""
    return pd.DatetimeIndex(times).tz_convert("UTC").tz_localize(None).to_numpy()


def _mark(ax: Any, events: pd.DataFrame) -> None:
    for number, (kind, mine) in enumerate(events.groupby("kind", observed=True)):
        ax.vlines(
            _utc(mine["time"]),
            0,
            1,
            transform=ax.get_xaxis_transform(),
            color=f"C{number + 2}",
            alpha=0.5,
            label=plain(str(kind)),
        )


def _shorten_dates(ax: Any) -> None:
    """Write the common part of all tick labels once, at the end of the axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _finish(ax: Any, quantity: str) -> Any:
    ax.set_xlabel("time (UTC)")
    ax.set_ylabel(plain(quantity))
    ax.set_ylim(bottom=0)
    _shorten_dates(ax)
    if ax.get_legend_handles_labels()[0]:
        # Beside the axes, so that it hides no data.
        beside = ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        for label in beside.get_texts():
            label.set_usetex(False)
    return ax
