"""The times of a filter: a time of day, or a moment with its date, both UTC; and spans of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from wsnotebook.filtering.conditions import DAY_NS, Condition, TimeOfDay, TimeSpan

__all__ = ["read_times"]

_SECOND = 1_000_000_000
_TIME = re.compile(
    r"(?:(\d{4}-\d\d-\d\d)(?:[T ](?=\d))?)?(?:(\d\d?):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?Z?", re.IGNORECASE
)


class _Moment(NamedTuple):
    """A time as it was typed."""

    ns: int
    """Since midnight; since 1970 where it has a date."""
    unit: int
    """ns of its smallest part: 10:00 is a whole minute."""
    date: str
    """Empty for a time of day."""


def read_times(operator: str, text: str) -> Condition:
    """Return the condition of ``time`` with an operator and a value.

    Raises:
        ValueError: the value is no time; the sentence shows the forms.
    """
    if operator == ":" and ".." in text:
        first, _, last = text.partition("..")
        low = _moment(first, text) if first else None
        high = _moment(last, text, date=low.date if low else "") if last else None
        if low is None and high is None:
            raise _refusal(text)
        return _span(low.ns if low else None, high.ns if high else None, has_date=bool((low or high).date))  # type: ignore[union-attr]  # one of them is there
    moment = _moment(text, text)
    bounds = {
        ":": (moment.ns, moment.ns + moment.unit - 1),
        ">": (moment.ns + 1, None),
        ">=": (moment.ns, None),
        "<": (None, moment.ns - 1),
        "<=": (None, moment.ns),
    }
    return _span(*bounds[operator], has_date=bool(moment.date))


def _span(low: int | None, high: int | None, *, has_date: bool) -> Condition:
    if has_date:
        return TimeSpan(low, high)
    return TimeOfDay(0 if low is None else low, DAY_NS - 1 if high is None else high)


def _moment(text: str, whole: str, *, date: str = "") -> _Moment:
    """Read one time; ``date`` is that of the other end of a span, for an end without one."""
    found = _TIME.fullmatch(text)
    if found is None or not any(found.groups()):
        raise _refusal(whole)
    day = found[1] or date
    hour, minute, second = (int(found[place] or 0) for place in (2, 3, 4))
    if hour > 23 or minute > 59 or second > 59:
        raise _refusal(whole)
    fraction = found[5] or ""
    units = [(fraction, _SECOND // 10 ** len(fraction)), (found[4], _SECOND), (found[2], 60 * _SECOND)]
    unit = next((size for part, size in units if part), DAY_NS)
    ns = ((hour * 60 + minute) * 60 + second) * _SECOND + int(fraction.ljust(9, "0") or 0)
    try:
        midnight = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * _SECOND if day else 0
    except ValueError:
        raise _refusal(whole) from None
    return _Moment(midnight + ns, unit, day)


def _refusal(text: str) -> ValueError:
    return ValueError(
        f"time takes a time of day or a date with it, in UTC: time:10:00, time:10:00..10:05:30, "
        f"time>2026-01-31T10:00; not {text!r}."
    )
