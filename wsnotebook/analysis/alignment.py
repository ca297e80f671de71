"""Two sequences aligned: which items are the same, which of these are in another order, which are only in one."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

__all__ = ["Aligned", "align"]


class Aligned(NamedTuple):
    """Pairs of places in two sequences, and places that have no partner."""

    in_order: list[tuple[int, int]]
    """Equal items, both sequences in order; as many as there can be."""
    reordered: list[tuple[int, int]]
    """Equal items that stand elsewhere."""
    replaced: list[tuple[int, int]]
    """Different items between the same neighbours."""
    missing: list[int]
    """Items of the first alone."""
    extra: list[int]
    """Items of the second alone."""


def align(first: Sequence[Hashable], second: Sequence[Hashable]) -> Aligned:
    """Align two sequences in n log n steps: the n-th of equal items in one belongs to the n-th in the other."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for place in range(len(second) - 1, -1, -1):
        waiting[second[place]].append(place)
    pairs = [(place, waiting[item].pop()) for place, item in enumerate(first) if waiting.get(item)]
    kept = set(_rising([place for _, place in pairs]))
    in_order = [pair for number, pair in enumerate(pairs) if number in kept]
    reordered = [pair for number, pair in enumerate(pairs) if number not in kept]
    taken_first, taken_second = ({pair[side] for pair in pairs} for side in (0, 1))
    replaced, missing, extra = [], [], []
    before = (-1, -1)
    for after in [*in_order, (len(first), len(second))]:
        left = [place for place in range(before[0] + 1, after[0]) if place not in taken_first]
        right = [place for place in range(before[1] + 1, after[1]) if place not in taken_second]
        both = min(len(left), len(right))
        replaced += list(zip(left[:both], right[:both], strict=True))
        missing += left[both:]
        extra += right[both:]
        before = after
    return Aligned(in_order, reordered, replaced, missing, extra)


def _rising(numbers: Sequence[int]) -> list[int]:
    """Return the places of a longest rising subsequence of different numbers."""
    ends: list[int] = []  # the least number that ends a rising sequence of each length
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(ends, number)
        before.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(number)
            places.append(place)
        else:
            ends[length], places[length] = number, place
    found: list[int] = []
    place = places[-1] if places else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]
