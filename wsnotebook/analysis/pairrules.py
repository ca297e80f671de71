"""Rules that say which message is a request and which a reply, and those of known protocols, as a table."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsnotebook.analysis.decoders.stomp import COMMANDS_OF_CLIENTS
from wsnotebook.analysis.jsoncolumns import Path, as_whole, column_of, values_of
from wsnotebook.analysis.jsontable import Parts
from wsnotebook.analysis.versions import is_text

__all__ = ["PROTOCOLS", "Condition", "PairRule", "codes_of", "column", "fits", "plain_values"]

Condition: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""Key, dotted → ``...`` if the object has to have it, None if it must not, or the value, a pattern, or several values, of which one
may be None. Of several such mappings one has to fit."""


@dataclass(frozen=True, slots=True)
class PairRule:
    """How requests and replies of a protocol are told."""

    request: Condition
    reply: Condition
    key: tuple[str, ...] = ("id",)
    """Keys whose values a reply has from its request."""
    reply_key: tuple[str, ...] = ()
    """The same keys in the reply, if they have other names there."""
    keyless: Condition = field(default_factory=dict)
    """A reply that has the first of the keys alone, though its request has all; none if empty."""
    what: str = "method"
    """Key of the request that says what is asked for."""
    last: Condition | None = None
    """The reply that ends a stream of replies; None if there is one reply."""
    error: Condition = field(default_factory=lambda: {"error": ...})
    """A reply that says that the request failed."""
    cancel: Condition = field(default_factory=dict)
    """A later message of the side that asked, which ends the request before its reply; none if empty."""
    cancel_key: tuple[str, ...] = ()
    """The same keys in the cancel, if they have other names there; with ``|`` between them several, of which the first counts."""
    progress: Condition = field(default_factory=dict)
    """A partial reply that names its request by a token; none if empty."""
    tokens: tuple[str, ...] = ()
    """Keys of the request that give such tokens."""
    progress_tokens: tuple[str, ...] = ()
    """Keys of the partial reply that name one."""
    decoder: str = ""
    """The decoder whose messages are meant; without it the messages are JSON."""
    is_json: bool = False
    """Whether some of the messages of the decoder are JSON that can be asked without it."""
    evidence: Condition = field(default_factory=dict)
    """Messages of this protocol alone: requests and replies of many look alike. If empty, one reply to a request is evidence."""


_CALL = {"method": ..., "id": ...}
_RESULT = {"method": None, "id": ...}

_WAMP_REQUESTS = ("CALL", "SUBSCRIBE", "UNSUBSCRIBE", "REGISTER", "UNREGISTER", "INVOCATION")
_WAMP_REPLIES = tuple("RESULT PUBLISHED SUBSCRIBED UNSUBSCRIBED REGISTERED UNREGISTERED YIELD ERROR".split())

PROTOCOLS = {
    "jsonrpc": PairRule(
        {"jsonrpc": ..., **_CALL},
        # An error may answer what has no id.
        ({"jsonrpc": ..., **_RESULT}, {"jsonrpc": ..., "method": None, "id": None}),
        # of the Language Server Protocol, and of the Model Context Protocol
        cancel={"method": ("$/cancelRequest", "notifications/cancelled")},
        cancel_key=("params.id|params.requestId",),
        # A tool of the Model Context Protocol that failed says so in its result.
        error=({"error": ...}, {"result.isError": True}),
        last={"method": None},
        progress={"method": ("$/progress", "notifications/progress")},
        tokens=("params.workDoneToken", "params.partialResultToken", "params._meta.progressToken"),
        progress_tokens=("params.token", "params.progressToken"),
        evidence={"jsonrpc": ...},
    ),
    "graphql": PairRule(
        {"type": ("subscribe", "start"), "id": ...},
        {"type": ("next", "data", "error", "complete"), "id": ...},
        what="payload.operationName",
        last={"type": ("error", "complete")},
        error={"type": "error"},
        cancel={"type": ("complete", "stop")},
        evidence={"type": ("subscribe", "start", "next", "data"), "id": ..., "payload": ...},
    ),
    "jupyter": PairRule(
        {"header.msg_type": re.compile(".*_request")},
        {"header.msg_type": re.compile(".*_reply")},
        key=("header.msg_id",),
        reply_key=("parent_header.msg_id",),
        what="header.msg_type",
        error={"content.status": ("error", "aborted")},
        decoder="jupyter",
        is_json=True,
    ),
    "homeassistant": PairRule(
        {"id": ..., "type": re.compile("(?!(result|pong|event)$).*"), "success": None, "event": None},
        {"id": ..., "type": ("result", "pong", "event")},
        what="type",
        last={"type": ("result", "pong")},
        error={"success": False},
        evidence=(
            {"id": ..., "type": "result", "success": ...},
            {"id": ..., "type": "event", "event": ...},
            {"type": ("auth_required", "auth_ok"), "ha_version": ...},
        ),
    ),
    "cdp": PairRule(
        _CALL,
        _RESULT,
        key=("id", "sessionId"),
        # "Session with given id not found."
        keyless={"error.code": -32001, "sessionId": None},
    ),
    "phoenix": PairRule(
        {"kind": re.compile("(?!phx_reply|phx_error|phx_close).*"), "ref": ...},
        {"kind": "phx_reply", "ref": ...},
        key=("ref", "topic"),
        what="event",
        error={"payload.status": "error"},
        decoder="phoenix",
    ),
    "socketio": PairRule(
        {"kind": ("EVENT", "BINARY_EVENT"), "id": ...},
        {"kind": ("ACK", "BINARY_ACK"), "id": ...},
        key=("id", "namespace"),
        what="event",
        error={},
        decoder="socketio",
    ),
    "signalr": PairRule(
        {"kind": ("Invocation", "StreamInvocation"), "invocationId": ...},
        {"kind": ("StreamItem", "Completion"), "invocationId": ..., "streamOf": None},
        key=("invocationId",),
        what="target",
        last={"kind": "Completion"},
        cancel={"kind": "CancelInvocation"},
        decoder="signalr",
    ),
    "wamp": PairRule(
        (
            {"kind": _WAMP_REQUESTS, "request": ...},
            {"kind": "PUBLISH", "request": ..., "options.acknowledge": True},
        ),
        {"kind": _WAMP_REPLIES, "request": ...},
        key=("request",),
        what="kind",
        last={
            "kind": _WAMP_REPLIES,
            "details.progress": (None, False),
            "options.progress": (None, False),
        },
        error={"kind": "ERROR"},
        cancel={"kind": ("CANCEL", "INTERRUPT")},
        decoder="wamp",
    ),
    "mqtt": PairRule(
        {"kind": ("PUBLISH", "SUBSCRIBE", "UNSUBSCRIBE"), "packet_id": ...},
        {"kind": ("PUBACK", "PUBREC", "PUBCOMP", "SUBACK", "UNSUBACK"), "packet_id": ...},
        key=("packet_id",),
        what="kind",
        error={"reason_code": range(0x80, 0x100)},  # from 0x80 on it is a failure (MQTT 5, §2.4)
        decoder="mqtt",
    ),
    "stomp": PairRule(
        # A broker copies headers of a SEND, this one too, to its MESSAGE, which asks for no receipt.
        {"kind": COMMANDS_OF_CLIENTS, "headers.receipt": ...},
        {"kind": ("RECEIPT", "ERROR"), "headers.receipt-id": ...},
        key=("headers.receipt",),
        reply_key=("headers.receipt-id",),
        what="kind",
        error={"kind": "ERROR"},
        decoder="stomp",
    ),
}
"""Protocols by name, in the order in which they are tried. The id of a request is unique in its connection and direction."""


