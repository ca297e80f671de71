"""The DevTools protocol: commands, answers, events, and JSON-RPC, which looks like it and is not."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders


def test_the_kinds_of_messages(decoded: Any) -> None:
    """By what an object has."""
    found = decoded(
        "cdp",
        '{"id":1,"method":"Page.navigate","params":{"url":"about:blank"},"sessionId":"A"}',
        '{"id":1,"result":{}}',
        '{"id":2,"error":{"code":-32601,"message":"no such method"}}',
        '{"method":"Page.loadEventFired","params":{}}',
        '{"error":{"code":-32600,"message":"no id"}}',
    )
    assert [each.kind for each in found] == ["command", "result", "error", "event", "error"]
    assert found[0].value["sessionId"] == "A"


@pytest.mark.parametrize(
    "payload",
    ['{"jsonrpc":"2.0","method":"Page.navigate","id":1}', '{"id":1}', '{"id":1,"result":5}', "5", "{"]
    + ['{"result":{}}'],
)
def test_what_is_none_is_an_error(decoded: Any, payload: str) -> None:
    """Never an exception."""
    assert decoded("cdp", payload)[0].error


def test_it_is_guessed_and_jsonrpc_is_not_it() -> None:
    """By the method, which has a domain."""
    for text, name in (
        ('{"id":1,"method":"Page.enable"}', "cdp"),
        ('{"id":1,"jsonrpc":"2.0","method":"Page.enable"}', "jsonrpc"),
        ('{"id":1,"method":"SUBSCRIBE"}', "json"),
    ):
        found, _ = guess(list(decoders().values()), "", [[text]])
        assert [each.name for each in found] == [name]
