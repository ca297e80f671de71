"""Frames joined to messages, by moving offsets: no payload is touched one by one."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.columns import arrow, in_order, traffic

__all__ = ["Joined", "join", "messages"]

_JOINED = ("time", "session", "direction", "opcode", "payload", "text", "message")


class Joined(NamedTuple):
    """Frames in the order of their messages, and where each message lies among them."""

    rows: pd.DataFrame
    """The frames, those of one message one after the other, without payload and text."""
    bounds: NDArray[np.int64]
    """Place of the first frame of each message, and after them the number of frames."""
    payload: Any
    """Payload of each message, all frames joined (column or array of large_binary)."""
    text: Any
    """Text of each message; missing where it is no text message or no UTF-8 (column or array of large_string)."""

    @property
    def first(self) -> pd.DataFrame:
        """The first frame of each message."""
        return self.rows.take(self.bounds[:-1])

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Number of each message: ``seq`` of its first frame."""
        return self.rows["message"].to_numpy(np.int64)[self.bounds[:-1]]

    def total(self, column: str) -> NDArray[np.int64]:
        """Return the sum of a column for each message."""
        sums = np.concatenate(([0], np.cumsum(self.rows[column].to_numpy(np.int64))))
        return np.diff(sums[self.bounds])


def messages(df: pd.DataFrame) -> pd.DataFrame:
    """Join the frames of each message.

    Returns:
        One row a text or binary message, by ``message``, the ``seq`` of its first frame: session, direction, ``time`` and
        ``last_time`` (wall clock of the first and last frame), opcode, ``frames``, ``complete`` (its final frame is there),
        ``length`` (bytes as the application sees them), ``wire_length`` (bytes on the wire), ``payload``, and ``text``, which
        is missing for binary and where the whole is not UTF-8. Control frames, continuations of nothing and frames that
        were never sent belong to no message.
    """
    joined = join(df, "messages", ("fin", "length", "wire_length"))
    first, last = joined.first, joined.rows.take(joined.bounds[1:] - 1)
    return pd.DataFrame(
        {
            "session": first["session"].array,
            "direction": first["direction"].array,
            "time": first["time"].array,
            "last_time": last["time"].array,
            "opcode": first["opcode"].array,
            "frames": np.diff(joined.bounds),
            "complete": last["fin"].to_numpy(bool),
            "length": joined.total("length"),
            "wire_length": joined.total("wire_length"),
            "payload": pd.arrays.ArrowExtensionArray(joined.payload),
            "text": pd.arrays.ArrowExtensionArray(joined.text),
        },
        index=pd.Index(joined.numbers, name="message"),
    )


def join(df: pd.DataFrame, asker: str, more: tuple[str, ...] = ()) -> Joined:
    """Return the messages in ``df``, with ``more`` columns for the question that asks.

    Raises:
        AttributeError: columns are missing.
    """
    rows = in_order(traffic(df, asker, (*_JOINED, *more)))
    in_message = rows["message"].notna().to_numpy()
    if not in_message.all():
        rows = rows[in_message]
    starts = rows["opcode"].ne("continuation").to_numpy()
    order, bounds = _group(rows["message"].to_numpy(np.int64), starts)
    if (np.diff(order) != 1).any():
        rows = rows.take(order)
    payload, text = arrow(rows["payload"], pa.large_binary()), arrow(rows["text"], pa.large_string())
    if len(bounds) - 1 < len(rows):
        is_text = rows["opcode"].eq("text").to_numpy()[bounds[:-1]]
        payload = _join_payloads(payload, bounds)
        text = _join_texts(payload, text.take(pa.array(bounds[:-1])), (np.diff(bounds) > 1), is_text)
    return Joined(rows.drop(columns=["payload", "text"]), bounds, payload, text)


def _group(
    numbers: NDArray[np.int64], starts: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order that puts frames of a message together, and where each message begins in it, and the end.

    ``starts`` tells where a frame is the first of its message: in several logs, one below the other, a number comes again.
    """
    order = np.argsort(numbers, kind="stable")
    numbers, starts = numbers[order], starts[order]
    is_new = np.concatenate(([True], np.diff(numbers) != 0))[: len(numbers)]
    return order, np.append(np.flatnonzero(is_new | starts), len(numbers))


def _join_payloads(payload: pa.Array, bounds: NDArray[np.int64]) -> pa.Array:
    """Return the payloads of messages: the bytes lie end to end already, only the offsets between frames go."""
    offsets = np.frombuffer(payload.buffers()[1], np.int64)[
        payload.offset : payload.offset + len(payload) + 1
    ]
    return pa.Array.from_buffers(
        pa.large_binary(), len(bounds) - 1, [None, pa.py_buffer(offsets[bounds]), payload.buffers()[2]]
    )


def _join_texts(
    payload: pa.Array, text: pa.Array, is_joined: NDArray[Any], is_text: NDArray[Any]
) -> pa.Array:
    """Return the texts of messages: of one frame as the log has it, of several decoded anew.

    A fragment may end inside a character, so that it has no text, or has one and the whole has none.
    """
    joined = payload.filter(pa.array(is_joined & is_text))
    text = pc.if_else(pa.array(is_joined), pa.scalar(None, pa.large_string()), text)
    return pc.replace_with_mask(text, pa.array(is_joined & is_text), _decode(joined))


def _decode(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.large_string())
    except pa.ArrowInvalid:  # at least one is not UTF-8; only now is it worth looking at each
        return pa.array([_text_or_none(value.as_py()) for value in values], pa.large_string())


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
