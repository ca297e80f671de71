"""The figures: the only file that knows matplotlib, which it loads when a figure is asked for.

Names and texts that came from elsewhere are labels, never markup: no mathtext, no TeX, nothing that moves a line.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd

from wsnotebook.analysis.durations import Duration
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.rate import rate

__all__ = ["plain", "plot_latency", "plot_rate"]

_LONGEST = 60  # characters of a label; a name may be a megabyte long
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
    """Draw how many frames or payload bytes came and went in each interval.

    Args:
        every: length of an interval, as in rate().
        of: ``"frames"`` or ``"bytes"``.
        events: ``log.events``, marked as vertical lines.
        ax: the Axes to draw on; a new figure where it is None.

    Returns:
        The Axes; ``.figure`` is the Figure.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: ``of`` or ``every`` is none that there is.
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
    """Draw the latency of each answered ping of ours; one that was never answered is a cross on the time axis.

    Args:
        events: ``log.events``, marked as vertical lines.
        ax: the Axes to draw on; a new figure where it is None.

    Returns:
        The Axes; ``.figure`` is the Figure.

    Raises:
        ImportError: matplotlib is not installed.
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
    """Return a text as a label that matplotlib draws as it is: one short line, ``$`` no formula, no leading ``_``."""
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    shown = "".join(letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in shown)
    shown = shown.replace("$", r"\$")
    return f" {shown}" if shown.startswith("_") else shown  # with "_" in front it would not be in the legend


def _axes(ax: Any) -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError("figures need matplotlib: pip install wsnotebook[plot]") from error
    return plt.subplots(figsize=_SIZE, layout="constrained")[1] if ax is None else ax


def _utc(times: Any) -> Any:
    """Return times as matplotlib takes them: UTC without saying so, which the axis says instead."""
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
    """Write what the ticks have in common once, at the end of the axis."""
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
        beside = ax.legend(
            loc="upper left", bbox_to_anchor=(1, 1), frameon=False
        )  # over the data it would hide some
        for label in beside.get_texts():
            label.set_usetex(False)
    return ax
