"""Frames joined to messages by selecting Arrow offsets, so that no payload is copied or handled in a Python loop."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.columns import (
    are_unsent,
    arrow,
    asked,
    connections,
    identity,
    in_order,
    payloads,
    recordings,
)
from wsnotebook.analysis.seqs import has_seq, known_seq, message_numbers
from wsnotebook.analysis.versions import blank

__all__ = ["Joined", "decode_texts", "join", "message_rows", "messages"]

_JOINED = ("time", "session", "direction", "opcode", "fin", "payload", "text", "message")
_CONTROL = ("close", "ping", "pong")


class Joined(NamedTuple):
    """Frames grouped by message, and the payload and text of each message (n frames, m messages)."""

    rows: pd.DataFrame
    """n rows: the frames without payload and text; frames of one message are adjacent."""
    bounds: NDArray[np.int64]
    """m + 1 row indices: the first frame of each message, and at the end n."""
    payload: Any
    """m payloads, all frames joined (array of large_binary)."""
    text: Any
    """m texts (array of large_string); missing if it is not a text message or not UTF-8."""
    complete: pd.arrays.BooleanArray
    """Whether first, middle and last frame of each of m messages are here; missing where that cannot be known."""

    @property
    def first(self) -> pd.DataFrame:
        """The first frame of each message, m rows."""
        return self.rows.take(self.bounds[:-1])

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The number of each message, which is the ``seq`` of its first frame."""
        return self.rows["message"].to_numpy(np.int64)[self.bounds[:-1]]

    def total(self, column: str) -> NDArray[np.int64]:
        """Return the sum of a column for each message."""
        return self._sums(self.rows[column].to_numpy(np.int64, na_value=0))

    def known_total(self, column: str) -> NDArray[np.int64] | pd.arrays.IntegerArray:
        """Return the sum of a column for each message; missing where a frame lacks it, in a column that may."""
        total = self.total(column)
        if self.rows[column].dtype == total.dtype:
            return total
        lacks = self._sums(self.rows[column].isna().to_numpy().astype(np.int64)) > 0
        return pd.arrays.IntegerArray(total, lacks)

    def _sums(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        sums = np.concatenate(([0], np.cumsum(values)))
        return np.diff(sums[self.bounds])


def messages(df: pd.DataFrame) -> pd.DataFrame:
    """Join the frames of each message.

    Example: ``session.df.ws.messages().query("frames > 1")``.

    Returns:
        One row per text or binary message, indexed by ``message``, the ``seq`` of its first frame: recording,
        connection, session and attempt (those that ``df`` has), direction, ``time`` and ``last_time`` (wall clock of
        the first and last frame), opcode, ``frames``, ``complete``, ``length`` (bytes as the application sees them),
        ``wire_length`` (payload bytes on the wire; missing where a browser has told the message), ``payload``, and
        ``text``, which is missing for binary and if the whole is not UTF-8. Control frames and frames that were never
        sent belong to no message. ``complete`` is True where the first frame, the final one and all between are rows of
        ``df``, False where the first or the final one is not, and missing where rows between its frames were left out
        of ``df``, so that nobody can say whether a fragment was among them: ask before rows are selected.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    joined = join(df, "messages", ("length", "wire_length"))
    first, last = joined.first, joined.rows.take(joined.bounds[1:] - 1)
    index = pd.Index(joined.numbers, name="message")
    return (
        identity(first)
        .set_axis(index)
        .assign(
            **{
                "direction": first["direction"].array,
                "time": first["time"].array,
                "last_time": last["time"].array,
                "opcode": first["opcode"].array,
                "frames": np.diff(joined.bounds),
                "complete": joined.complete,
                "length": joined.total("length"),
                "wire_length": joined.known_total("wire_length"),
                "payload": pd.arrays.ArrowExtensionArray(joined.payload),
                "text": pd.arrays.ArrowExtensionArray(joined.text),
            }
        )
    )


def join(df: pd.DataFrame, asker: str, more: tuple[str, ...] = (), *, control: bool = False) -> Joined:
    """Return the messages in ``df``.

    Args:
        df: the frame log.
        asker: name of the question, for the message of the error.
        more: further columns that the question needs in ``Joined.rows``.
        control: whether each control frame is one too, without a number.

    Raises:
        AttributeError: columns are missing.
    """
    rows = in_order(_sized(asked(df, asker, (*_JOINED, *more, *({"status"} & set(df.columns))))))
    recording = recordings(rows)
    seq, ranks = known_seq(rows, recording), _ranks(recording)
    numbers = message_numbers(rows)
    if control:
        numbers = _begins(recording, numbers, rows["opcode"].isin(_CONTROL).to_numpy(bool))
    places = np.flatnonzero((numbers >= 0) & ~are_unsent(rows))
    if len(places) < len(rows):
        rows, recording, numbers = rows.take(places), recording[places], numbers[places]
    starts = rows["opcode"].ne("continuation").to_numpy()
    order, bounds = _group(recording, numbers, starts)
    if (np.diff(order) != 1).any():
        rows, places = rows.take(order), places[order]
    complete = _are_complete(rows, ranks[places], seq[places], bounds)
    payload, text = payloads(rows), arrow(rows["text"], pa.large_string())
    if len(bounds) - 1 < len(rows):
        is_text = rows["opcode"].eq("text").to_numpy()[bounds[:-1]]
        payload = _join_payloads(payload, bounds)
        text = _join_texts(payload, text.take(pa.array(bounds[:-1])), (np.diff(bounds) > 1), is_text)
    return Joined(rows.drop(columns=["payload", "text"]), bounds, payload, text, complete)


def message_rows(df: pd.DataFrame, asker: str) -> Iterable[list[int]]:
    """Return the places of the rows of each message, in the order of record; a control frame is one by itself.

    Without the column ``message``, a message begins with each frame that continues none, and ends with the final one.

    Args:
        df: the frame log.
        asker: name of the question, for the message of the error.

    Raises:
        ValueError: the order of record is lost; the message has the remedy.
        AttributeError: columns are missing.
    """
    names = ["direction", "opcode", *({"fin", "message", "monotonic"} & set(df.columns))]
    rows = in_order(asked(df, asker, names).assign(place=np.arange(len(df))))
    starts = rows["opcode"].ne("continuation").to_numpy(bool)
    if starts.all():
        return ([row] for row in range(len(df)))
    group = _groups(rows)
    order = np.argsort(group, kind="stable")
    rows, group, starts = rows.take(order), group[order], starts[order]
    is_first = np.diff(group, prepend=-1) != 0
    after_end = np.zeros(len(rows), bool)
    if "fin" in rows.columns:
        after_end[1:] = rows["fin"].eq(True).to_numpy(bool, na_value=False)[:-1]
    if not has_seq(rows):
        _check_order(rows, starts, is_first, after_end & ~is_first)
    found = rows["place"].tolist()
    bounds = [*np.flatnonzero(is_first | starts | after_end).tolist(), len(found)]
    return (found[start:stop] for start, stop in pairwise(bounds))


def _groups(rows: pd.DataFrame) -> Any:
    """Return a number for each row: those of one message have one, and those of one direction that are in none."""
    is_control = rows["opcode"].isin(_CONTROL).to_numpy(bool)
    of = {
        "connection": connections(rows),
        "direction": rows["direction"].array,
        "message": np.where(is_control, -2 - np.arange(len(rows)), message_numbers(rows)),
    }
    return pd.DataFrame(of).groupby([*of], sort=False, observed=True, dropna=False).ngroup().to_numpy()


def _check_order(rows: pd.DataFrame, starts: Any, is_first: Any, after_end: Any) -> None:
    """Check the order of frames that have no ``seq``, message by message: the first of each is before the others.

    Raises:
        ValueError: it is not; the message has the remedy.
    """
    is_numbered = message_numbers(rows) >= 0
    is_wrong = (starts & is_numbered & ~is_first) | (~starts & (after_end | (is_first & ~is_numbered)))
    if "monotonic" in rows.columns:
        is_wrong |= rows["monotonic"].diff().lt(0).to_numpy(bool, na_value=False) & ~is_first
    if is_wrong.any():
        raise ValueError(
            "the order of record is lost, so that fragments cannot be joined: the index of these frames is not their seq; "
            "sort without ignore_index, and do not reset the index"
        )


def _sized(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows whose length is that of the payload where it is missing: rows of several tables, of which one lacks it."""
    lengths = rows.get("length")
    if lengths is None or not lengths.isna().any():
        return rows
    sizes = pc.fill_null(pc.binary_length(payloads(rows)), 0).to_numpy(zero_copy_only=False)
    return rows.assign(length=np.where(lengths.isna(), sizes, lengths.to_numpy(np.int64, na_value=0)))


def _are_complete(
    rows: pd.DataFrame, places: NDArray[np.int64], seq: NDArray[np.int64], bounds: NDArray[np.int64]
) -> pd.arrays.BooleanArray:
    """Return which messages have all their frames.

    Between two frames of a message there may be frames of others. If all of them are among the rows that were asked, no
    fragment is missing: the difference of ``seq`` is that of the places of the two in their recording.
    """
    begun = rows["opcode"].ne("continuation").to_numpy()[bounds[:-1]]
    ended = rows["fin"].to_numpy(bool)[bounds[1:] - 1]
    inner = np.ones(max(len(rows) - 1, 0), bool)
    inner[bounds[1:-1] - 1] = False  # from the last frame of a message to the first of the next
    here = (np.diff(places) == np.diff(seq)) & (seq[1:] >= 0) & (seq[:-1] >= 0)
    missing = np.concatenate(([0], np.cumsum(inner & ~here)))
    unknown = missing[bounds[1:] - 1] > missing[bounds[:-1]] if len(rows) else np.zeros(0, bool)
    return pd.arrays.BooleanArray(begun & ended, unknown & begun & ended)


def _begins(
    recording: NDArray[np.int64], numbers: NDArray[np.int64], alone: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return the place where the message of each row begins, -1 for one in no message: a number for those without one too."""
    places = np.arange(len(numbers))
    keys = [recording, np.where(alone, -2 - places, numbers)]
    begins = pd.Series(places).groupby(keys, sort=False).transform("first").to_numpy(np.int64)
    return np.where(alone | (numbers >= 0), begins, -1)


def _ranks(recording: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each row among those of its recording."""
    order = np.argsort(recording, kind="stable")
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))  # the difference of two of one recording counts
    return ranks


