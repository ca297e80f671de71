"""Programs of other makers whose conversations were recorded, and what df.ws has to say of each, then and whenever made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

__all__ = ["PROGRAMS", "RECORDINGS", "Facts", "check_facts"]

RECORDINGS = Path(__file__).parent / "analysis" / "recordings"

Pair = tuple[str, str, object, int, str]
"""Direction, what is asked for, id, number of replies, outcome."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is true of one conversation."""

    decoder: str
    """The decoder that is guessed."""
    kinds: Mapping[str, str]
    """Kinds of the protocol messages of each direction, by name, with spaces between; beats are left out."""
    pairs: tuple[Pair, ...]
    beats: frozenset[str] = field(default=frozenset())
    """Kinds that come as often as the conversation takes long."""
    unasked: int = 0
    """Replies without a request."""


def check_facts(facts: Facts, frames: pd.DataFrame) -> None:
    """Ask about a conversation, and assert that the answers are its facts."""
    decoded = frames.ws.decode()
    assert [each["decoder"] for each in decoded.attrs["decoder"]] == [facts.decoder]
    assert decoded["error"].dropna().tolist() == []
    told = decoded[~decoded["kind"].isin(facts.beats)]
    for direction, kinds in facts.kinds.items():
        assert Counter(told["kind"][told["direction"] == direction]) == Counter(kinds.split())
    messages = frames[frames["opcode"].isin(["text", "binary"])]
    assert decoded["length"].sum() == messages["length"].sum()
    types = decoded.ws.types()
    assert types["count"].sum() == len(decoded) and "(error)" not in set(types["type"])
    _check_pairs(facts, frames)


def _check_pairs(facts: Facts, frames: pd.DataFrame) -> None:
    found = frames.ws.pairs(facts.decoder)
    told = found[~found["what"].isin(facts.beats)]
    columns = ["direction", "what", "id", "replies", "outcome"]
    assert list(told[columns].itertuples(index=False, name=None)) == list(facts.pairs)
    assert found.attrs["pairs"]["unasked"] == facts.unasked
    clock = frames["monotonic"]
    for row in found[found["replies"] > 0].itertuples():
        assert row.latency == (clock[row.reply] - clock[row.request]) / 1e9 > 0
        assert row.duration == (clock[row.last] - clock[row.request]) / 1e9 >= row.latency


_SIGNALR = Facts(
    "signalr",
    {
        "out": "Handshake Invocation Invocation StreamInvocation StreamInvocation CancelInvocation Invocation Invocation "
        "StreamItem StreamItem StreamItem Completion Invocation Completion Close",
        "in": "Handshake Completion Completion StreamItem StreamItem StreamItem Completion StreamItem StreamItem Invocation "
        "Completion Completion Invocation Completion",
    },
    (
        ("out", "add", "0", 1, "answered"),
        ("out", "fail", "1", 1, "error"),
        ("out", "count", "2", 4, "answered"),
        ("out", "count", "3", 3, "cancelled"),
        ("out", "total", "5", 1, "answered"),
        ("out", "askName", "6", 1, "answered"),
        ("in", "name", "1", 1, "answered"),
    ),
    beats=frozenset({"Ping"}),
)

_STOMP = {
    "out": "CONNECT SUBSCRIBE SEND SEND UNSUBSCRIBE SEND DISCONNECT",
    "in": "CONNECTED RECEIPT MESSAGE RECEIPT MESSAGE RECEIPT RECEIPT",
}
_STOMP_PAIRS = (
    ("out", "SUBSCRIBE", "subscribed", 1, "answered"),
    ("out", "SEND", "first", 1, "answered"),
    ("out", "SEND", "large", 1, "answered"),
    ("out", "UNSUBSCRIBE", "unsubscribed", 1, "answered"),
)

_PHOENIX = {
    "out": "phx_join phx_leave phx_join shout slow phx_leave",
    "in": "phx_reply phx_reply phx_close phx_reply shout phx_reply phx_reply phx_close",
}


def _phoenix(
    refs: str, outcomes: str, events: str = "phx_join phx_leave phx_join shout slow phx_leave"
) -> tuple[Pair, ...]:
    """Requests with the refs that a version of the client gives them."""
    rows = zip(events.split(), refs.split(), outcomes.split(), strict=True)
    return tuple(("out", event, ref, int(outcome != "unanswered"), outcome) for event, ref, outcome in rows)


_WAMP = Facts(
    "wamp",
    {
        "out": "HELLO REGISTER CALL YIELD CALL SUBSCRIBE PUBLISH PUBLISH UNSUBSCRIBE UNREGISTER GOODBYE",
        "in": "WELCOME REGISTERED INVOCATION RESULT ERROR SUBSCRIBED EVENT PUBLISHED EVENT UNSUBSCRIBED UNREGISTERED GOODBYE",
    },
    (
        ("out", "REGISTER", 1, 1, "answered"),
        ("out", "CALL", 2, 1, "answered"),
        ("in", "INVOCATION", 2, 1, "answered"),
        ("out", "CALL", 3, 1, "error"),
        ("out", "SUBSCRIBE", 4, 1, "answered"),
        ("out", "PUBLISH", 5, 1, "answered"),
        ("out", "UNSUBSCRIBE", 7, 1, "answered"),
        ("out", "UNREGISTER", 8, 1, "answered"),
    ),
)

