"""Conditions on a payload: a text in it, a regular expression; the one on its JSON is in hasjson.py.

They read bytes, so a filter asks them only about the rows that its conditions on columns leave.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from wsnotebook.log.rows import Array, Rows

__all__ = ["HasMatch", "HasText", "PayloadCondition", "end_to_end", "split"]


class PayloadCondition(Protocol):
    """A condition on the payload of a row."""

    @property
    def line(self) -> str:
        """The pandas expression of ``df`` that is true for the same rows."""

    def is_met(self, payload: bytes) -> bool:
        """Return whether one payload meets it."""

    def fits(self, rows: Rows, places: Array) -> Array:
        """Return bool (len(places)): which of these rows of a run meet it."""


class _OneByOne:
    """The condition is asked about each payload by itself."""

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        raise NotImplementedError

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in PayloadCondition."""
        return np.fromiter(map(self.is_met, split(*end_to_end(rows, places))), bool, len(places))


def end_to_end(rows: Rows, places: Array) -> tuple[bytes, Array]:
    """Return the payloads of some rows of a run, end to end, and int64 (n + 1): where each begins."""
    starts, ends = rows.offsets[places], rows.offsets[places + 1]
    low, high = int(starts[0]), int(ends[-1])
    data = bytes(memoryview(rows.payload)[low:high])  # slices of bytes are quicker
    offsets = np.zeros(len(places) + 1, np.int64)
    np.cumsum(ends - starts, out=offsets[1:])
    if offsets[-1] < len(data):
        pairs = zip((starts - low).tolist(), (ends - low).tolist(), strict=True)
        data = b"".join([data[start:end] for start, end in pairs])
    return data, offsets


def split(data: bytes, offsets: Array) -> list[bytes]:
    """Return payloads that lie end to end, each by itself."""
    edges = offsets.tolist()
    return [data[start:end] for start, end in pairwise(edges)]


@dataclass(frozen=True)
class HasText(_OneByOne):
    """The payload contains a text, as UTF-8; ASCII letters match in either case."""

    text: bytes
    """In lower case."""

    @property
    def line(self) -> str:
        """As in PayloadCondition."""
        return f'df["payload"].map(lambda payload: {self.text!r} in payload.lower())'

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        return self.text in payload.lower()

    def fits(self, rows: Rows, places: Array) -> Array:
        """As in PayloadCondition; where most rows are asked about, by one search through all payloads end to end."""
        if 2 * len(places) < len(rows):
            return super().fits(rows, places)
        low, high = int(rows.offsets[0]), int(rows.offsets[-1])
        data = bytes(memoryview(rows.payload)[low:high]).lower()
        ends = (rows.offsets - low).tolist()
        holds = np.zeros(len(rows), bool)
        found: list[int] = []
        at, place = data.find(self.text), 0
        while at >= 0:
            place = bisect_right(ends, at, place) - 1
            end = ends[place + 1]
            if at + len(self.text) <= end:  # otherwise the match lies across two payloads
                found.append(place)
            at = data.find(self.text, end)
        holds[found] = True
        return holds[places]


@dataclass(frozen=True)
class HasMatch(_OneByOne):
    """A regular expression matches somewhere in the payload, read as UTF-8."""

    pattern: re.Pattern[str]

    @property
    def line(self) -> str:
        """As in PayloadCondition."""
        flags = " | ".join(f"re.{letter}" for letter in "IMS" if self.pattern.flags & re.RegexFlag[letter])
        shown = f"{self.pattern.pattern!r}, payload.decode('utf-8', 'replace')" + (
            f", {flags}" if flags else ""
        )
        return f'df["payload"].map(lambda payload: re.search({shown}) is not None)'

    def is_met(self, payload: bytes) -> bool:
        """As in PayloadCondition."""
        return self.pattern.search(payload.decode("utf-8", "replace")) is not None
