"""``df.ws``: the pandas accessor, one method per question. Each calls the function in the module of its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import pandas as pd

from wsnotebook.analysis.closes import closes
from wsnotebook.analysis.columns import CORE, need
from wsnotebook.analysis.compression import compression
from wsnotebook.analysis.counts import counts
from wsnotebook.analysis.durations import Duration
from wsnotebook.analysis.gaps import gaps
from wsnotebook.analysis.jsonrows import json_rows
from wsnotebook.analysis.messages import messages
from wsnotebook.analysis.pings import pings
from wsnotebook.analysis.plots import plot_latency, plot_rate
from wsnotebook.analysis.rate import rate
from wsnotebook.analysis.violations import violations

__all__ = ["FrameQuestions", "register"]

_Method = TypeVar("_Method", bound=Callable[..., Any])


def register() -> None:
    """Register ``ws`` as an accessor of every pandas DataFrame; a second call does nothing."""
    if getattr(pd.DataFrame, "ws", None) is not FrameQuestions:
        pd.api.extensions.register_dataframe_accessor("ws")(FrameQuestions)


def _documented(function: Callable[..., Any]) -> Callable[[_Method], _Method]:
    """Copy the docstring of ``function`` to a method, so that ``df.ws.rate?`` shows it."""

    def document(method: _Method) -> _Method:
        method.__doc__ = function.__doc__
        return method

    return document


class FrameQuestions:
    """Questions to a DataFrame of frames: ``session.df.ws``, ``log.df.ws``, or ``.ws`` of a selection of their rows.

    Raises:
        AttributeError: the DataFrame is not a frame log; the message names the missing columns.
    """

    def __init__(self, df: pd.DataFrame) -> None:
        need(df.columns, CORE, "df.ws")
        self._df = df

    @_documented(counts)
    def counts(self) -> pd.DataFrame:
        return counts(self._df)

    @_documented(rate)
    def rate(self, every: Duration = "1s") -> pd.DataFrame:
        return rate(self._df, every)

    @_documented(messages)
    def messages(self) -> pd.DataFrame:
        return messages(self._df)

    @_documented(json_rows)
    def json(self, path: str | Sequence[str] | None = None) -> pd.DataFrame:
        return json_rows(self._df, path)

    @_documented(pings)
    def pings(self) -> pd.DataFrame:
        return pings(self._df)

    @_documented(closes)
    def closes(self) -> pd.DataFrame:
        return closes(self._df)

    @_documented(violations)
    def violations(self) -> pd.DataFrame:
        return violations(self._df)

    @_documented(compression)
    def compression(self) -> pd.DataFrame:
        return compression(self._df)

    @_documented(gaps)
    def gaps(self, longer_than: Duration = "1s") -> pd.DataFrame:
        return gaps(self._df, longer_than)

    @_documented(plot_rate)
    def plot_rate(self, every: Duration = "1s", **options: Any) -> Any:
        return plot_rate(self._df, every, **options)

    @_documented(plot_latency)
    def plot_latency(self, **options: Any) -> Any:
        return plot_latency(self._df, **options)

    def __repr__(self) -> str:
        return f"<df.ws: {', '.join(name for name in dir(self) if not name.startswith('_'))}>"
