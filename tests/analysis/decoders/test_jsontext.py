"""Protocols of JSON: the examples of JSON-RPC's specification, GraphQL, Phoenix, and what is none of them."""

from __future__ import annotations

from typing import Any

import pytest


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
