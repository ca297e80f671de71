"""Frames joined to messages by selecting Arrow offsets, so that no payload is copied or handled in a Python loop."""

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
    """Frames grouped by message, and the payload and text of each message (n frames, m messages)."""

    rows: pd.DataFrame
    """n rows: the frames without payload and text; frames of one message are adjacent."""
    bounds: NDArray[np.int64]
    """m + 1 row indices: the first frame of each message, and at the end n."""
    payload: Any
    """m payloads, all frames joined (array of large_binary)."""
    text: Any
    """m texts (array of large_string); missing if it is not a text message or not UTF-8."""

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
        sums = np.concatenate(([0], np.cumsum(self.rows[column].to_numpy(np.int64))))
        return np.diff(sums[self.bounds])


def messages(df: pd.DataFrame) -> pd.DataFrame:
    """Join the frames of each message.

    Example: ``session.df.ws.messages().query("frames > 1")``.

    Returns:
        One row per text or binary message, indexed by ``message``, the ``seq`` of its first frame: session, direction,
        ``time`` and ``last_time`` (wall clock of the first and last frame), opcode, ``frames``, ``complete`` (whether
        the final frame is present), ``length`` (bytes as the application sees them), ``wire_length`` (payload bytes on
        the wire), ``payload``, and ``text``, which is missing for binary and if the whole is not UTF-8. Control frames,
        continuations without a first frame, and frames that were never sent belong to no message.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
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
    """Return the messages in ``df``.

    Args:
        df: the frame log.
        asker: name of the question, for the message of the error.
        more: further columns that the question needs in ``Joined.rows``.

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
    """Return the order that makes frames of a message adjacent, and the bounds of messages in that order.

    ``starts`` marks the first frames of messages: concatenated logs use a number twice, so that a change of the number
    alone does not separate messages.
    """
    order = np.argsort(numbers, kind="stable")
    numbers, starts = numbers[order], starts[order]
    is_new = np.concatenate(([True], np.diff(numbers) != 0))[: len(numbers)]
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
    text = pc.if_else(pa.array(is_joined), pa.scalar(None, pa.large_string()), text)
    return pc.replace_with_mask(text, pa.array(is_joined & is_text), _decode(joined))


def _decode(values: pa.Array) -> pa.Array:
    try:
        return values.cast(pa.large_string())
    except pa.ArrowInvalid:  # at least one is not UTF-8: decode each alone
        return pa.array([_text_or_none(value.as_py()) for value in values], pa.large_string())


def _text_or_none(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
