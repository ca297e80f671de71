"""Requests and replies: by id with its type, by connection and direction, streams, and protocols."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from wsnotebook.analysis.pairrules import PROTOCOLS
from wsnotebook.wire.frames import Frame


def send(talk: Any, at: float, value: Any) -> None:
    talk.send(at, Frame.text(value if isinstance(value, str) else json.dumps(value)))


def receive(talk: Any, at: float, value: Any) -> None:
    talk.receive(at, (0x81, (value if isinstance(value, str) else json.dumps(value)).encode()))


def call(number: Any, method: str = "m") -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": method}


def result(number: Any, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, **(more or {"result": 1})}


def test_each_request_has_its_reply(talk: Any) -> None:
    """Out of order, with an error, with none, with null as its result; notifications are neither."""
    send(talk, 1, call(1, "a"))
    send(talk, 2, call(2, "b"))
    send(talk, 3, call(3, "a"))
    send(talk, 3, call(4, "c"))
    send(talk, 3, {"jsonrpc": "2.0", "method": "note"})
    receive(talk, 3.5, result(2, error={"code": -1}))
    receive(talk, 4, result(1))
    receive(talk, 5, result(4, result=None))
    receive(talk, 6, result(99))
    found = talk.log.df.ws.pairs()
    assert found[["request", "id", "what", "replies", "outcome"]].to_numpy().tolist() == [
        [0, 1, "a", 1, "answered"], [1, 2, "b", 1, "error"], [2, 3, "a", 0, "unanswered"], [3, 4, "c", 1, "answered"],
    ]  # fmt: skip
    assert found["latency"].fillna(-1).tolist() == [3.0, 1.5, -1, 2.0]
    assert found["reply"].fillna(-1).tolist() == [6, 5, -1, 7] == found["last"].fillna(-1).tolist()
    assert found.attrs["pairs"] == {"protocol": "jsonrpc", "requests": 4, "unasked": 1, "unread": 0}
    assert found.unanswered()["id"].tolist() == [3]


def test_ids_compare_with_their_type(talk: Any) -> None:
    """1 is not "1", and neither is true."""
    for number in (1, "1", True):
        send(talk, 1, call(number))
    receive(talk, 2, result("1"))
    found = talk.log.df.ws.pairs("jsonrpc")
    assert found["outcome"].tolist() == ["unanswered", "answered", "unanswered"]


@pytest.mark.parametrize("others", [[], [{"op": 2.5, "code": 0.5}], [{"op": 2.5}, {"op": "x", "code": []}]])
def test_a_rule_with_a_number_fits_whatever_other_messages_have(talk: Any, others: list[Any]) -> None:
    """A fraction elsewhere makes floats of the whole numbers of a column; 1.0 is 1 in JSON."""
    send(talk, 1, {"op": 1, "id": 1})
    receive(talk, 2, {"op": 2.0, "id": 1.0, "code": 500})
    for other in others:
        receive(talk, 3, other)
    found = talk.log.df.ws.pairs(request={"op": 1.0}, reply={"op": 2}, error={"code": (500, 501)}, what="op")
    assert found[["id", "what", "outcome"]].to_numpy().tolist() == [[1, 1, "error"]]


def test_a_request_is_cancelled_whatever_ids_other_messages_have(talk: Any) -> None:
    """Beside an id of another key that is a fraction, too, which is no id of this request."""
    send(talk, 1, call(2))
    send(talk, 2, {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 2}})
    send(talk, 3, {"jsonrpc": "2.0", "method": "zoom", "params": {"id": 1.5}})
    assert talk.log.df.ws.pairs("jsonrpc")["outcome"].tolist() == ["cancelled"]


def test_connections_and_directions_are_apart(
    talk: Any, another: Callable[..., Any], elsewhere: Callable[[], Any]
) -> None:
    """An id is unique where it was given: both sides of one connection may use it, and those of others, and of another recording."""
    other, stranger = another("t"), elsewhere()
    send(talk, 1, call(1))
    receive(talk, 2, call(1))
    receive(other, 3, result(1))
    send(talk, 4, result(1))
    receive(stranger, 4, result(1))
    found = pd.concat([talk.log.df, stranger.log.df]).ws.pairs()
    assert found[["direction", "outcome"]].to_numpy().tolist() == [["out", "unanswered"], ["in", "answered"]]
    assert found.attrs["pairs"]["unasked"] == 2


def test_a_batch_has_several_requests(talk: Any) -> None:
    """Replies may come in another one, or alone."""
    send(talk, 0, [call(1), call(2), call(3)])
    receive(talk, 1, [result(2), result(1)])
    receive(talk, 2, result(3))
    assert talk.log.df.ws.pairs()["latency"].tolist() == [1.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("given", "method", "named", "token"),
    [
        ("workDoneToken", "$/progress", "token", "t"),
        ("partialResultToken", "$/progress", "token", 7),
        ("_meta", "notifications/progress", "progressToken", 1),
    ],
    ids=["work done", "partial result", "MCP"],
)
def test_progress_is_a_partial_reply(talk: Any, given: str, method: str, named: str, token: Any) -> None:
    """To the request that gave its token, the last one before; the result ends the stream."""

    def ask(number: int, token: Any) -> dict[str, Any]:
        return call(number) | {"params": {given: {"progressToken": token} if given == "_meta" else token}}

    def progress(token: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "method": method, "params": {named: token}}

    receive(talk, 0, ask(1, token))  # another's
    receive(talk, 0, progress(token))  # of nobody
    send(talk, 1, ask(1, token))
    send(talk, 1, ask(2, "other"))
    send(talk, 1, ask(3, str(token) + "1"))
    send(talk, 1, progress("other"))
    receive(talk, 2, progress(token))
    receive(talk, 2, progress(f"{token}{token}{token}"))
    receive(talk, 3, progress("other"))
    receive(talk, 4, progress(token))
    receive(talk, 5, result(1))
    receive(talk, 5, result(3))
    send(talk, 6, ask(4, token))
    receive(talk, 7, progress(token))
    receive(talk, 8, result(4, error={"code": 1}))
    found = talk.log.df.ws.pairs()
    columns = ["direction", "id", "replies", "latency", "duration", "outcome"]
    assert found[columns].fillna({"latency": -1, "duration": -1}).to_numpy().tolist() == [
        ["in", 1, 0, -1, -1, "unanswered"], ["out", 1, 3, 1, 4, "answered"], ["out", 2, 1, 2, 2, "open"],
        ["out", 3, 1, 4, 4, "answered"], ["out", 4, 2, 1, 2, "error"],
    ]  # fmt: skip
    assert found.attrs["pairs"] == {"protocol": "jsonrpc", "requests": 5, "unasked": 0, "unread": 0}
    decoded = talk.log.df.ws.decode("jsonrpc").ws.pairs()
    assert decoded["replies"].tolist() == found["replies"].tolist()


def test_a_pong_of_home_assistant_answers_its_ping(talk: Any) -> None:
    """It has the same keys as a request."""
    send(talk, 0, {"id": 1, "type": "ping"})
    receive(talk, 1, {"id": 1, "type": "pong"})
    found = talk.log.df.ws.pairs("homeassistant")
    assert found[["what", "outcome"]].to_numpy().tolist() == [["ping", "answered"]]


def test_a_tool_that_failed_is_an_error(talk: Any) -> None:
    """Of the Model Context Protocol, whose result says so."""
    for number, fails in ((1, True), (2, False)):
        send(talk, 0, call(number, "tools/call"))
        receive(talk, 1, result(number, result={"content": [], "isError": fails}))
    assert talk.log.df.ws.pairs()["outcome"].tolist() == ["error", "answered"]


def test_an_error_without_an_id_is_a_reply_to_nothing(talk: Any) -> None:
    """What a server sends for a message that it could not read (JSON-RPC 2.0, §5)."""
    send(talk, 0, call(1))
    receive(talk, 1, {"jsonrpc": "2.0", "id": None, "error": {"code": -32700}})
    found = talk.log.df.ws.pairs()
    assert found["outcome"].tolist() == ["unanswered"] and found.attrs["pairs"]["unasked"] == 1


def test_both_sides_may_use_equal_ids_and_cancels(talk: Any) -> None:
    """A cancel is of a request of its own side."""
    send(talk, 0, call(1, "tools/call"))
    receive(talk, 1, call(1, "sampling/createMessage"))
    receive(talk, 2, {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})
    receive(talk, 3, result(1))
    found = talk.log.df.ws.pairs()
    assert found[["what", "outcome"]].to_numpy().tolist() == [
        ["tools/call", "answered"],
        ["sampling/createMessage", "cancelled"],
    ]


def test_a_result_in_parts_is_a_stream(talk: Any) -> None:
    """Of WAMP: one that is not in progress ends it; also of the other side, whose router interrupts it."""
    send(talk, 0, '[48,1,{"receive_progress":true},"com.count"]')
    receive(talk, 1, '[50,1,{"progress":true},[1]]')
    receive(talk, 2, "[68,1,7,{}]")
    send(talk, 3, '[70,1,{"progress":true},[1]]')
    receive(talk, 4, '[50,1,{"progress":false},[2]]')
    receive(talk, 5, "[69,1,{}]")
    send(talk, 6, '[48,2,{"receive_progress":true},"com.count"]')
    receive(talk, 7, '[50,2,{"progress":true},[1]]')
    found = talk.log.df.ws.pairs("wamp")
    assert found[["what", "replies", "duration", "outcome"]].to_numpy().tolist() == [
        ["CALL", 2, 4.0, "answered"], ["INVOCATION", 1, 1.0, "cancelled"], ["CALL", 1, 1.0, "open"],
    ]  # fmt: skip


def test_several_conditions_are_fulfilled_by_one(talk: Any) -> None:
    """And a value may be one of several, or missing."""
    for value in ({"op": "get", "id": 1}, {"op": "put", "id": 2, "sure": True}, {"op": "put", "id": 3}):
        send(talk, 0, value)
    for id, done in ((1, None), (2, "yes"), (3, "later")):
        receive(talk, 1, {"op": "reply", "id": id} | ({"done": done} if done else {}))
    found = talk.log.df.ws.pairs(
        request=({"op": "get"}, {"op": "put", "sure": True}), reply={"op": "reply", "done": ("yes", None)}
    )
    assert found[["id", "outcome"]].to_numpy().tolist() == [[1, "answered"], [2, "answered"]]
    assert found.attrs["pairs"]["unasked"] == 0
    assert talk.log.df.ws.pairs(request=(), reply="op").empty


def test_an_id_may_be_used_again(talk: Any) -> None:
    """The latest request before a reply is its own; a second reply belongs to the same."""
    for at in (1, 3):
        send(talk, at, call(7))
        receive(talk, at + 0.5, result(7))
        receive(talk, at + 1, result(7))
    found = talk.log.df.ws.pairs()
    assert found["latency"].tolist() == [0.5, 0.5] and found["duration"].tolist() == [1, 1]
    assert found["replies"].tolist() == [2, 2]


def test_streams_have_a_first_and_a_last_reply(talk: Any) -> None:
    """Ended, failed, and still open."""
    for at, name in enumerate("abc"):
        send(talk, at, {"type": "subscribe", "id": name, "payload": {"operationName": name.upper()}})
    for at, (kind, name) in enumerate(
        [("next", "a"), ("next", "c"), ("next", "a"), ("complete", "a"), ("error", "b")], start=3
    ):
        receive(talk, at, {"type": kind, "id": name})
    found = talk.log.df.ws.pairs()
    assert found[["what", "replies", "latency", "duration", "outcome"]].to_numpy().tolist() == [
        ["A", 3, 3.0, 6.0, "answered"], ["B", 1, 6.0, 6.0, "error"], ["C", 1, 2.0, 2.0, "open"],
    ]  # fmt: skip
    assert found.attrs["pairs"]["protocol"] == "graphql" and found.unanswered()["id"].tolist() == ["c"]


CANCELLED: dict[str, tuple[Any, Any, Any]] = {
    "jsonrpc": (
        call(1),
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 1}},
        result(1, error={"code": -32800}),
    ),
    "jsonrpc, as MCP": (
        call(1),
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1, "reason": "no"}},
        result(1, error={"code": -1}),
    ),
    "graphql": (
        {"type": "subscribe", "id": "1"},
        {"type": "complete", "id": "1"},
        {"type": "next", "id": "1", "payload": {}},
    ),
    "signalr": (
        '{"type":4,"invocationId":"1","target":"Count","arguments":[]}\x1e',
        '{"type":5,"invocationId":"1"}\x1e',
        '{"type":3,"invocationId":"1"}\x1e',
    ),
    "wamp": ('[48,1,{},"com.add",[1,2]]', "[49,1,{}]", '[8,48,1,{},"wamp.error.canceled"]'),
}
"""A request, how its side cancels it, and what the other side may still send then."""


@pytest.mark.parametrize("protocol", CANCELLED)
@pytest.mark.parametrize("is_late", [False, True], ids=["silent", "answered after it"])
def test_a_request_that_its_own_side_cancels_is_cancelled(talk: Any, protocol: str, is_late: bool) -> None:
    """Whatever still comes; nobody waits for it any more."""
    ask, cancel, late = CANCELLED[protocol]
    send(talk, 1, ask)
    send(talk, 2, cancel)
    if is_late:
        receive(talk, 3, late)
    found = talk.log.df.ws.pairs(protocol.partition(",")[0])
    assert found["outcome"].tolist() == ["cancelled"] and found["replies"].tolist() == [int(is_late)]
    assert found.unanswered().empty and found.percentiles()["unanswered"].tolist() == [0]
    assert found.attrs["pairs"]["unasked"] == 0


@pytest.mark.parametrize("protocol", CANCELLED)
def test_a_cancel_of_another_request_changes_nothing(talk: Any, protocol: str) -> None:
    """One before the request, one of the other side, whose ``complete`` is the end in GraphQL, and one after the end."""
    ask, cancel, late = CANCELLED[protocol]
    send(talk, 0, cancel)
    send(talk, 1, ask)
    receive(talk, 2, cancel)
    receive(talk, 3, late)
    send(talk, 4, cancel)
    expected = "answered" if protocol in ("graphql", "signalr") else "error"
    assert talk.log.df.ws.pairs(protocol.partition(",")[0])["outcome"].tolist() == [expected]


def test_a_person_says_what_a_cancel_is(talk: Any) -> None:
    """A stream that was cancelled stands beside one that is open."""
    for name in "ab":
        send(talk, 0, {"op": "follow", "id": name})
        receive(talk, 1, {"op": "item", "id": name})
    send(talk, 2, {"op": "drop", "id": "a"})
    found = talk.log.df.ws.pairs(
        request={"op": "follow"}, reply={"op": ("item", "end")}, last={"op": "end"}, cancel={"op": "drop"}
    )
    assert found["outcome"].tolist() == ["cancelled", "open"] and found["replies"].tolist() == [1, 1]


def test_a_person_says_what_is_a_request(talk: Any) -> None:
    """Any keys, also several and in objects."""
    send(talk, 0, {"op": "get", "req": {"n": 1}, "room": "x"})
    send(talk, 0, {"op": "get", "req": {"n": 1}, "room": "y"})
    receive(talk, 1, {"op": "value", "req": {"n": 1}, "room": "y"})
    receive(talk, 3, {"op": "fail", "req": {"n": 1}, "room": "x"})
    found = talk.log.df.ws.pairs(
        request={"op": "get"},
        reply={"op": ("value", "fail")},
        key=["req.n", "room"],
        error={"op": "fail"},
        what="room",
    )
    assert found[["what", "latency", "outcome"]].to_numpy().tolist() == [
        ["x", 3.0, "error"],
        ["y", 1.0, "answered"],
    ]
    simple = talk.log.df.ws.pairs(request={"op": "get"}, reply={"op": "value"}, key="room")
    assert simple["outcome"].tolist() == ["unanswered", "answered"]


def test_percentiles_are_by_what_was_asked_for(talk: Any) -> None:
    """Seconds of the answered ones, and how many were not."""
    for number in range(100):
        send(talk, number * 1000, call(number, "a"))
        receive(talk, number * 1000 + number, result(number))
    send(talk, 1e6, call("x", "b"))
    table = talk.log.df.ws.pairs().percentiles()
    assert table.loc["a"].round(2).to_dict() == {
        "count": 100, "unanswered": 0, "p50": 49.5, "p90": 89.1, "p95": 94.05, "p99": 98.01, "max": 99.0,
    }  # fmt: skip
    assert table.loc["b", "unanswered"] == 1 and pd.isna(table.loc["b", "p50"])
    send(talk, 1e6, {"jsonrpc": "2.0", "id": "y", "method": ["odd"]})
    assert talk.log.df.ws.pairs().percentiles()["count"].tolist() == [100, 1, 1]


def kernel_message(id: str, kind: str, parent: str = "") -> dict[str, Any]:
    header = {"msg_id": id, "msg_type": kind}
    return {"header": header, "parent_header": {"msg_id": parent} if parent else {}, "content": {}}


CONVERSATIONS: dict[str, list[tuple[str, Any]]] = {
    "jsonrpc": [("out", call(1)), ("in", result(1))],
    "graphql": [
        ("out", {"type": "start", "id": "1", "payload": {"query": "{a}"}}),
        ("in", {"type": "complete", "id": "1"}),
    ],
    "jupyter": [
        ("out", kernel_message("a", "execute_request")),
        ("in", kernel_message("b", "status", parent="a")),
        ("in", kernel_message("c", "execute_reply", parent="a")),
    ],
    "homeassistant": [
        ("out", {"id": 1, "type": "get_states"}),
        ("in", {"id": 1, "type": "result", "success": True, "result": []}),
        ("in", {"id": 1, "type": "event", "event": {"x": 1}}),
    ],
    "cdp": [
        ("out", {"id": 1, "method": "Page.enable", "sessionId": "A"}),
        ("in", {"id": 1, "result": {}, "sessionId": "B"}),
        ("in", {"id": 1, "result": {}, "sessionId": "A"}),
    ],
    "phoenix": [
        ("out", '["1","2","room:1","phx_join",{}]'),
        ("in", '["1","2","room:1","phx_reply",{"status":"ok","response":{}}]'),
    ],
    "socketio": [("out", '4217["get",1]'), ("in", '4317["value"]')],
    "signalr": [
        ("out", '{"protocol":"json","version":1}\x1e'),
        ("in", "{}\x1e"),
        ("out", '{"type":1,"invocationId":"1","target":"Add","arguments":[1]}\x1e{"type":6}\x1e'),
        ("in", '{"type":6}\x1e{"type":3,"invocationId":"1","result":2}\x1e'),
    ],
    "stomp": [
        ("out", "CONNECT\naccept-version:1.2\n\n\0"),
        ("in", "CONNECTED\nversion:1.2\n\n\0"),
        ("out", "SUBSCRIBE\nid:0\ndestination:/a\nreceipt:7\n\n\0"),
        ("out", "SEND\ndestination:/a\n\nnot confirmed\0"),
        ("in", "MESSAGE\nsubscription:0\nmessage-id:7\ndestination:/a\n\nx\0RECEIPT\nreceipt-id:7\n\n\0"),
    ],
    "wamp": [("out", '[48,7,{},"com.add",[1,2]]'), ("in", "[50,7,{},[3]]")],
}


@pytest.mark.parametrize("protocol", CONVERSATIONS)
def test_protocols_are_known(talk: Any, protocol: str) -> None:
    """By name; those of JSON are found without it."""
    for at, (direction, value) in enumerate(CONVERSATIONS[protocol]):
        (send if direction == "out" else receive)(talk, at, value)
    found = talk.log.df.ws.pairs(protocol)
    replies = 2 if protocol == "homeassistant" else 1  # events of a subscription follow its result
    assert found["outcome"].tolist() == ["answered"] and found["replies"].tolist() == [replies]
    if not PROTOCOLS[protocol].decoder or PROTOCOLS[protocol].is_json:
        assert talk.log.df.ws.pairs().attrs["pairs"]["protocol"] == protocol


def test_requests_that_are_not_decoded_are_counted(talk: Any) -> None:
    """One of Socket.IO whose attachments are wrong is a request with its id and its name."""
    send(talk, 1, '451-1["bin",{"_placeholder":true,"num":0}]')
    talk.send(1, Frame.binary(b"\x04\x01"))
    send(talk, 2, '422["get"')
    receive(talk, 3, "431[]")
    receive(talk, 4, "432[]")
    found = talk.log.df.ws.pairs("socketio")
    assert found[["request", "id", "what", "reply", "latency"]].to_numpy().tolist() == [[0, 1, "bin", 3, 2.0]]
    assert found.attrs["pairs"] == {"protocol": "socketio", "requests": 1, "unasked": 1, "unread": 1}
    talk.receive(5, (0x01, b'{"jsonrpc":"2.0"'))
    send(talk, 6, call(1))
    assert talk.log.df.ws.pairs("jsonrpc").attrs["pairs"]["unread"] == 1


def test_a_command_to_a_session_that_is_closed_has_failed(talk: Any) -> None:
    """Chromium answers with its id alone: to the last command of a session that has no reply of its own."""
    none_found = {"error": {"code": -32001, "message": "Session with given id not found."}}
    for session in ({"sessionId": "A"}, {"sessionId": "gone"}, {}, {"sessionId": "B"}):
        send(talk, 0, {"id": 5, "method": "Page.enable", **session})
    receive(talk, 1, {"id": 5, "result": {}, "sessionId": "A"})
    receive(talk, 1, {"id": 5, "result": {}, "sessionId": "B"})
    receive(talk, 2, {"id": 5, **none_found})
    receive(talk, 3, {"id": 5, "result": {}})
    receive(talk, 4, {"id": 5, **none_found})
    found = talk.log.df.ws.pairs("cdp")
    assert found["outcome"].tolist() == ["answered", "error", "answered", "answered"]
    assert found["replies"].tolist() == [1, 2, 1, 1]


UNKNOWN: dict[str, list[tuple[str, Any]]] = {
    "ack and pong of KuCoin": [
        ("in", {"id": "h", "type": "welcome"}),
        ("out", {"id": "1", "type": "subscribe", "topic": "/m"}),
        ("in", {"id": "1", "type": "ack"}),
        ("out", {"id": "2", "type": "ping"}),
        ("in", {"id": "2", "type": "pong"}),
    ],
    "ack and error of KuCoin": [
        ("out", {"id": "1", "type": "subscribe", "topic": "/m"}),
        ("in", {"id": "1", "type": "ack"}),
        ("out", {"id": "2", "type": "subscribe", "topic": "/n"}),
        ("in", {"id": "2", "type": "error", "code": 404}),
    ],
    "a feed with ids of its own": [("out", {"id": 1, "method": "follow"}), ("in", {"id": 7, "price": 3})],
}


@pytest.mark.parametrize("messages", UNKNOWN.values(), ids=UNKNOWN)
def test_a_protocol_that_only_resembles_a_known_one_is_not_taken_for_it(talk: Any, messages: Any) -> None:
    """Else requests that were answered in its own way would be unanswered."""
    for at, (direction, value) in enumerate(messages):
        (send if direction == "out" else receive)(talk, at, value)
    with pytest.raises(ValueError, match="no protocol fits"):
        talk.log.df.ws.pairs()


def test_a_method_that_is_answered_with_its_id_is_a_request(talk: Any) -> None:
    """Of whatever protocol: the result may be null."""
    send(talk, 0, {"id": 1, "method": "SUBSCRIBE", "params": ["a"]})
    receive(talk, 1, {"id": 1, "result": None})
    assert talk.log.df.ws.pairs()["outcome"].tolist() == ["answered"]


def test_what_a_server_of_stomp_refuses_is_an_error(talk: Any) -> None:
    """An ERROR names the receipt of the frame that it is about, or of none; what is asked for is the command."""
    for number, command in enumerate(("SEND", "BEGIN", "DISCONNECT")):
        send(talk, number, f"{command}\nreceipt:r{number}\n\n\0")
    receive(talk, 4, "RECEIPT\nreceipt-id:r0\n\n\0")
    receive(talk, 5, "ERROR\nreceipt-id:r1\nmessage:no\n\n\0")
    receive(talk, 6, "ERROR\nmessage:unasked\n\n\0")
    found = talk.log.df.ws.pairs("stomp")
    assert found[["id", "what", "outcome"]].to_numpy().tolist() == [
        ["r0", "SEND", "answered"], ["r1", "BEGIN", "error"], ["r2", "DISCONNECT", "unanswered"],
    ]  # fmt: skip


def test_mqtt_packets_are_pairs(talk: Any) -> None:
    """SUBSCRIBE and SUBACK in binary messages, the first cut in two."""
    talk.send(0, Frame.binary(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00"))
    talk.receive(1, (0x82, b"\x20\x02\x00\x00"))
    subscribe = b"\x82\x06\x00\x0a\x00\x01a\x00"
    talk.send(2, Frame.binary(subscribe[:3]))
    talk.send(3, Frame.binary(subscribe[3:]))
    talk.receive(5, (0x82, b"\x90\x03\x00\x0a\x00"))
    found = talk.log.df.ws.pairs("mqtt")
    assert found[["request", "id", "what", "reply", "latency"]].to_numpy().tolist() == [
        [2, 10, "SUBSCRIBE", 4, 3.0]
    ]
    talk.send(6, Frame.binary(b"\x32\x05\x00\x01a\x00\x0b"))
    talk.receive(7, (0x82, b"\x40\x02\x00\x0b"))
    talk.send(8, Frame.binary(subscribe))
    talk.receive(9, (0x82, b"\x90\x03\x00\x0a\x80"))
    outcomes = talk.log.df.ws.pairs("mqtt")[["what", "outcome"]].to_numpy().tolist()
    assert outcomes == [["SUBSCRIBE", "answered"], ["PUBLISH", "answered"], ["SUBSCRIBE", "error"]]
    with pytest.raises(ValueError, match="no protocol fits.*mqtt"):
        talk.log.df.ws.pairs()


def test_what_is_not_known_is_refused(talk: Any) -> None:
    """The remedy is in the sentence."""
    with pytest.raises(ValueError, match="no protocol 'soap': give one of jsonrpc"):
        talk.log.df.ws.pairs("soap")
    with pytest.raises(ValueError, match="given together"):
        talk.log.df.ws.pairs(request="a")


def test_a_latency_without_a_clock_is_missing(talk: Any) -> None:
    """Of rows of another table, which lacks the column; a log of them has the wall clock instead."""
    for at in (0, 2):
        talk.send(at, Frame.text(f'{{"jsonrpc":"2.0","id":{at},"method":"m"}}'))
        talk.receive(at + 1, (0x81, b'{"jsonrpc":"2.0","id":%d,"result":1}' % at))
    df = talk.log.df
    rows = pd.concat([df[:3], df[3:].drop(columns="monotonic")])
    assert rows.ws.pairs()["latency"].isna().tolist() == [False, True]
    assert rows.ws.to_log().df["monotonic"].tolist()[3] == df["time"].astype("int64").iloc[3]
    assert rows.ws.rate()["frames_in"].tolist() == [0, 1, 0, 1]
