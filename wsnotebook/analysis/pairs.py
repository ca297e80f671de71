"""Question: which reply answers each request, and after how long?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.columns import identity, is_decoded
from wsnotebook.analysis.decode import decode
from wsnotebook.analysis.decodedmessages import read_messages
from wsnotebook.analysis.jsoncolumns import Path
from wsnotebook.analysis.jsonmessages import JsonMessages
from wsnotebook.analysis.jsontable import Parts
from wsnotebook.analysis.pairlinks import Linked, link
from wsnotebook.analysis.pairprogress import progress_codes
from wsnotebook.analysis.pairrules import PROTOCOLS, Condition, PairRule, codes_of, column, fits, plain_values

__all__ = ["Pairs", "pairs"]


class Pairs(pd.DataFrame):
    """Requests with their replies, as ``df.ws.pairs()`` returns them."""

    @property
    def _constructor(self) -> type[Pairs]:
        return Pairs

    def percentiles(self, by: str | Sequence[str] = "what", of: str = "latency") -> pd.DataFrame:
        """Return percentiles of the latency in seconds, of the requests that were answered.

        Args:
            by: the column, or columns, that make a row each.
            of: ``latency``, until the first reply, or ``duration``, until the last one.

        Returns:
            One row per value of ``by``: ``count`` and ``unanswered`` requests (cancelled ones are not counted there), ``p50``, ``p90``, ``p95``, ``p99`` and ``max``.
        """
        keys = [by] if isinstance(by, str) else list(by)
        groups = pd.DataFrame(self).groupby(keys, observed=True, dropna=False)
        table = pd.DataFrame(
            {
                "count": groups.size(),
                "unanswered": groups["outcome"].agg(lambda outcome: outcome.eq("unanswered").sum()),
            }
        )
        for percent in (50, 90, 95, 99):
            table[f"p{percent}"] = groups[of].quantile(percent / 100)
        return table.assign(max=groups[of].max()).sort_values("count", ascending=False, kind="stable")

    def unanswered(self) -> Pairs:
        """Return the requests without a reply, and the streams that were not ended, but those that were cancelled."""
        return Pairs(self[self["outcome"].isin(["unanswered", "open"])])


def pairs(
    df: pd.DataFrame,
    protocol: str | None = None,
    *,
    request: str | Condition | None = None,
    reply: str | Condition | None = None,
    key: str | Sequence[str] = "id",
    last: Condition | None = None,
    error: Condition | None = None,
    cancel: Condition | None = None,
    what: str = "method",
) -> Pairs:
    """Find the reply to each request, also those of a stream (subscribe, next, next, complete).

    A reply has the id of its request, with the same type (1 is not "1"; 1.0 is 1), in the other direction of the same connection,
    and comes after it; of several requests with one id the latest counts. Progress of JSON-RPC, ``$/progress`` and
    ``notifications/progress``, is a partial reply to the request that gave its token. Example: ``session.df.ws.pairs().percentiles()``,
    ``df.ws.pairs(request={"op": "get"}, reply={"op": ("value", "error")}, key="req", error={"op": "error"}, what="op")``.

    Args:
        protocol: ``jsonrpc``, ``graphql`` (graphql-transport-ws and graphql-ws), ``jupyter``, ``homeassistant``, ``cdp``,
            ``phoenix``, ``socketio``, ``signalr``, ``wamp``, ``mqtt`` or ``stomp`` (receipts). Without it, and without ``request``, the
            first that fits is taken: one that has requests, replies, and what no other protocol has.
        request: what a request is: a key that it has, or a dict of key → ``...`` if it is there, None if it is not, a value,
            a compiled pattern, or several values, of which one may be None. Keys in objects are dotted. A tuple of such
            dicts is fulfilled by one of them.
        reply: what a reply is, in the same way.
        key: the key, or keys, that both have with equal values.
        last: the reply that ends a stream; without it one reply is all.
        error: a reply that says that the request failed; without it one with the key ``error``.
        cancel: a message of the side that asked, after the request and with its id, which ends it: nobody waits for a reply.
        what: the key of the request that says what it asks for.

    Returns:
        One row per request, in order: recording, connection, session and attempt (those that ``df`` has), direction, ``time``
        (wall clock), ``request`` (its seq), ``id``, ``what``, ``reply`` and ``last`` (seq of the first and last reply, missing
        if there is none), ``replies``, ``latency`` and ``duration`` (seconds to the first and last reply, monotonic clock)
        and ``outcome``: answered, error, cancelled (by the side that asked, before the reply or the end of the stream, whatever
        came after), unanswered, or open, a stream that was not ended. ``attrs["pairs"]`` has the
        protocol, ``unasked``, the replies without a request, and ``unread``, the messages that are not whole or were not decoded:
        requests and replies may be among them. One of which only attachments are wrong is read. ``.percentiles()`` and
        ``.unanswered()`` go on from here.

    Raises:
        ValueError: the protocol is not known, or no protocol fits.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    own = None
    if request is not None or reply is not None:
        own = PairRule(
            _condition(request),
            _condition(reply),
            (key,) if isinstance(key, str) else tuple(key),
            last=last,
            error=error or {"error": ...},
            cancel=cancel or {},
            what=what,
        )
    rule = own if protocol is None else _known(protocol)
    return _guessed(df) if rule is None else _asked(df, protocol, rule)