def _group(
    recording: NDArray[np.int64], numbers: NDArray[np.int64], starts: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order that makes frames of a message adjacent, and the bounds of messages in that order.

    ``starts`` marks the first frames of messages: a recording that is there twice has each number twice, so that a
    change of the number alone does not separate messages.
    """
    order = np.lexsort((numbers, recording))
    recording, numbers, starts = recording[order], numbers[order], starts[order]
    is_new = np.concatenate(([True], (np.diff(numbers) != 0) | (np.diff(recording) != 0)))[: len(numbers)]
    return order, np.append(np.flatnonzero(is_new | starts), len(numbers))


def _join_payloads(payload: pa.Array, bounds: NDArray[np.int64]) -> pa.Array:
    """Return the payloads of messages. Payloads of adjacent frames are contiguous, so only inner offsets are removed."""
    offsets = np.frombuffer(payload.buffers()[1], np.int64)[
        payload.offset : payload.offset + len(payload) + 1
    ]
    return pa.Array.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(offsets[bounds]), payload.buffers()[2]]
    )


def _join_texts(
    payload: pa.Array, text: pa.Array, is_joined: NDArray[Any], is_text: NDArray[Any]
) -> pa.Array:
    """Return the texts of messages: the text of the log for one frame, a decoded payload for several.

    The texts of fragments cannot be joined: a fragment that ends inside a character has none.
    """
    joined = payload.filter(pa.array(is_joined & is_text))
    return pc.replace_with_mask(
        blank(text, pa.array(is_joined)), pa.array(is_joined & is_text), decode_texts(joined)
    )


def decode_texts(values: pa.Array) -> pa.Array:
    """Return payloads (large_binary) as texts (large_string); missing where one is not UTF-8."""
    try:
        return values.cast(pa.large_string())
    except pa.ArrowInvalid:  # at least one is not UTF-8: decode each alone
        return pa.array([_text_or_none(value.as_py()) for value in values], pa.large_string())


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
