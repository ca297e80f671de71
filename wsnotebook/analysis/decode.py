"""``df.ws.decode()``: one row for each message of a protocol, whatever messages of the WebSocket it lies in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from wsnotebook.analysis.columns import IDENTITY, are_cut, connections, identity
from wsnotebook.analysis.decoders.decoder import Decoder, Record
from wsnotebook.analysis.decoders.guess import SAMPLE, guess, subprotocol_of, url_of
from wsnotebook.analysis.decoders.registry import decoder_of, decoders
from wsnotebook.analysis.decoders.stream import Item, run_connection
from wsnotebook.analysis.jsoncolumns import escape_surrogates
from wsnotebook.analysis.messages import Joined, join

__all__ = ["decode", "decode_parts"]

_COUNTED = ("length", "wire_length")
_KEPT = ("monotonic", *_COUNTED)
"""Columns that questions to decoded messages need; those that the frames have are kept."""
_ASKED = (*_KEPT, "detail")


def decode(df: pd.DataFrame, name: str | Callable[..., Any] | None = None) -> pd.DataFrame:
    """Decode the messages of a protocol.

    Example: ``session.df.ws.decode("mqtt").query("kind == 'PUBLISH'")``; ``decode("gzip+json")`` inflates each binary message
    and reads the JSON in it, and in texts, which come between them in some services. What was decoded can be asked further: ``df.ws.decode("mqtt").ws.types("topic")``,
    ``df.ws.decode("stomp").ws.json("body")``, also ``schema()``, ``pairs()``, ``sequence()`` and ``state()``.

    Args:
        df: the frame log.
        name: a decoder's name, or several joined by ``+``, each of which reads what the one before decoded; or a
            function of one message, as for ``@wsnotebook.decoder``; or a class of messages of Protocol Buffers. Without it each connection's protocol is guessed.

    Returns:
        One row per protocol message, in the order in which they ended: ``first_seq`` and ``last_seq``, the messages (by
        ``seq`` of their first frame) in which it begins and ends, ``time`` and ``monotonic`` of the first, recording, connection,
        session and attempt (those that ``df`` has), direction, ``kind`` (its type in the protocol), ``value``, ``error``,
        which is missing where it was decoded and says so of a message that is not whole, and ``length`` and ``wire_length``, the bytes of the messages that end with it: of
        several in one message the first has them. Each direction of each connection is a stream; what it tells of the version holds for the other one too. ``attrs["decoder"]`` says for each connection which decoder was used and why, and
        ``attrs["undecoded"]`` how many binary messages, of how many bytes, have an error.

    Raises:
        ValueError: no decoder has this name; the message lists the names.
        ModuleNotFoundError: the decoder's library is not installed; the message names the extra.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    return decode_parts(df, name)


def decode_parts(
    df: pd.DataFrame, name: str | Callable[..., Any] | None = None, gap: int | None = None
) -> pd.DataFrame:
    """Decode messages as decode() does, where rows may have been left out at one place.

    Args:
        df: the frame log.
        name: as for decode().
        gap: ``seq`` of the first row after the place; None where there is none. What is open there ends, and what is
            known of the protocol stays.
    """
    chain = None if name is None else _chain(name)
    joined = join(df, "decode", ("length", *(name for name in _ASKED if name in df.columns)))
    first = joined.first
    found: list[Item] = []
    why: list[dict[str, Any]] = []
    for streams in _conversations(joined, first, gap):
        at = streams[0][0].first
        of = {name: first[name].iloc[at] for name in IDENTITY if name in first.columns}
        stages, reason = chain or (), "it was named"
        if chain is None:
            stages, reason = _guessed(subprotocol_of(df.attrs, of), streams)
        used = "+".join(stage.name for stage in stages) or None
        why.append({**of, "decoder": used, "reason": reason})
        for stage in stages or (_unknown(reason),):
            streams = run_connection(stage, streams, url_of(df.attrs, of))
        found.extend(item for items in streams for item in items)
    table = _table(joined, first, sorted(found, key=lambda item: item.last))
    table.attrs = {"decoder": why, "undecoded": _undecoded(joined, first, found)}
    return table


def _chain(name: str | Callable[..., Any]) -> tuple[Decoder, ...]:
    if not isinstance(name, str):
        return (decoder_of(name),)
    known = decoders()
    unknown = [part for part in name.split("+") if part not in known]
    if unknown:
        raise ValueError(
            f"there is no decoder {unknown[0]!r}: give one of {', '.join(sorted(known))}, several joined by +, "
            "a function of one message, or register one with @wsnotebook.decoder"
        )
    return tuple(known[part] for part in name.split("+"))