def _condition(given: str | Condition | None) -> Condition:
    if given is None:
        raise ValueError("request and reply are given together: what a request is, and what a reply is")
    return {given: ...} if isinstance(given, str) else given


def _known(protocol: str) -> PairRule:
    if protocol not in PROTOCOLS:
        raise ValueError(
            f"there is no protocol {protocol!r}: give one of {', '.join(PROTOCOLS)}, or request, reply and key"
        )
    return PROTOCOLS[protocol]


def _asked(df: pd.DataFrame, name: str | None, rule: PairRule) -> Pairs:
    if rule.decoder and not is_decoded(df):
        df = decode(df, rule.decoder)
    parsed = read_messages(df, "pairs", partly=True, more=("monotonic",))
    return _match(parsed, parsed.parts(), name, rule)


def _guessed(df: pd.DataFrame) -> Pairs:
    """Return the pairs of the first protocol of which there is a request, a reply, and evidence."""
    parsed = read_messages(df, "pairs", partly=True, more=("monotonic",))
    parts, rows = parsed.parts(), len(parsed.messages)
    if df.empty:  # Dask asks no rows for the shape of the answer
        return _match(parsed, parts, None, PROTOCOLS["jsonrpc"])
    for name, rule in PROTOCOLS.items():
        # Without a decoder the kinds of its messages are not known; with it they are evidence.
        is_told = not rule.decoder or rule.is_json or is_decoded(df)
        if not is_told or not all(fits(parts, rows, side).any() for side in (rule.request, rule.reply)):
            continue
        if rule.evidence and not fits(parts, rows, rule.evidence).any():
            continue
        found = _match(parsed, parts, name, rule)
        if rule.evidence or rule.decoder or found["replies"].any():
            return found
    raise ValueError(
        "no protocol fits: name one, pairs('mqtt'), or say what a request and a reply are, "
        "pairs(request={'op': 'get'}, reply={'op': 'value'}, key='id')"
    )


def _match(parsed: JsonMessages, parts: Mapping[Path, Parts], name: str | None, rule: PairRule) -> Pairs:
    rows = len(parsed.messages)
    asks, answers = fits(parts, rows, rule.request), fits(parts, rows, rule.reply)
    answers &= ~asks
    cancels = fits(parts, rows, rule.cancel) & ~asks
    codes = _codes(parts, rows, rule, answers, cancels)
    is_out = parsed.of["direction"].eq("out").to_numpy(bool)
    reported = progress_codes(parts, rule, parsed.connections, is_out, asks, codes)
    codes, answers = np.where(reported < 0, codes, reported), answers | (reported >= 0)
    linked = link(parsed.connections, codes, is_out, asks, answers, cancels)
    lost, owners = _keyless(parsed, parts, rule, linked, answers)
    if len(lost):
        codes[lost] = codes[owners]
        linked = link(parsed.connections, codes, is_out, asks, answers, cancels)
    ends = np.ones(rows, bool) if rule.last is None else fits(parts, rows, rule.last)
    has, end = linked.counts > 0, linked.first_reply(ends)
    failed = linked.first_reply(fits(parts, rows, rule.error)) < rows
    table = _table(parsed, parts, rule, linked)
    table["outcome"] = pd.Categorical(
        np.select(
            [linked.cancels < end, ~has, failed, end == rows],
            ["cancelled", "unanswered", "error", "open"],
            "answered",
        ),
        categories=["answered", "error", "cancelled", "unanswered", "open"],
    )
    in_order = np.argsort(linked.requests, kind="stable")
    result = Pairs(table.iloc[in_order].reset_index(drop=True))
    result.attrs["pairs"] = {
        "protocol": name,
        "requests": len(result),
        "unasked": linked.unasked,
        "unread": parsed.counts["incomplete"],
    }
    return result