def column(parts: Mapping[Path, Parts], rows: int, name: str) -> Any:
    """Return the values of a key, as values_of; None where no object has it."""
    found = next((cells for path, cells in parts.items() if ".".join(path) == name), None)
    return None if found is None else values_of(found, rows)


def fits(parts: Mapping[Path, Parts], rows: int, condition: Condition) -> NDArray[np.bool_]:
    """Return which objects fulfil a condition; an empty one is fulfilled by none."""
    if not isinstance(condition, Mapping):
        several = [fits(parts, rows, each) for each in condition]
        return np.asarray(np.any(np.reshape(several, (len(several), rows)), axis=0), bool)
    result = np.full(rows, bool(condition))
    for name, wanted in condition.items():
        result &= _fits_one(parts, rows, name, wanted)
    return result


def _fits_one(parts: Mapping[Path, Parts], rows: int, name: str, wanted: Any) -> NDArray[np.bool_]:
    if wanted is None or isinstance(wanted, EllipsisType):
        has = _has(parts, rows, name)
        return ~has if wanted is None else has
    several = wanted if isinstance(wanted, Collection) and not isinstance(wanted, str) else [wanted]
    missing = ~_has(parts, rows, name) if None in several else np.zeros(rows, bool)
    values = column(parts, rows, name)
    if values is None:
        return missing
    known = {(type(value), value) for value in map(as_whole, several)}

    def is_wanted(value: Any) -> bool:
        if isinstance(wanted, re.Pattern):
            return isinstance(value, str) and bool(wanted.fullmatch(value))
        return (type(value), value) in known

    if values.dtype == object:  # 1 and True are one value for pandas
        is_one = np.array([is_wanted(value) for value in plain_values(values)], bool)
    else:
        codes, found = pd.factorize(values)
        is_one = np.array([*map(is_wanted, found.astype(object).tolist()), False])[
            codes
        ]  # -1 is a missing value
    return np.asarray(missing | is_one, bool)


def _has(parts: Mapping[Path, Parts], rows: int, name: str) -> NDArray[np.bool_]:
    """Return which objects have a key whose value is not null; an object there may have become several columns."""
    result = np.zeros(rows, bool)
    for path, cells in parts.items():
        if f"{'.'.join(path)}.".startswith(f"{name}."):
            result |= np.asarray(pd.Series(column_of(cells, rows)).notna(), bool)
    return result


def plain_values(values: pd.Series[Any]) -> list[Any]:
    """Return values as Python's, arrays and objects as texts, so that all can be compared."""
    found = values.astype(object).tolist()
    if values.dtype != object:
        return found
    return [repr(value) if isinstance(value, (list, dict)) else value for value in found]


def codes_of(values: pd.Series[Any]) -> NDArray[np.int64]:
    """Return a number for each value, -1 where it is missing. Equal values of two types have two numbers."""
    if values.dtype == object and not is_text(values):
        values = pd.Series(
            [None if value is None else (type(value).__name__, str(value)) for value in values.tolist()],
            dtype=object,
        )
    return np.asarray(pd.factorize(values)[0], np.int64)
