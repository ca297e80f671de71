"""Figures of frames. Only this module uses matplotlib, and imports it when a figure is drawn.

Names and texts of a peer are drawn as plain labels, never as markup: no mathtext, no TeX, no control characters.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from wsnotebook.analysis.columns import ns_of, occurrences
from wsnotebook.analysis.durations import Duration, nanoseconds
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.rate import rate_of_part, whole_rate

__all__ = ["plain", "plot_latency", "plot_rate"]

_MAX_LABEL = 60  # characters of a label; a name may have a megabyte
_SIZE = (9, 3)  # inches: time is wide
_DIRECTIONS = {"in": "received", "out": "sent"}
_MAX_STEPS = 600  # about the pixels of the figure: more would be a solid block
_LOG_FROM = 20  # ratio of the two directions from which the smaller one would lie on the axis
_MAX_POINTS = 1000  # pings that can be told apart; of more, a band is drawn
_MAX_BINS = 300
_MAX_MARKS = 50  # lines over the whole height, and marks of one kind of event
_TICKS = 0.2  # share of the height for the ticks of all kinds
_MAX_NAMES = 10  # sessions with a colour and a label of their own
_MAX_LINES = 5  # sessions whose points are joined: lines of more would cross each other everywhere
_DASHES = ("-", "--", ":")
_SECOND = 1 / 86_400  # matplotlib counts days


def plot_rate(
    df: pd.DataFrame,
    every: Duration = "1s",
    *,
    of: Literal["frames", "bytes"] = "frames",
    events: pd.DataFrame | None = None,
    ax: Any = None,
) -> Any:
    """Draw the number of frames or payload bytes received and sent in each interval.

    Of more intervals than the figure has pixels, the mean and the range of groups of them are drawn. The scale is
    logarithmic where one direction has more than 20 times as much as the other. The time axis has the zone of the
    column ``time``. Example: ``session.df.ws.plot_rate("100ms", of="bytes", events=session.log.events)``.

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
    rates = whole_rate(rate_of_part(df, every), every)  # each interval has its place on the axis
    starts = pd.DatetimeIndex(rates.index)
    ax = _axes(ax)
    interval = f"{every:g} s" if isinstance(every, float | int) else str(every)
    quantity = f"{of} per {interval}"
    if rates.empty:
        return _finish(ax, starts, quantity, "no frames")
    values = {label: rates[f"{of}_{direction}"].to_numpy() for direction, label in _DIRECTIONS.items()}
    group = -(-len(rates) // _MAX_STEPS)
    edges = _edges(starts, nanoseconds(every, "every"), group)
    for label, counted in values.items():
        _draw_steps(ax, edges, counted, group, label)
    if events is not None:
        _mark(ax, events, starts.tz)
    low, high = sorted(counted.max() for counted in values.values())
    if low and high > _LOG_FROM * low:
        ax.set_yscale("symlog", linthresh=1)
        quantity += "\n(log scale)"
    if group > 1:
        quantity += f"\n(mean and range of {group:,})"
    return _finish(ax, starts, quantity)


def plot_latency(df: pd.DataFrame, *, events: pd.DataFrame | None = None, ax: Any = None) -> Any:
    """Draw the latency of our pings in milliseconds; an unanswered ping is a cross on the time axis.

    Of more than 1,000 pings, the median and the range of those near each other are drawn, by session. Example: ``session.df.ws.plot_latency(events=session.log.events)``.

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
    nothing = "no ping that was sent has a time" if len(found) else "no ping was sent"
    found = found[found["time"].notna()]
    ax = _axes(ax)
    times = pd.DatetimeIndex(found["time"])
    if found.empty:
        return _finish(ax, times, "latency (ms)", nothing)
    names = occurrences(found["session"]).index
    ranks = found["session"].map({name: rank for rank, name in enumerate(names)}).astype(np.int64)
    few = len(found) <= _MAX_POINTS
    for rank, mine in found.groupby(ranks.clip(upper=_MAX_NAMES)):  # thousands of others are one
        is_named = rank < _MAX_NAMES
        label = plain(str(names[rank])) if is_named else f"{len(names) - _MAX_NAMES:,} others"
        style = {"color": f"C{rank}" if is_named else "0.5", "label": label}
        (_draw_pings if few else _draw_band)(ax, mine, style, len(names))
    if events is not None:
        _mark(ax, events, times.tz)
    quantity = "latency (ms)" if few else "latency (ms)\n(median and range)"
    return _finish(ax, times, quantity, "" if found["latency"].notna().any() else "no ping was answered")


def _draw_steps(ax: Any, edges: Any, counted: Any, group: int, label: str) -> None:
    """Draw counts as steps; of groups of intervals the mean, and the range as a band."""
    starts = np.arange(0, len(counted), group)
    sizes = np.diff(np.append(starts, len(counted)))
    steps = ax.stairs(np.add.reduceat(counted, starts) / sizes, edges, label=label, linewidth=1.5)
    low, high = np.minimum.reduceat(counted, starts), np.maximum.reduceat(counted, starts)
    ax.stairs(
        high,
        edges,
        baseline=low if group > 1 else 0,
        fill=True,
        color=steps.get_edgecolor(),
        alpha=0.2,
        linewidth=0,
    )


def _draw_pings(ax: Any, found: pd.DataFrame, style: dict[str, str], sessions: int) -> None:
    """Draw each ping."""
    times = _wall(found["time"])
    line = "-" if sessions <= _MAX_LINES else "none"
    ax.plot(times, found["latency"].to_numpy() * 1e3, linestyle=line, marker=".", **style)
    _draw_lost(ax, times[found["latency"].isna().to_numpy()], "x", style["color"])


def _draw_band(ax: Any, found: pd.DataFrame, style: dict[str, str], sessions: int) -> None:
    """Draw the median and the range of pings that are near each other in time."""
    times = ns_of(found["time"])
    width = max(int(np.ptp(times)) // _MAX_BINS, 1)
    bins = (times - times.min()) // width
    groups = (found["latency"] * 1e3).groupby(bins)
    least, median, most = (getattr(groups, name)() for name in ("min", "median", "max"))
    middle = times.min() + median.index.to_numpy() * width + width // 2
    at = _wall(pd.DatetimeIndex(middle.astype("datetime64[ns]"), tz="UTC").tz_convert(found["time"].dt.tz))
    # Bands of several sessions lie over each other.
    ax.fill_between(at, least, most, color=style["color"], alpha=0.3 / min(sessions, 5), linewidth=0)
    ax.plot(at, median, **style)
    _draw_lost(ax, at[(groups.size() > groups.count()).to_numpy()], "|", style["color"])


def _draw_lost(ax: Any, times: Any, marker: str, color: str) -> None:
    if len(times):
        (crosses,) = ax.plot(times, np.zeros(len(times)), marker, color=color)
        crosses.set_clip_on(False)


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


def _wall(times: Any) -> Any:
    """Return times without their time zone, the form that matplotlib accepts; the axis label names the zone."""
    return pd.DatetimeIndex(times).tz_localize(None).to_numpy()


def _edges(starts: pd.DatetimeIndex, step: int, group: int) -> Any:
    """Return where each group of intervals begins, and where the last one ends."""
    return _wall(starts[::group].append(pd.DatetimeIndex([starts[-1] + pd.Timedelta(step, unit="ns")])))


def _mark(ax: Any, events: pd.DataFrame, zone: Any) -> None:
    """Draw events as vertical lines, of a kind with many one for all that would overlap; very many are ticks at the top."""
    kinds = [(kind, _apart(mine["time"])) for kind, mine in events.groupby("kind", observed=True)]
    many = sum(len(times) for _, times in kinds) > _MAX_MARKS
    row = _TICKS / max(len(kinds), 1)  # each kind has one, so that none hides another
    for number, (kind, times) in enumerate(kinds):
        low, high = (1 - row * (number + 0.9), 1 - row * number) if many else (0, 1)
        ax.vlines(
            _wall(times.tz_convert(zone)),
            low,
            high,
            transform=ax.get_xaxis_transform(),
            color=f"C{2 + number % 8}",
            linestyle=_DASHES[number // 8 % len(_DASHES)],
            linewidth=1,
            alpha=1 if many else 0.5,
            label=plain(str(kind)),
        )


def _apart(times: pd.Series[Any]) -> pd.DatetimeIndex:
    """Return the first of all times that would overlap."""
    ns = ns_of(times)
    width = max(int(np.ptp(ns)) // _MAX_MARKS, 1)
    return pd.DatetimeIndex(times.iloc[np.unique(ns // width, return_index=True)[1]])


def _shorten_dates(ax: Any) -> None:
    """Write the common part of all tick labels once, at the end of the axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _finish(ax: Any, times: pd.DatetimeIndex, quantity: str, nothing: str = "") -> Any:
    """Label the axes.

    Args:
        times: the times that are drawn; their zone is that of the axis.
        quantity: the label of the other axis.
        nothing: words for a reader who sees no line, and why.
    """
    ax.set_xlabel(f"time ({plain(str(times.tz or 'UTC'))})")
    ax.set_ylabel("\n".join(map(plain, quantity.splitlines())))
    if nothing:
        ax.text(0.5, 0.5, nothing, transform=ax.transAxes, ha="center", va="center")
    if times.empty:  # ticks would be those of a day in 1970
        ax.set_xticks([])
        ax.set_yticks([])
        return ax
    ax.use_sticky_edges = False  # else a single step would lie on the frame of the axes
    ax.autoscale_view()
    ax.set_ylim(bottom=0)
    _widen(ax)
    _shorten_dates(ax)
    if ax.get_legend_handles_labels()[0]:
        _draw_legend(ax)
    return ax


def _widen(ax: Any) -> None:
    """Show at least a second around what is nearly a single moment: matplotlib would show years."""
    left, right = ax.dataLim.intervalx
    if right - left < _SECOND / 2:
        ax.set_xlim((left + right - _SECOND) / 2, (left + right + _SECOND) / 2)


def _draw_legend(ax: Any) -> None:
    """Draw the legend beside the axes, so that it hides no data; of equal labels only the first."""
    handles, labels = ax.get_legend_handles_labels()
    first = {label: handle for handle, label in reversed(list(zip(handles, labels, strict=True)))}
    shown = {label: first[label] for label in dict.fromkeys(labels)}
    beside = ax.legend(
        shown.values(), shown.keys(), loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize="small"
    )
    for label in beside.get_texts():
        label.set_usetex(False)