def _keyless(
    parsed: JsonMessages,
    parts: Mapping[Path, Parts],
    rule: PairRule,
    linked: Linked,
    answers: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the replies that have only the first key, and for each the last request before it with all keys and no reply."""
    rows, none = len(answers), np.zeros(0, np.int64)
    replies = fits(parts, rows, rule.keyless) & answers
    if not replies.any():
        return none, none
    waiting = np.zeros(rows, bool)
    waiting[linked.requests[linked.counts == 0]] = True
    waiting &= fits(parts, rows, dict.fromkeys(rule.key, ...))
    ids = codes_of(column(parts, rows, rule.key[0]))
    is_out = parsed.of["direction"].eq("out").to_numpy(bool)
    found = link(parsed.connections, ids, is_out, waiting, replies, np.zeros(rows, bool))
    return found.replies, np.repeat(found.requests, found.counts)


def _codes(
    parts: Mapping[Path, Parts],
    rows: int,
    rule: PairRule,
    answers: NDArray[np.bool_],
    cancels: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return a number for the id of each row, -1 where it has none. Equal values of two types have two numbers."""
    codes = np.zeros(rows, np.int64)
    for number, name in enumerate(rule.key):
        values = column(parts, rows, name)
        for others, marks in ((rule.reply_key, answers), (rule.cancel_key, cancels)):
            if others and marks.any():
                values = _objects(values, rows).mask(marks, None)
                for other in reversed(others[number].split("|")):
                    there = _objects(column(parts, rows, other), rows)
                    values = values.mask(marks & there.notna(), there)
        found = np.full(rows, -1, np.int64) if values is None else codes_of(values)
        if number == 0:
            codes = found
        else:  # a further key may be missing on both sides
            codes = np.where(codes < 0, -1, codes * (found.max(initial=-1) + 2) + found + 1)
    return codes


def _objects(values: pd.Series[Any] | None, rows: int) -> pd.Series[Any]:
    """Return values as Python's, None where they are missing."""
    if values is None:
        return pd.Series(None, range(rows), object)
    return values.astype(object).where(values.notna(), None)


def _table(
    parsed: JsonMessages,
    parts: Mapping[Path, Parts],
    rule: PairRule,
    linked: Linked,
) -> pd.DataFrame:
    of, seq, rows = parsed.of, parsed.seq, len(parsed.messages)
    requests, replies = linked.requests, linked.replies
    ends = np.cumsum(linked.counts)
    has = linked.counts > 0
    first, last = (np.zeros(len(requests), np.int64) for _ in range(2))
    first[has], last[has] = replies[(ends - linked.counts)[has]], replies[ends[has] - 1]
    clock, is_known = of["monotonic"].to_numpy(np.int64, na_value=0), of["monotonic"].notna().to_numpy()
    what, key = column(parts, rows, rule.what), column(parts, rows, rule.key[0])
    asked = of.iloc[requests].reset_index(drop=True)

    def seconds(places: NDArray[np.int64]) -> Any:
        is_told = has & is_known[places] & is_known[requests]
        return np.where(is_told, (clock[places] - clock[requests]) / 1e9, np.nan)

    def number(places: NDArray[np.int64]) -> Any:
        return pd.arrays.IntegerArray(np.where(has, seq[places], 0), ~has)

    return identity(asked).assign(
        direction=asked["direction"],
        time=asked["time"],
        request=seq[requests],
        id=np.full(len(requests), None) if key is None else key.iloc[requests].to_numpy(),
        what=None if what is None else plain_values(what.iloc[requests]),
        reply=number(first),
        last=number(last),
        replies=linked.counts,
        latency=seconds(first),
        duration=seconds(last),
    )
