"""Question: how many bytes on the wire are no payload, and what would other settings of permessage-deflate have cost?"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.columns import connections, identity, known_sums, traffic
from wsnotebook.analysis.messages import join

__all__ = ["deflate", "overhead"]

_WANTED = ("direction", "opcode", "length", "wire_length", "frame_length")
_CONTROL = ("close", "ping", "pong")
_TAIL = 4  # bytes 00 00 ff ff, which the sender leaves out (RFC 7692 §7.2.1)


def overhead(df: pd.DataFrame) -> pd.DataFrame:
    """Count the bytes on the wire that are no payload: headers, masks and control frames.

    Example: ``session.df.ws.overhead()[["direction", "share"]]``.

    Returns:
        One row per connection and direction: recording, connection, session and attempt (those that ``df`` has), direction,
        ``frames``, ``wire`` (all bytes of the frames), ``payload`` (bytes of data as the application sees them), ``headers``
        (of all frames, with mask keys), ``control`` (payload of pings, pongs and closes), ``saved`` (by compression) and
        ``share``, (headers + control) / wire. Bytes on the wire are missing where a browser has told some of the messages.
        The handshake, TLS and TCP are not in it.

    Raises:
        AttributeError: ``df`` lacks columns; the message names them.
    """
    rows = traffic(df, "overhead", _WANTED)
    is_control = rows["opcode"].isin(_CONTROL).to_numpy(bool)
    facts = identity(rows).assign(
        direction=rows["direction"],
        wire=rows["frame_length"],
        payload=rows["length"].where(~is_control, 0),
        headers=rows["frame_length"] - rows["wire_length"],
        control=rows["wire_length"].where(is_control, 0),
        saved=(rows["length"] - rows["wire_length"]).where(~is_control, 0),
    )
    keys = [connections(rows), "direction"]
    groups = facts.groupby(keys, observed=True, sort=False)
    sums = known_sums(groups[["wire", "payload", "headers", "control", "saved"]])
    table = (
        groups[[*identity(rows)]]
        .first()
        .assign(direction=sums.index.get_level_values(1), frames=groups.size())
    )
    table = pd.concat([table, sums], axis=1).reset_index(drop=True)
    return table.assign(share=(table["headers"] + table["control"]) / table["wire"])


def deflate(
    df: pd.DataFrame, windows: Sequence[int] = (9, 11, 13, 15), level: int = 6, most: int = 10_000
) -> pd.DataFrame:
    """Compress the messages again with other settings of permessage-deflate, to see what each would have cost.

    A window takes 2 to the power of its bits of memory on both sides, of every connection; with takeover a message is
    compressed with the ones before it (RFC 7692 §7.1). Example: ``session.df.ws.deflate().sort_values("ratio").head()``.

    Args:
        windows: bits of the windows to try, 9 to 15.
        level: how hard to try, 1 to 9.
        most: messages of each connection and direction that are compressed, the first ones.

    Returns:
        One row per connection, direction, ``window`` and ``takeover``: recording, connection, session and attempt (those
        that ``df`` has), direction, ``messages``, ``before`` and ``after`` (payload bytes), ``ratio`` (after / before, NaN
        without bytes) and ``actual``, the ratio that there was on the wire, NaN where a
        browser has told some of the messages.

    Raises:
        ValueError: a window is not 9 to 15, ``level`` not 1 to 9, or ``most`` not over 0.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    if not all(9 <= bits <= 15 for bits in windows) or not 1 <= level <= 9 or most < 1:
        raise ValueError(
            f"windows are 9 to 15 bits, level is 1 to 9 and most over 0, not {windows}, {level} and {most}"
        )
    joined = join(df, "deflate", ("length", "wire_length"))
    first = joined.first
    before, wire = joined.total("length"), np.asarray(joined.known_total("wire_length").astype(np.float64))
    found: list[dict[Any, Any]] = []
    flows = pd.Series(np.arange(len(first))).groupby(
        [connections(first), first["direction"].to_numpy()], sort=False
    )
    for _, places in flows:
        mine = places.to_numpy()[:most]
        payloads = joined.payload.take(pa.array(mine)).to_pylist()
        size, of = int(before[mine].sum()), first.iloc[mine[0]]
        facts: dict[Any, Any] = {name: of[name] for name in identity(first)} | {"direction": of["direction"]}
        for bits in windows:
            for takeover in (True, False):
                after = _compressed(payloads, bits, level, takeover=takeover)
                found.append(
                    facts
                    | {
                        "window": bits,
                        "takeover": takeover,
                        "messages": len(mine),
                        "before": size,
                        "after": after,
                    }
                    | {
                        "ratio": after / size if size else np.nan,
                        "actual": wire[mine].sum() / size if size else np.nan,
                    }
                )
    names = [
        *identity(first),
        "direction",
        "window",
        "takeover",
        "messages",
        "before",
        "after",
        "ratio",
        "actual",
    ]
    return pd.DataFrame(found, columns=names)


def _compressed(payloads: Sequence[bytes], bits: int, level: int, *, takeover: bool) -> int:
    """Return the bytes of all messages on the wire."""
    total = 0
    stream = zlib.compressobj(level, zlib.DEFLATED, -bits)
    for payload in payloads:
        if not takeover:
            stream = zlib.compressobj(level, zlib.DEFLATED, -bits)
        total += len(stream.compress(payload)) + len(stream.flush(zlib.Z_SYNC_FLUSH)) - _TAIL
    return total