_JUPYTER = {
    "out": "execute_request execute_request execute_request input_reply kernel_info_request",
    "in": "execute_input execute_input execute_input execute_result execute_result error input_request "
    "execute_reply execute_reply execute_reply kernel_info_reply",
}


def _jupyter(*ids: str) -> tuple[Pair, ...]:
    """What a kernel is asked, and asks, with the ids that one run had."""
    execute, ask, info = "execute_request", "input_request", "kernel_info_request"
    whats = (execute, execute, execute, ask, info)
    return tuple(
        ("in" if what == ask else "out", what, id, 1, "error" if number == 1 else "answered")
        for number, (what, id) in enumerate(zip(whats, ids, strict=True))
    )


_ASSISTANT = (
    "supported_features get_config get_states get_services auth/current_user call_service nonsense subscribe_events "
    "unsubscribe_events subscribe_entities ping"
)
_REPLIES = {"subscribe_events": 4, "subscribe_entities": 2}  # the result, and events

PROGRAMS = {
    "homeassistant": Facts(
        "homeassistant",
        {"out": f"auth {_ASSISTANT}", "in": "auth_required auth_ok pong" + 10 * " result" + 4 * " event"},
        tuple(
            ("out", what, id, _REPLIES.get(what, 1), "error" if what == "nonsense" else "answered")
            for id, what in zip([1, *range(3, 13)], _ASSISTANT.split(), strict=True)
        ),
    ),
    "jupyter": Facts(
        "jupyter",
        _JUPYTER,
        _jupyter(
            "379a7044", "f309ebe9", "a76726b0", "7c31738f-744a7f64d0ff97edb601c9c8_22447_27", "640fd3fd"
        ),
        beats=frozenset({"status"}),
    ),
    "jupyter-v1": Facts(
        "jupyter",
        _JUPYTER,
        _jupyter(
            "013e3cca", "7efe7674", "bb259a3c", "d40b2082-87bda4b2becd2d5b83573d63_22306_27", "55aba604"
        ),
        beats=frozenset({"status"}),
    ),
    "lsp": Facts(
        "jsonrpc",
        {
            "out": "request notification request result request request request notification",
            "in": "result request notification notification notification result notification notification result error error",
        },
        (
            ("out", "initialize", "1cf2425a-3a0f-4323-9b4a-d620871a8d78", 1, "answered"),
            ("out", "workspace/executeCommand", "d4d3f849-74eb-4d76-93a6-43187be39496", 1, "answered"),
            ("in", "window/workDoneProgress/create", "ff8ba701-36fd-4d54-ae97-0b761fe45576", 1, "answered"),
            ("out", "workspace/executeCommand", "5cc745d8-8e1d-4db8-afd0-2f8a3e8ed933", 3, "answered"),
            ("out", "workspace/executeCommand", "e9808bef-2da2-4eab-83f9-fd4ee1d673c5", 1, "error"),
            ("out", "workspace/executeCommand", "sleeping", 1, "cancelled"),
        ),
    ),
    "mcp": Facts(
        "jsonrpc",
        {
            "out": "request notification request request request result request request notification",
            "in": "result result notification notification result request result result error",
        },
        (
            ("out", "initialize", 0, 1, "answered"),
            ("out", "tools/list", 1, 1, "answered"),
            ("out", "tools/call", 2, 3, "answered"),
            ("out", "tools/call", 3, 1, "answered"),
            ("in", "sampling/createMessage", 0, 1, "answered"),
            ("out", "tools/call", 4, 1, "error"),
            ("out", "tools/call", 5, 1, "cancelled"),
        ),
    ),
    "phoenix-1": Facts(
        "phoenix",
        _PHOENIX,
        _phoenix("1 2 3 4 5 6", "error answered answered answered unanswered answered"),
    ),
    "phoenix-2": Facts(
        "phoenix",
        {"out": _PHOENIX["out"] + " upload", "in": _PHOENIX["in"] + " phx_reply thumbnail uploaded"},
        _phoenix(
            "3 4 7 8 9 10 11",
            "error answered answered answered unanswered answered answered",
            "phx_join phx_leave phx_join shout slow upload phx_leave",
        ),
    ),
    "signalr-json": _SIGNALR,
    "signalr-messagepack": _SIGNALR,
    "stomp": Facts(
        "stomp",
        {"out": _STOMP["out"], "in": _STOMP["in"] + " ERROR RECEIPT"},
        (
            *_STOMP_PAIRS,
            ("out", "SEND", "refused", 1, "error"),
            ("out", "DISCONNECT", "close-1", 1, "answered"),
        ),
        beats=frozenset({"heartbeat"}),
    ),
    "stomp-rabbitmq": Facts(
        "stomp",
        _STOMP,
        (
            *_STOMP_PAIRS,
            ("out", "SEND", "refused", 0, "unanswered"),
            ("out", "DISCONNECT", "close-1", 0, "unanswered"),
        ),
        beats=frozenset({"heartbeat"}),
    ),
    "wamp-json": _WAMP,
    "wamp-msgpack": _WAMP,
    "wamp-cbor": _WAMP,
}
"""The programs are named in RECORDINGS / README.md."""
