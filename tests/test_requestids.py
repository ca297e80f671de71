"""Ids in JSON messages: what answers a request, and where a message names one."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.requestids import can_answer, can_ask, ended_request, has_own_id, named_request, tokens

CALL = {"jsonrpc": "2.0", "id": 1, "method": "add"}
RESULT = {"jsonrpc": "2.0", "id": 1, "result": 3}
REPLY = ["3", "4", "room:1", "phx_reply", {}]
CLOSE = ["3", "3", "room:1", "phx_close", {}]
FIRST_CLOSE = {"topic": "room:1", "event": "phx_close", "payload": {}, "ref": "3"}


@pytest.mark.parametrize(
    ("message", "asks", "answers", "own"),
    [
        (CALL, True, False, True),
        (RESULT, False, True, False),
        (REPLY, True, True, False),
        (CLOSE, True, False, False),
        (FIRST_CLOSE, True, False, False),
        (FIRST_CLOSE | {"event": "phx_reply"}, True, True, False),
        ({"id": 1, "type": "result"}, True, True, False),
        (["3", "4", 5, "phx_close", {}], True, True, False),
        ("text", True, True, False),
        (None, True, True, False),
    ],
)
def test_what_an_id_is(message: Any, asks: bool, answers: bool, own: bool) -> None:
    """That of a request, of the request that it answers, or of neither."""
    assert (can_ask(message), can_answer(message), has_own_id(message)) == (asks, answers, own)


@pytest.mark.parametrize(
    ("message", "path", "is_end"),
    [
        ({"method": "$/cancelRequest", "params": {"id": 1}}, ("params", "id"), True),
        ({"method": "notifications/cancelled", "params": {"requestId": "a"}}, ("params", "requestId"), True),
        ({"method": "$/progress", "params": {"token": "t"}}, ("params", "token"), False),
        (
            {"method": "notifications/progress", "params": {"progressToken": 2}},
            ("params", "progressToken"),
            False,
        ),
        ({"id": 9, "type": "unsubscribe_events", "subscription": 2}, ("subscription",), True),
        (CLOSE, (0,), False),
        ({**FIRST_CLOSE, "join_ref": "3"}, ("join_ref",), False),
        (FIRST_CLOSE, None, False),
        ([None, None, "room:1", "shout", {}], None, False),
        ({"method": "$/cancelRequest", "params": {"id": [1]}}, None, False),
        ({"method": "$/cancelRequest", "params": {"id": True}}, None, False),
        ({"method": ["$/cancelRequest"]}, None, False),
        ({"method": "get", "params": {"id": 1}}, None, False),
        (3, None, False),
    ],
)
def test_where_a_message_names_a_request(message: Any, path: Any, is_end: bool) -> None:
    """By its method or type; a text or a number is a name."""
    assert named_request(message) == path and ended_request(message) == (path if is_end else None)


def test_tokens_are_those_of_requests() -> None:
    """Of the Language Server Protocol and the Model Context Protocol."""
    params = {"workDoneToken": "a", "partialResultToken": 1, "_meta": {"progressToken": 2}, "token": 3}
    assert list(tokens({**CALL, "params": params})) == [
        ("params", "workDoneToken"), ("params", "partialResultToken"), ("params", "_meta", "progressToken"),
    ]  # fmt: skip
    for other in (
        {"method": "x", "params": params},
        {**CALL, "params": {"workDoneToken": None}},
        [params],
        CALL,
    ):
        assert list(tokens(other)) == []
