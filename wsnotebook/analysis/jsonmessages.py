"""JSON messages of a frame log, parsed: the rows of all questions that look into JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.columns import connections
from wsnotebook.analysis.jsoncolumns import Path, Piece
from wsnotebook.analysis.jsonexact import COUNTS, ExactParser
from wsnotebook.analysis.jsonfast import parse, select
from wsnotebook.analysis.jsontable import Parts, parts_of
from wsnotebook.analysis.messages import Joined, decode_texts, join

__all__ = ["JsonMessages", "parse_messages", "texts_of"]

_JSON_BEGINS = pa.array([b"{", b"[", b" ", b"\t", b"\n", b"\r", b"\xef"], pa.large_binary())
"""First bytes of a binary message that may be an object or array; 0xEF begins a byte order mark."""


class JsonMessages(NamedTuple):
    """Objects in the order of their messages (n objects of m messages)."""

    joined: Joined
    """The messages, those that are not JSON too."""
    messages: NDArray[np.int64]
    """n places of the messages of the objects."""
    pieces: Sequence[Piece]
    """The objects as they were parsed."""
    order: NDArray[np.int64]
    """The order of the objects, one piece after the other."""
    counts: dict[str, int]
    """What was left out, and what a table cannot show."""
    values: Sequence[Any] | None = None
    """m values of a decoder, where the messages are those of a protocol."""
    kind: str | None = None
    """The key of the objects that says their type, where a decoder has given one."""

    @property
    def of(self) -> pd.DataFrame:
        """The first frame of the message of each object, n rows."""
        return self.joined.first.take(self.messages)

    @property
    def seq(self) -> NDArray[np.int64]:
        """The number of the message of each object, which is the ``seq`` of its first frame."""
        return self.joined.numbers[self.messages]

    @property
    def connections(self) -> NDArray[np.int64]:
        """The number of the connection of each object; asked of messages, because a seq that is there twice would count
        as a second recording."""
        return connections(self.joined.first)[self.messages]

    def parts(self) -> dict[Path, Parts]:
        """Return the values of all objects by path."""
        return parts_of(self.pieces, self.order)


def parse_messages(
    df: pd.DataFrame,
    asker: str,
    *,
    path: str | Sequence[str] | None = None,
    flatten: bool = True,
    decimals: bool = False,
    nulls: bool = False,
    more: tuple[str, ...] = (),
) -> JsonMessages:
    """Parse the JSON messages of a frame log.

    Args:
        df: the frame log.
        asker: name of the question, for the message of the error.
        path: path of the object in each text; an array there gives several.
        flatten: whether objects in objects are columns.
        decimals: whether numbers keep their text; then all are parsed in Python.
        nulls: whether null is a value, not a missing one; then texts with null are parsed in Python.
        more: further columns that the question needs.

    Raises:
        AttributeError: columns are missing.
    """
    joined = join(df, asker, more)
    is_whole = joined.complete.to_numpy(bool, na_value=True)
    asked = np.flatnonzero(is_whole)
    texts = select(texts_of(joined), asked)
    exact = ExactParser(path, flatten=flatten, decimals=decimals)
    pieces = _parse(texts, exact, _slow(texts, decimals, nulls))
    sources = np.concatenate([piece.sources for piece in pieces])
    order = np.argsort(sources, kind="stable")
    counts = {"messages": len(is_whole), "rows": len(order), "incomplete": int((~is_whole).sum())}
    counts |= {name: exact.counts[name] for name in COUNTS}
    return JsonMessages(joined, asked[sources[order]], pieces, order, counts)


def texts_of(joined: Joined) -> pa.LargeStringArray:
    """Return the texts of messages, also of binary ones that may be JSON; missing where there is none."""
    is_binary = joined.first["opcode"].eq("binary").to_numpy(bool)
    if not is_binary.any():
        return joined.text
    starts = pc.is_in(pc.binary_slice(joined.payload, 0, 1), _JSON_BEGINS)
    asked = pc.and_(starts, pa.array(is_binary))
    return pc.replace_with_mask(joined.text, asked, decode_texts(joined.payload.filter(asked)))


def _slow(texts: pa.LargeStringArray, decimals: bool, nulls: bool) -> NDArray[np.bool_]:
    """Return which texts are parsed in Python, because Arrow leaves out what is asked for."""
    if decimals:
        return np.ones(len(texts), bool)
    slow = np.asarray(texts.is_null())
    if nulls:
        slow = slow | np.asarray(pc.fill_null(pc.match_substring(texts, "null"), True))
    return slow


def _parse(texts: pa.LargeStringArray, exact: ExactParser, slow: NDArray[np.bool_]) -> list[Piece]:
    """Return the objects in texts; their sources are the places of the texts."""
    fast = np.flatnonzero(~slow)
    left = [np.flatnonzero(slow)]
    pieces: list[Piece] = []
    for parsed in parse(select(texts, fast), exact.path, flatten=exact.flatten):
        pieces.append(parsed.piece._replace(sources=fast[parsed.piece.sources]))
        exact.counts["null"] += parsed.nulls
        exact.counts["not_object"] += parsed.not_object
        left.append(fast[parsed.left])
    rest = np.sort(np.concatenate(left))
    pieces.append(exact.parse(texts.take(pa.array(rest)).to_pylist(), rest.tolist()))
    return [piece for piece in pieces if len(piece.sources)] or pieces[-1:]
