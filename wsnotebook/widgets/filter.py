"""Filter: the frames that a person wants to see, by words such as dir:out op:ping and by a text in the payload.

The search through a whole log, in slices, is in search.py.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from wsnotebook.log.code import DIRECTIONS, is_sent
from wsnotebook.wire.batch import STATUSES, Flag, opcode_of
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

if TYPE_CHECKING:
    from wsnotebook.log.rows import Array, Rows

__all__ = ["Filter"]

_OPCODE_NAMES = {
    "cont": Opcode.CONTINUATION,  # the name in the table; in the DataFrame it is continuation
    **{OPCODE_NAMES[opcode]: opcode for opcode in (*Opcode, *range(16))},  # reserved ones last
}
_WORDS: dict[str, dict[str, int]] = {
    "dir": {name: sent for sent, name in enumerate(DIRECTIONS)},
    "op": _OPCODE_NAMES,
    "status": {name: value for value, name in STATUSES.items()},
}
"""The words of a filter, with the names that may follow each and their bits in the log's columns."""

_WORD = re.compile(rf"(?<!\S)({'|'.join(_WORDS)}):(\S*)\s*")
_VERBATIM = re.compile(r"(?<!\S)text:")


@dataclass(frozen=True)
class Filter:
    """The conditions on a frame to be shown. An empty field is no condition."""

    text: bytes = b""
    """UTF-8 in the payload; ASCII letters are lower case here, and match in either case."""
    directions: frozenset[int] = frozenset()
    """0 for received, 1 for sent."""
    opcodes: frozenset[int] = frozenset()
    """Opcodes, one of which the frame has."""
    statuses: frozenset[int] = frozenset()
    """Flag bits of statuses, one of which the frame has."""

    @classmethod
    def parse(cls, text: str) -> Filter:
        """Return the filter that a person typed.

        Args:
            text: words (``dir:in``, ``op:ping``, ``status:violation``) at any place, the same one twice for either
                value; the rest is searched for literally, and so is everything after ``text:``.

        Raises:
            ValueError: a word has an unknown value; the sentence lists the known ones.
        """
        verbatim = _VERBATIM.search(text)
        head, tail = (text[: verbatim.start()], text[verbatim.end() :]) if verbatim else (text, "")
        given: dict[str, set[int]] = {word: set() for word in _WORDS}
        for word, value in _WORD.findall(head):
            values = _WORDS[word]
            if value.lower() not in values:
                raise ValueError(f"{word}: takes one of {', '.join(values)}, not {value!r}.")
            given[word].add(values[value.lower()])
        sought = (_WORD.sub("", head) + tail).strip()
        return cls(
            # A browser's text may contain half a surrogate pair, which no text payload does.
            sought.encode("utf-8", "surrogatepass").lower(),
            frozenset(given["dir"]),
            frozenset(given["op"]),
            frozenset(given["status"]),
        )

    def places(self, rows: Rows) -> list[int]:
        """Return the indices of the rows that match, from 0. Their payloads are copied once."""
        fits = self.fits(rows)
        if self.text and fits.any():
            fits &= self._holds_text(rows)
        places: list[int] = np.flatnonzero(fits).tolist()
        return places

    def fits(self, rows: Rows) -> Array:
        """Return for each row whether it meets all conditions except that on the payload."""
        fits = np.ones(len(rows), bool)
        if self.directions:
            fits &= np.isin(is_sent(rows.codes), list(self.directions)).repeat(rows.counts)
        if self.opcodes:
            fits &= np.isin(opcode_of(rows.heads), list(self.opcodes))
        if self.statuses:
            fits &= np.isin(rows.flags & Flag.STATUS, list(self.statuses))
        return fits

    def is_in(self, payload: memoryview) -> bool:
        """Return whether a payload, or a part of one, contains the text."""
        return self.text in bytes(payload).lower()

    def _holds_text(self, rows: Rows) -> Array:
        """Return for each row whether its payload contains the text: one search through all of them, end to end."""
        low, high = int(rows.offsets[0]), int(rows.offsets[-1])
        data = bytes(memoryview(rows.payload)[low:high]).lower()
        ends = (rows.offsets - low).tolist()
        holds = np.zeros(len(rows), bool)
        places: list[int] = []
        at, place = data.find(self.text), 0
        while at >= 0:
            place = bisect_right(ends, at, place) - 1
            end = ends[place + 1]
            if at + len(self.text) <= end:  # otherwise the match lies across two payloads
                places.append(place)
            at = data.find(self.text, end)
        holds[places] = True
        return holds
