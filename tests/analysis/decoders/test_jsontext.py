"""Protocols of JSON: the examples of JSON-RPC's specification, GraphQL, Phoenix, and what is none of them."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders


def test_jsonrpc_has_batches(decoded: Any) -> None:
    """The types of messages, and what in a batch is none."""
    found = decoded(
        "jsonrpc",
        '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        '[{"jsonrpc": "2.0", "method": "update"}, {"jsonrpc": "2.0", "result": 19, "id": 1}, {"foo": "boo"}, 1]',
        '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}',
    )
    assert [each.kind for each in found] == ["request", "notification", "result", None, None, "error"]
    assert [bool(each.error) for each in found] == [False, False, False, True, True, False]


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        *(("jsonrpc", each) for each in ("[]", "{", '{"jsonrpc":"2.0","id":1}', '{"method":"m"}')),
        *(("graphql", each) for each in ('{"type":"x"}', "1", '{"type":[]}')),
        *(("homeassistant", each) for each in ("{}", '{"type":1}', "1", "[]")),
        *(("phoenix", each) for each in ("[]", "{}", '[1,"1","t","e",{}]')),
        ("json", "[" * 100_000),
    ],
)
def test_what_is_no_message_is_an_error(decoded: Any, name: str, payload: str) -> None:
    """Never an exception."""
    (found,) = decoded(name, payload)
    assert found.error and found.value is None


def test_graphql_and_phoenix_name_their_types(decoded: Any) -> None:
    """Type and event."""
    (next_,) = decoded("graphql", '{"id":"1","type":"next","payload":{"data":null}}')
    (join,) = decoded("phoenix", '["1","2","room:a","phx_join",{"u":1}]')
    assert next_.kind == "next" and next_.value["id"] == "1"
    assert join.kind == "phx_join" and join.value["payload"] == {"u": 1} and join.value["topic"] == "room:a"


def test_home_assistant_sends_several_messages_in_an_array(decoded: Any) -> None:
    """A row for each, with its type; the login tells the protocol, and no other message does."""
    result, event, other = decoded(
        "homeassistant",
        '{"id":3,"type":"result","success":true,"result":null}',
        '[{"id":3,"type":"event","event":{"n":1}},{"id":4,"type":"pong"}]',
    )
    assert [result.kind, event.kind, other.kind] == ["result", "event", "pong"] and event.value["event"] == {
        "n": 1
    }
    known = list(decoders().values())
    login = '{"type":"auth_required","ha_version":"2026.11.0"}'
    samples = [[login, '{"type":"auth_ok"}'], ['{"type":"auth"}']]
    assert guess(known, "", samples)[0] == (decoders()["homeassistant"],)
    for first in ('{"type":"auth_required"}', '{"id":1,"type":"result"}', f"[{login}]"):
        assert guess(known, "", [[first]])[0] != (decoders()["homeassistant"],)


@pytest.mark.parametrize("form", [str, str.encode])
def test_a_line_of_json_ends_with_a_line_feed_only(decoded: Any, form: Any) -> None:
    """Other line ends may stand in its strings as they are."""
    found = decoded("json", form('{"a":"x\u2028y"}\n\n{"a":"x\x85y"}\r\n'))
    assert [each.value for each in found] == [{"a": "x\u2028y"}, {"a": "x\x85y"}]
    (alone,) = decoded("json", form('{"a":"x\u2028y"}{}\n'))
    assert alone.error and "Extra data" in alone.error


def test_a_line_that_nests_too_deep_leaves_the_others(decoded: Any) -> None:
    """Deeper than the interpreter's recursion limit."""
    assert [each.value for each in decoded("json", "1\n" + "[" * 100_000 + "\n2")] == [1, None, 2]
