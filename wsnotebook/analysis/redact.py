"""Question: the frames without the secrets in them, and what they were.

The rules are in payloadsecrets.py. A secret is replaced in every column and in the handshakes of ``df.attrs``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from wsnotebook.analysis.columns import are_unsent, arrow, need, payloads
from wsnotebook.analysis.messages import message_rows
from wsnotebook.payloadsecrets import PayloadRule, PayloadRules, PayloadSecret
from wsnotebook.redaction import Rule, redact_head, redact_url

__all__ = ["Redacted", "redact"]

_NEEDED = ("direction", "opcode", "payload", "session")
_CLOSE_CODE = 2  # bytes of a close payload before its reason (RFC 6455 §5.5.1)
_CONTROL_LIMIT = 125  # bytes of the payload of a control frame (RFC 6455 §5.5)
_CONTROL = ("close", "ping", "pong")
_OF_TEXT = ("text", "continuation", "close")  # a continuation whose message began before may be of a text
_TOGETHER = 64  # messages that are looked through together: in most feeds none of them has a secret


class Redacted(NamedTuple):
    """Frames without secrets."""

    frames: pd.DataFrame
    """The DataFrame with marks in the places of secrets; equal secrets have equal marks in one process."""
    audit: pd.DataFrame
    """One row for each place: ``seq`` (missing in a handshake), ``session``, ``column``, ``where`` (path in JSON), ``rule``
    and ``mark``. ``attrs["opaque"]`` has the number of messages, and their bytes, that no rule could look into."""


class _Found(NamedTuple):
    """One secret and where it was."""

    seq: Any
    session: str
    column: str
    secret: PayloadSecret


def redact(df: pd.DataFrame, rules: Iterable[PayloadRule] = ()) -> Redacted:
    """Replace secrets by marks, in payloads, texts, close reasons, handshakes and all other columns of text.

    Fields such as ``password`` and ``access_token``, JWTs, credentials after Bearer and Basic, and secrets in URLs are
    found without a rule. Example::

        frames, audit = df.ws.redact(["$.user.email", re.compile(r"\\b\\d{16}\\b")])
        frames.ws.save("shared.jsonl")

    Lengths are those of the new payloads, and a compressed message becomes one without compression. Messages in binary
    formats and compressed ones are left as they are and counted: ``decode()`` shows what is in them.

    Args:
        df: the frame log.
        rules: further ones: paths in JSON (``"$.user.email"``, ``"rows[*].name"``), regular expressions (their groups, or all
            that they match), and ``wsnotebook.redaction.Rule`` (names of fields and headers that are secrets, or are not).

    Raises:
        ValueError, TypeError: a rule is none, or the order of record of fragments is lost; the message has the remedy.
        AttributeError: ``df`` lacks columns; the message names them.
    """
    need(df.columns, _NEEDED, "df.ws.redact()")
    rules = list(rules)
    of_payloads = PayloadRules(rules)
    found: list[_Found] = []
    before: list[Any] = payloads(df).to_pylist()
    of_frames, is_new, opaque = _payloads(df, before, of_payloads, found)
    frames = df.copy()
    frames.attrs = dict(df.attrs)
    if is_new.any():
        _write_payloads(frames, of_frames, is_new)
    _redact_edited(frames, df, is_new, of_payloads, found)
    new = {row: (before[row], of_frames[row]) for row in np.flatnonzero(is_new).tolist()}
    for name in _other_texts(df):
        frames[name] = _redact_column(df, name, of_payloads, new, found)
    frames.attrs["wsnotebook"] = _attrs(df.attrs.get("wsnotebook", {}), _head_rules(rules), found)
    audit = pd.DataFrame(
        [(each.seq, each.session, each.column, *each.secret) for each in found], columns=_AUDIT
    )
    is_number = pd.api.types.is_integer_dtype(df.index.dtype)
    audit = audit.astype({"seq": "Int64" if is_number else "object"} | dict.fromkeys(_AUDIT[1:], "string"))
    audit.attrs["opaque"] = opaque
    return Redacted(frames, audit)


_AUDIT = ["seq", "session", "column", "where", "rule", "mark"]


def _payloads(
    df: pd.DataFrame, before: list[Any], rules: PayloadRules, found: list[_Found]
) -> tuple[list[bytes], Any, dict[str, int]]:
    """Return the payload of each frame, which are new, and the count of messages that are no text."""
    of_frames = list(before)
    is_new = np.zeros(len(df), bool)
    opaque: dict[str, int] = {}
    opcodes, sessions = df["opcode"].tolist(), df["session"].tolist()
    for messages in _groupings(df):
        opaque = {"messages": 0, "bytes": 0}  # of the last grouping, which has each frame once
        for rows, data, may_have in _candidates(messages, of_frames, rules):
            first = rows[0]
            head = _CLOSE_CODE if opcodes[first] == "close" else 0
            is_utf8, text = _read_payload(data[head:], opcodes[first])
            new, secrets = rules.redact(text) if may_have else (text, [])
            if not secrets:
                opaque["messages"] += not is_utf8
                opaque["bytes"] += 0 if is_utf8 else len(data)
                continue
            found += (_Found(df.index[first], sessions[first], "payload", each) for each in secrets)
            written = data[:head] + new.encode("utf-8", "surrogateescape")
            if opcodes[first] in _CONTROL:
                written = _cut_control(written, head)
            lengths = [len(of_frames[row] or b"") for row in rows]
            for row, part in zip(rows, _cut(written, lengths) if len(rows) > 1 else [written], strict=True):
                of_frames[row] = part
                is_new[row] = True
    return of_frames, is_new, opaque


def _read_payload(data: bytes, opcode: str) -> tuple[bool, str]:
    """Return whether a payload is UTF-8, and its text; a text that was cut off may end inside a character."""
    try:
        return True, data.decode()
    except UnicodeDecodeError:
        return False, data.decode("utf-8", "surrogateescape") if opcode in _OF_TEXT else ""


def _groupings(df: pd.DataFrame) -> Iterator[Iterator[list[int]]]:
    """Yield the rows of each message; before them those of fragments as they were sent, as they were not, and as queued.

    A secret may be in what arrived without a fragment that was dropped, as well as in what was queued.
    """
    is_unsent = are_unsent(df)
    is_part = df["opcode"].eq("continuation")
    is_part |= df["fin"].eq(False) if "fin" in df.columns else False
    if (is_unsent & is_part.to_numpy(bool, na_value=False)).any():
        for chosen in (~is_unsent, is_unsent, np.ones(len(df), bool)):
            places = np.flatnonzero(chosen).tolist()
            some = message_rows(df[chosen].drop(columns="message", errors="ignore"), "redact")
            yield ([places[row] for row in rows] for rows in some if len(rows) > 1)
    yield iter(message_rows(df, "redact"))


def _candidates(
    messages: Iterator[list[int]], payloads: list[Any], rules: PayloadRules
) -> Iterator[tuple[list[int], bytes, bool]]:
    """Yield the rows of each message, its payload, and whether a secret may be in it."""
    while some := list(islice(messages, _TOGETHER)):
        found = [b"".join([payloads[row] or b"" for row in rows]) for rows in some]
        may_have = rules.may_have(b"\n".join(found))
        yield from ((rows, data, may_have) for rows, data in zip(some, found, strict=True))


def _cut(data: bytes, lengths: list[int]) -> list[bytes]:
    """Return data in parts as long as the fragments were; the last has what is left."""
    edges = [*np.cumsum([0, *lengths[:-1]]).tolist(), len(data)]
    return [data[start:stop] for start, stop in zip(edges[:-1], edges[1:], strict=True)]


def _cut_control(payload: bytes, head: int) -> bytes:
    """Return the payload of a control frame, cut between characters to what one may have."""
    return payload[:head] + payload[head:_CONTROL_LIMIT].decode("utf-8", "ignore").encode()


def _write_payloads(frames: pd.DataFrame, payloads: list[bytes], is_new: Any) -> None:
    """Write new payloads, and the columns that follow from them."""
    _set(frames, "payload", payloads)
    rows = np.flatnonzero(is_new).tolist()
    sizes = {row: len(payloads[row]) for row in rows}
    texts = {row: _text(payloads[row]) for row in rows}
    is_masked = frames["masked"].tolist() if "masked" in frames.columns else [False] * len(frames)
    new: dict[str, dict[int, Any]] = {
        "text": texts,
        "length": sizes,
        "wire_length": sizes,
        "frame_length": {row: _frame_length(size, bool(is_masked[row])) for row, size in sizes.items()},
        "rsv1": dict.fromkeys(rows, False),  # no extension has made this payload
        "close_reason": {row: (_text(payloads[row][_CLOSE_CODE:])) for row in rows},
        "wire_payload": dict.fromkeys(rows),
    }
    for name in new.keys() & set(frames.columns):
        values = frames[name].tolist()
        for row, value in new[name].items():
            if not pd.isna(values[row]):  # a column says nothing of a frame that has none of it
                values[row] = value
        _set(frames, name, values)


def _set(frames: pd.DataFrame, name: str, values: list[Any]) -> None:
    dtype: Any = frames[name].dtype
    frames[name] = pd.Series(pd.array(values, dtype=dtype), index=frames.index)


def _text(payload: bytes) -> Any:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return pd.NA


def _frame_length(size: int, is_masked: bool) -> int:
    return size + (2 if size < 126 else 4 if size < 65_536 else 10) + 4 * is_masked


_NO_TEXT = frozenset(
    "recording session direction opcode status payload text close_reason mask_key wire_payload wire_header".split()
)
"""Columns that have no text of a peer, or whose text follows from the payload unless it was edited."""


def _other_texts(df: pd.DataFrame) -> list[str]:
    """Return the columns in which a text, or what was read from one, may be; also those that somebody added."""
    return [name for name in df.columns if name not in _NO_TEXT and _may_have_text(df[name])]


def _may_have_text(values: pd.Series[Any]) -> bool:
    kinds = pd.api.types
    if isinstance(values.dtype, pd.CategoricalDtype):
        return not kinds.is_numeric_dtype(values.dtype.categories.dtype)
    return not (
        kinds.is_numeric_dtype(values.dtype)
        or kinds.is_datetime64_any_dtype(values.dtype)
        or kinds.is_timedelta64_dtype(values.dtype)
    )


def _redact_column(
    df: pd.DataFrame,
    name: str,
    rules: PayloadRules,
    new: Mapping[int, tuple[bytes, bytes]],
    found: list[_Found],
) -> pd.Series[Any]:
    """Return a column with marks in the places of secrets.

    Args:
        df: the frames.
        name: the column.
        rules: what a secret is.
        new: by row the payload as it was and as it is now: a copy of a fragment has only a part of the secret.
        found: what was found is added.
    """
    values, sessions = df[name].tolist(), df["session"].tolist()
    changed = []
    for row, value in enumerate(values):
        text = _written(value)
        written, secrets = rules.redact(text) if text else ("", [])
        if row in new and _as_bytes(value) == new[row][0]:
            written = new[row][1].decode("utf-8", "ignore")
            secrets = [each for each in secrets if each.mark in written]  # others are parts of one
        elif not secrets:
            continue
        found += (_Found(df.index[row], sessions[row], name, each) for each in secrets)
        values[row] = _read(written, value)
        changed.append(row)
    dtype = df[name].dtype
    if isinstance(dtype, pd.CategoricalDtype):  # it has the texts of rows that were left out, too
        kept = [_redact_cell(each, rules) for each in dtype.categories]
        categories = dict.fromkeys([*kept, *(values[row] for row in changed)])
        return pd.Series(pd.Categorical(values, [*categories], dtype.ordered), df.index)
    return pd.Series(values, df.index, dtype) if changed else df[name]


def _redact_cell(value: Any, rules: PayloadRules) -> Any:
    text = _written(value)
    written, secrets = rules.redact(text) if text else ("", [])
    return _read(written, value) if secrets else value


def _redact_edited(
    frames: pd.DataFrame, df: pd.DataFrame, is_new: Any, rules: PayloadRules, found: list[_Found]
) -> None:
    """Redact texts and close reasons that are not those of their payloads, because somebody has edited one of both."""
    for name in {"text", "close_reason"} & set(df.columns):
        is_edited = df[name].notna().to_numpy() & ~is_new
        if name == "text":
            text = arrow(df["text"], pa.large_string()).cast(pa.large_binary())
            is_edited &= np.asarray(pc.fill_null(pc.not_equal(text, payloads(df)), True))
        rows = np.flatnonzero(is_edited)
        if len(rows):
            values = frames[name].tolist()
            for row, value in zip(rows, _redact_column(df.iloc[rows], name, rules, {}, found), strict=True):
                values[row] = value
            _set(frames, name, values)


def _written(value: Any) -> str:
    """Return a cell as text; empty for one that has none."""
    if isinstance(value, str):
        return value
    if isinstance(value, _BYTES):
        return bytes(value).decode("utf-8", "ignore")
    return json.dumps(_plain(value)) if isinstance(value, _CONTAINERS) else ""


_BYTES = (bytes, bytearray, memoryview)
_CONTAINERS = (dict, list, tuple, np.ndarray)  # Parquet makes arrays of lists


def _plain(value: Any) -> Any:
    """Return a value as one of JSON."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, _CONTAINERS):
        return [_plain(each) for each in value]
    is_json = (
        value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value))
    )
    return value if is_json else _written(value) or str(value)