def _conversations(joined: Joined, first: pd.DataFrame, gap: int | None) -> list[list[list[Item]]]:
    """Return the streams of each connection: the messages of each direction that has some."""
    after = len(first) if gap is None else int(np.searchsorted(joined.numbers, gap))
    texts, payloads = joined.text.to_pylist(), joined.payload.to_pylist()
    found: dict[int, dict[str, list[Item]]] = {}
    keys = zip(connections(first).tolist(), first["direction"].tolist(), strict=True)
    for at, ((connection, direction), error) in enumerate(zip(keys, _errors(joined), strict=True)):
        value = payloads[at] if texts[at] is None else texts[at]
        item = Item(at, at, value) if error is None else Item(at, at, error=error)
        stream = found.setdefault(connection, {}).setdefault(direction, [])
        if at >= after and stream and stream[-1].first < after:
            stream.append(Item(stream[-1].last, stream[-1].last, error="the messages after it are left out"))
        stream.append(item)
    return [list(streams.values()) for streams in found.values()]


def _errors(joined: Joined) -> list[str | None]:
    """Return for each message why it is not whole; None where it is."""
    complete = joined.complete.to_numpy(bool, na_value=True).tolist()
    errors = [None if whole else _INCOMPLETE for whole in complete]
    rows = joined.rows
    untold = _are_untold(rows)
    places = np.flatnonzero(are_cut(rows) | untold)
    messages = np.searchsorted(joined.bounds, places, "right") - 1
    for at, row in zip(messages.tolist(), places.tolist(), strict=True):
        names = ("detail",) if untold[row] else ("status", "detail")
        known = ": ".join(
            str(rows[name].iloc[row]) for name in names if name in rows and pd.notna(rows[name].iloc[row])
        )
        errors[at] = f"the message is not whole: one of its frames is {known}"
    return errors


def _are_untold(rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which frames may have bytes that a browser does not tell: those of a Blob that a page sends."""
    if not {"detail", "wire_length"} <= set(rows.columns):
        return np.zeros(len(rows), bool)
    is_reported = rows["wire_length"].isna().to_numpy(bool)
    is_empty = rows["length"].eq(0).to_numpy(bool) & rows["opcode"].eq("binary").to_numpy(bool)
    return np.asarray(is_reported & is_empty & rows["detail"].notna().to_numpy(bool), bool)


_INCOMPLETE = "the message is not whole: its first or its final frame is not among the rows"


def _guessed(subprotocol: str, streams: list[list[Item]]) -> tuple[tuple[Decoder, ...], str]:
    samples = [[item.value for item in items if item.error is None][:SAMPLE] for items in streams]
    return guess(list(decoders().values()), subprotocol, samples)


def _unknown(reason: str) -> Decoder:
    """Return the decoder of a connection whose protocol is not known: each message is an error."""
    return Decoder("unknown", lambda: lambda payload: Record(error=f"not decoded: {reason}"))


def _table(joined: Joined, first: pd.DataFrame, items: list[Item]) -> pd.DataFrame:
    begins = np.fromiter((item.first for item in items), np.int64, len(items))
    ends = np.fromiter((item.last for item in items), np.int64, len(items))
    clock = [name for name in ("time", "monotonic") if name in first.columns]
    of = first[[*clock, *identity(first), "direction"]].take(begins).reset_index(drop=True)
    of.insert(0, "first_seq", joined.numbers[begins])
    of.insert(1, "last_seq", joined.numbers[ends])
    of["kind"] = _texts([item.kind for item in items])
    of["value"] = pd.Series(_objects([item.value for item in items]), dtype=object)
    of["error"] = _texts([item.error for item in items])
    for name in _COUNTED:
        if name in joined.rows.columns:
            of[name] = _shares(joined.total(name), first, ends)
            lacks = pd.isna(joined.known_total(name))
            if lacks.any():
                of[name] = of[name].astype("Int64").mask(_shares(lacks.astype(np.int64), first, ends) > 0)
    return of


def _texts(values: list[str | None]) -> Any:
    """Return a column of texts, in which halves of surrogate pairs are escaped."""
    try:
        pa.array(values, pa.large_string())
    except UnicodeEncodeError:
        values = [escape_surrogates(value) for value in values]
    return pd.array(values, "string")


def _shares(sizes: NDArray[np.int64], first: pd.DataFrame, ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bytes of each row, so that the bytes of a message are in the sum of all rows once.

    A row has the messages of its stream after the one in which the row before it ended, up to its own last one.
    """
    stream = 2 * connections(first) + first["direction"].eq("out").to_numpy(np.int64)
    upto = pd.Series(sizes).groupby(stream).cumsum().to_numpy()[ends]
    return np.asarray(upto - pd.Series(upto).groupby(stream[ends]).shift(fill_value=0).to_numpy(), np.int64)


def _objects(values: list[Any]) -> NDArray[np.object_]:
    """Return an array of Python values; pandas would take lists of one length for rows."""
    array = np.empty(len(values), object)
    for at, value in enumerate(values):
        array[at] = value
    return array


def _undecoded(joined: Joined, first: pd.DataFrame, items: list[Item]) -> dict[str, int]:
    """Return how many binary messages an error ended in, and their bytes."""
    wrong = np.unique(np.array([item.last for item in items if item.error is not None], np.int64))
    wrong = wrong[first["opcode"].ne("text").to_numpy(bool)[wrong]]
    sizes = joined.total("length")[wrong]
    return {"messages": len(wrong), "bytes": int(sizes.sum())}
