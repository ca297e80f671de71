"""Conditions on a payload: a text in it, a regular expression; the one on its JSON is in hasjson.py.

They read bytes, so a filter asks them only about the rows that its conditions on columns leave.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from wsnotebook.log.rows import Array, Rows

__all__ = ["HasMatch", "HasText", "end_to_end", "holding", "is_in_most", "split", "taken"]

_SAMPLES = np.arange(1, 17) * 0.618 % 1
"""Which payloads tell of all: a feed repeats, so that each eighth may be alike."""


def end_to_end(rows: Rows, places: Array) -> tuple[bytes, Array]:
    """Return the payloads of some rows of a run, end to end, and int64 (n + 1): where each begins."""
    low, high = int(rows.offsets[places[0]]), int(rows.offsets[places[-1] + 1])
    data = bytes(memoryview(rows.payload)[low:high])  # slices of bytes are quicker
    first = int(places[0])
    return taken(data, rows.offsets[first : int(places[-1]) + 2] - low, places - first)


def taken(data: bytes, offsets: Array, places: Array) -> tuple[bytes, Array]:
    """Return some of the payloads that lie end to end, end to end too, and where each begins.

    Args:
        data: payloads.
        offsets: int64 (n + 1): where each begins.
        places: indices of those to take, ascending.
    """
    if len(places) == len(offsets) - 1:
        return data, offsets
    starts, ends = offsets[places], offsets[places + 1]
    edges = np.zeros(len(places) + 1, np.int64)
    np.cumsum(ends - starts, out=edges[1:])
    if len(places) and edges[-1] == ends[-1] - starts[0]:  # they are neighbours
        return data[starts[0] : ends[-1]], edges
    pairs = zip(starts.tolist(), ends.tolist(), strict=True)
    return b"".join([data[start:end] for start, end in pairs]), edges


def is_in_most(data: bytes, offsets: Array, text: bytes) -> bool:
    """Tell from a few of some payloads, at uneven distances, whether most of them contain a text."""
    places = (_SAMPLES * (len(offsets) - 1)).astype(int)
    edges = zip(offsets[places].tolist(), offsets[places + 1].tolist(), strict=True)
    return 2 * sum(text in data[start:end] for start, end in edges) > len(_SAMPLES)


def holding(data: bytes, offsets: Array, text: bytes) -> Array:
    """Return bool (n): which of some payloads, end to end, contain a text."""
    if is_in_most(data, offsets, text):  # to ask each takes a third of finding each
        return np.array([text in payload for payload in split(data, offsets)], bool)
    holds = np.zeros(len(offsets) - 1, bool)
    ends = offsets.tolist()
    found: list[int] = []
    at, place = data.find(text), 0
    while at >= 0:
        place = bisect_right(ends, at, place) - 1
        end = ends[place + 1]
        if at + len(text) <= end:  # otherwise the match lies across two payloads
            found.append(place)
        at = data.find(text, end)
    holds[found] = True
    return holds


def split(data: bytes, offsets: Array) -> list[bytes]:
    """Return payloads that lie end to end, each by itself."""
    edges = offsets.tolist()
    return [data[start:end] for start, end in pairwise(edges)]


@dataclass(frozen=True)
class HasText:
    """The payload contains a text, as UTF-8; ASCII letters match in either case."""

    text: bytes
    """In lower case."""

    @property
    def line(self) -> str:
        """The pandas expression of ``df`` that is true for the same rows."""
        return f'df["payload"].map(lambda payload: {self.text!r} in payload.lower())'

    def is_met(self, payload: bytes) -> bool:
        """Return whether one payload meets it."""
        return self.text in payload.lower()

    def fits(self, rows: Rows, places: Array) -> Array:
        """Return bool (len(places)): which of these rows of a run meet it; by one search through all payloads end to end."""
        data, offsets = end_to_end(rows, places)
        return holding(data.lower(), offsets, self.text)


@dataclass(frozen=True)
class HasMatch:
    """A regular expression matches somewhere in the payload, read as UTF-8."""

    pattern: re.Pattern[str]

    @property
    def line(self) -> str:
        """As in HasText."""
        flags = " | ".join(f"re.{letter}" for letter in "IMS" if self.pattern.flags & re.RegexFlag[letter])
        shown = f"{self.pattern.pattern!r}, payload.decode('utf-8', 'replace')" + (
            f", {flags}" if flags else ""
        )
        return f'df["payload"].map(lambda payload: re.search({shown}) is not None)'

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in HasText; ASCII is decoded at once."""
        data, offsets = end_to_end(rows, places)
        search = self.pattern.search
        if data.isascii():
            text = str(data, "ascii")
            found = [search(text[start:end]) is not None for start, end in pairwise(offsets.tolist())]
        else:
            found = [self.is_met(payload) for payload in split(data, offsets)]
        return np.array(found, bool)

    def is_met(self, payload: bytes) -> bool:
        """As in HasText."""
        return self.pattern.search(payload.decode("utf-8", "replace")) is not None