def _as_bytes(value: Any) -> bytes | None:
    """Return the bytes of a text, or of bytes; None for another cell."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    return bytes(value) if isinstance(value, _BYTES) else None


def _read(text: str, value: Any) -> Any:
    """Return a text as a cell of the kind that it was written from."""
    if isinstance(value, _BYTES):
        return text.encode()
    return _merged(value, json.loads(text)) if isinstance(value, _CONTAINERS) else text


def _merged(before: Any, after: Any) -> Any:
    """Return a value that was read again, with what did not change as it was: a time, bytes, a missing number."""
    if _plain(before) == after:
        return before
    if isinstance(after, dict) and len(after) == len(before):
        return {key: _merged(old, after[key]) for key, old in zip(after, before.values(), strict=True)}
    if isinstance(after, list):
        merged = [_merged(old, new) for old, new in zip(before, after, strict=True)]
        return tuple(merged) if isinstance(before, tuple) else merged
    return _read(after, before) if isinstance(before, _BYTES) else after


def _head_rules(rules: Iterable[PayloadRule]) -> PayloadRules:
    """Return the rules for handshakes: a name is one of a header or of a query there."""
    return PayloadRules(
        Rule("field", each.name, each.is_shown) if isinstance(each, Rule) else each
        for each in rules
        if not isinstance(each, str)
    )


def _attrs(facts: Mapping[str, Any], rules: PayloadRules, found: list[_Found]) -> dict[str, Any]:
    handshakes = [_handshake(each, rules, found) for each in facts.get("connections", ())]
    return {**facts, "connections": handshakes} if handshakes else dict(facts)


def _handshake(values: Mapping[str, Any], rules: PayloadRules, found: list[_Found]) -> dict[str, Any]:
    new = dict(values)
    for name in ("url", "request", "response"):
        text = str(values[name])
        if values.get("has_secrets"):
            text = redact_url(text) if name == "url" else _head(text)
        new[name], secrets = rules.redact(text)
        found += (_Found(pd.NA, str(values["session"]), name, each) for each in secrets)
    return new | {"has_secrets": False}


def _head(text: str) -> str:
    """Return a request or response head, recorded with its secrets, without them."""
    first, *lines = text.replace("\r", "\n").split("\n")  # bytes of UTF-8 are no line ends
    fields = (line.partition(":") for line in lines if line)
    return (
        redact_head(first, [(name, value.strip(" \t")) for name, _, value in fields]).decode("latin-1")
        if text
        else ""
    )
