"""Strip: the timeline above a table: what a page can request, its bins and the filter of some of them, and a picture of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from wsnotebook.filtering import Filter
from wsnotebook.filtering.conditions import TimeSpan
from wsnotebook.widgets.density import KINDS, Density
from wsnotebook.widgets.stripsvg import strip_svg
from wsnotebook.widgets.verbs import Answer

if TYPE_CHECKING:
    from wsnotebook.files.framelog import FrameLog

__all__ = ["Strip", "range_of"]

MOST_STEPS = 32  # in one answer, which takes some 50 ms; the page repeats the request until the end
_SECOND = 1_000_000_000


class Strip:
    """The verbs of the timeline of a table.

    Args:
        log: the log with the frames.
        session: name of the session that is shown, all its attempts; None for all.
    """

    def __init__(self, log: FrameLog, session: str | None) -> None:
        self._density = Density(log, session)

    def bins(self, content: dict[str, Any]) -> Answer:
        """Return ``first`` and ``width`` of the bins (numbers and ns), their ``kinds`` and counts as float64, kind by kind."""
        steps = MOST_STEPS
        while (more := self._density.step()) and (steps := steps - 1):
            pass
        density = self._density
        fields = {"first": density.first, "width": density.width_ns, "kinds": list(KINDS), "more": more}
        return fields, [density.counts.astype(np.float64).tobytes()]

    def svg(self) -> str:
        """Return the timeline as a picture for pages without a kernel; all rows are counted first, 30 ms for a million."""
        while self._density.step():
            pass
        return strip_svg(self._density)

    def term(self, content: dict[str, Any]) -> Answer:
        """Return the term of the filter for the bins ``start`` to ``stop`` of a ``width``."""
        width = int(content["width"])
        low, high = (_written(int(content[name]) * width) for name in ("start", "stop"))
        date, _, time = high.partition("T")
        return {"term": f"time:{low}..{time if low.startswith(date) else high}"}, ()


def range_of(wanted: Filter) -> list[float | None]:
    """Return the begin and the end of the time that a filter is about, in ms since 1970; empty where it is about all."""
    spans = [
        clause.alternatives[0]
        for clause in wanted.columns
        if len(clause.alternatives) == 1 and not clause.is_negated
    ]
    span = next((each for each in spans if isinstance(each, TimeSpan)), None)
    return [] if span is None else [None if ns is None else ns / 1e6 for ns in (span.low, span.high)]


def _written(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, _SECOND)
    text = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
    return f"{text}.{fraction:09}".rstrip("0") if fraction else text
