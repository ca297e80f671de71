"""Question: which types of messages are there, and how many, how often, how large?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsnotebook.analysis.columns import check_times, connections, identity, known_sums, ns_of
from wsnotebook.analysis.decodedmessages import read_messages
from wsnotebook.analysis.discriminator import types_of
from wsnotebook.analysis.jsonmessages import JsonMessages
from wsnotebook.analysis.versions import texts

__all__ = ["types"]

_EXAMPLE = 120  # characters
_BYTES = ("length", "wire_length", "monotonic")


def types(df: pd.DataFrame, key: str | None = None) -> pd.DataFrame:
    """Count the messages of each type, of each connection and direction.

    Example: ``session.df.ws.types()``, ``session.df.ws.types("params.channel")``.

    Args:
        key: the key whose value is the type, dotted. None looks for it: ``attrs["key"]`` says which one it is.

    Returns:
        One row per connection, direction and type, the most frequent first: recording, connection, session and attempt
        (those that ``df`` has), direction, ``type``, ``count``, ``rate`` (per second from the first message of the
        connection to the last, NaN if that takes no time), ``bytes`` (payload as the application sees it), ``ratio``
        (payload bytes on the wire / bytes, NaN without bytes, and where a browser has told some of the messages), ``first`` and ``last`` (wall clock), ``seq`` of the first
        one, and ``example``, its text, cut after 120 characters. Messages without the key are ``(other)``, those that
        are not JSON objects ``(text)`` and ``(binary)``. An array of objects has the type of its first one. Of what
        ``decode()`` returned, the key is ``kind`` if the protocol has kinds, and what could not be decoded is ``(error)``. A message that the application
        has named, an event of Socket.IO or a method of SignalR, has its name as its type, in place of its kind.

    Raises:
        ValueError: no message has the key; the message names others.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    parsed = read_messages(df, "types", more=_BYTES)
    joined, first = parsed.joined, parsed.joined.first
    check_times(first["time"])
    parts, objects = parsed.parts(), len(parsed.messages)
    key, names = types_of(parts, objects, key, parsed.kind)
    kinds = _others(parsed)
    places, firsts = np.unique(parsed.messages, return_index=True)
    kinds[places] = names[firsts]
    facts = identity(first).assign(
        direction=first["direction"],
        type=kinds,
        time=first["time"],
        bytes=joined.total("length"),
        wire=joined.known_total("wire_length").astype(np.float64),
        place=np.arange(len(first)),
        connection_number=connections(first),
    )
    groups = facts.groupby(["connection_number", "direction", "type"], observed=True, sort=False)
    found = (
        groups.agg(
            count=("place", "size"),
            bytes=("bytes", "sum"),
            first=("time", "min"),
            last=("time", "max"),
            place=("place", "first"),
        )
        .assign(wire=known_sums(groups[["wire"]])["wire"])
        .reset_index()
    )
    timed = facts[facts["time"].notna()]
    times = timed.assign(time=ns_of(timed["time"])).groupby("connection_number")["time"]
    seconds = found["connection_number"].map((times.max() - times.min()) / 1e9).to_numpy(np.float64)
    place = found["place"].to_numpy(np.int64)
    table = (
        identity(first)
        .take(place)
        .reset_index(drop=True)
        .assign(
            direction=found["direction"],
            type=found["type"].astype("str"),
            count=found["count"],
            rate=found["count"] / np.where(seconds > 0, seconds, np.nan),
            bytes=found["bytes"],
            ratio=found["wire"] / found["bytes"].replace(0, np.nan),
            first=found["first"],
            last=found["last"],
            seq=joined.numbers[place],
            example=texts(_examples(parsed, place)),
        )
    )
    table = table.sort_values("count", ascending=False, kind="stable", ignore_index=True)
    table.attrs["key"] = key
    return table


def _others(parsed: JsonMessages) -> NDArray[np.object_]:
    """Return the type of each message as if it had no object."""
    first = parsed.joined.first
    if parsed.values is not None:
        return np.full(len(first), "(error)", object)
    return np.where(first["opcode"].eq("binary"), "(binary)", "(text)").astype(object)


def _examples(parsed: JsonMessages, places: NDArray[np.int64]) -> pa.Array:
    """Return the beginning of the text of some messages, or of the values of a decoder."""
    if parsed.values is not None:
        return pa.array([_example(parsed.values[place]) for place in places], pa.large_string())
    return pc.utf8_slice_codeunits(parsed.joined.text.take(places), 0, _EXAMPLE)


def _example(value: Any) -> str:
    try:
        return repr(value)[:_EXAMPLE]
    except RecursionError:  # MessagePack nests deeper than Python writes
        return "(nested too deep to be shown)"
