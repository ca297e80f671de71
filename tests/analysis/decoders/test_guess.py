"""Guessing: any message is looked at without an exception; a stream is known by how it begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.analysis.decoders.decoder import Payload
from wsnotebook.analysis.decoders.guess import guess, subprotocol_in
from wsnotebook.analysis.decoders.registry import decoders

ALL = list(decoders().values())


@given(st.text() | st.binary() | st.sampled_from(['{"type":[]}', '{"jsonrpc":[]}', "[[]]", "[" * 100_000]))
def test_looking_never_raises(payload: Payload) -> None:
    """Whatever a peer sends."""
    assert all(decoder.looks(payload) in (True, False, None) for decoder in ALL)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("mqtt", [b"\x10\x0c\x00\x04MQ"[:4] + b"MQTT\x04", b"\xff"]),
        ("socketio", ['0{"sid":"x"}', "2"]),
        ("stomp", ["CONNECTED\nversion:1.2\n\n\0", "\n"]),
        ("gzip", [b"\x1f\x8b\x08\0"]),
        ("json", ["2", "3"]),
        ("json", ['{"a":1}\n{"a":2}']),
    ],
)
def test_a_stream_is_known_by_its_first_messages(name: str, sample: list[Payload]) -> None:
    """The direction without messages does not matter."""
    found, reason = guess(ALL, "", [[], sample])
    assert [each.name for each in found] == [name] and "look like it" in reason


@pytest.mark.parametrize(
    "text", ["1,2,3\n4,5,6", "12:00 INFO start\n12:01 INFO ok", '{"a":1}\nhello', "1\n" + "[" * 100_000]
)
def test_lines_are_json_only_if_each_of_them_is(text: str) -> None:
    """Lines of other text begin with a number too."""
    assert guess(ALL, "", [[text]])[0] == ()


def test_a_header_ends_with_its_line_only() -> None:
    """Not at a byte of its value that a str takes for a line end."""
    head = b"HTTP/1.1 101 OK\r\nX-A: \x85Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Protocol: WAMP\r\n\r\n"
    assert subprotocol_in(head.decode("latin-1")) == "wamp"


def test_the_subprotocol_goes_before_the_messages() -> None:
    """One that nobody has is passed over."""
    for subprotocol, name in (("v12.stomp", "stomp"), ("own", "json")):
        found, _ = guess(ALL, subprotocol, [["1"]])
        assert [each.name for each in found] == [name]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (['{"type":"subscribe","product_ids":["BTC-USD"]}'], ['{"type":"ticker","price":"1.0"}']),
        (['{"id":1,"type":"ping"}'], ['{"type":"hello"}', '{"reply_to":1,"type":"pong"}']),
        (['{"id":1,"type":"subscribe","topic":"/m","response":true}'], ['{"id":"h","type":"welcome"}']),
        (['{"type":"ping"}'], ['{"type":"price"}', '{"type":"pong"}']),
        (['{"cmd":"go"}'], ['{"type":"data","v":1}', '{"type":"data","v":2}']),
        (['{"id":1,"command":"ledger"}'], ['{"id":1,"status":"success","type":"response","result":{}}']),
        (['{"id":1,"method":"time"}'], ['{"id":1,"status":200,"result":{}}']),
        (['{"id":1,"method":"SUBSCRIBE"}'], ['{"id":1,"result":{}}']),
        (['{"id":1,"method":"session.new","params":{}}'], ['{"type":"success","id":1,"result":{}}']),
        (['{"id":1,"src":"me","method":"Shelly.GetStatus"}'], ['{"id":1,"src":"it","result":{}}']),
        (["\n"], ['{"type":"price"}']),
        ([], ['["1","BTC","buy","limit","1.5"]']),
        (['[1,"AAPL",{}]'], ["[1,2]"]),
    ],
)  # fmt: skip
def test_what_is_common_to_many_protocols_is_json(sent: list[Payload], received: list[Payload]) -> None:
    """Messages of Coinbase, Slack, KuCoin, XRPL, Binance, WebDriver BiDi, Shelly and of nobody: JSON reads them all."""
    for samples in ([sent, received], [received]):
        found, _ = guess(ALL, "", samples)
        assert [each.name for each in found] == ["json"]


QUERY = '{"id":"1","type":"subscribe","payload":{"query":"{a}"}}'


@pytest.mark.parametrize(
    ("name", "sent", "received"),
    [
        ("graphql", ['{"type":"connection_init"}', QUERY, '{"type":"ping"}'],
         ['{"type":"connection_ack"}', '{"id":"1","type":"next","payload":{"data":{}}}', '{"id":"1","type":"complete"}']),
        ("graphql", [QUERY, '{"id":"1","type":"stop"}'], ['{"type":"ka"}', '{"id":"1","type":"error","payload":[{}]}']),
        ("cdp", ['{"id":1,"method":"Page.enable","sessionId":"A"}', '{"method":"Page.enable"}'],
         ['{"id":1,"result":{},"sessionId":"A"}', '{"error":{"code":-32600,"message":"no id"}}']),
        ("cdp", [], ['{"id":1,"result":{}}', '{"method":"Page.loadEventFired","params":{}}']),
        ("stomp", ["\n", "\n"], ["MESSAGE\ndestination:a\n\nhi\0", "\n"]),
        ("jsonrpc", ['{"jsonrpc":"2.0","method":"m","id":1}'], ["hello"]),
        ("wamp", ['[1,"realm",{"roles":{}}]', '[48,1,{},"com.add"]'], ['[2,1,{}]']),
    ],
)  # fmt: skip
def test_a_conversation_is_known_by_both_sides(
    name: str, sent: list[Payload], received: list[Payload]
) -> None:
    """Messages that prove nothing are no hindrance."""
    found, reason = guess(ALL, "", [sent, received])
    assert [each.name for each in found] == [name] and "look like it" in reason
