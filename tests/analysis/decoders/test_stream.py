"""A stream: what is open where a message is missing is an error, and is never joined to what comes after it."""

from __future__ import annotations

import pytest

from wsnotebook.analysis.decoders.decoder import Payload
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.stream import Item, run

INVOCATION = '{"type":1,"target":"price","arguments":[1234567]}\x1e'
MESSAGE = "MESSAGE\ndestination:a\n\nAAAA|BBBB|CCCC\0"
CONNECT = bytes.fromhex("100e00044d5154540502003c00000161")  # of version 5, which what follows is
PACKED = b"\x0c\x96\x01\x80\xc0\xa1t\x91\xa3abc\x90"
PUBLISH = b"\x30\x14\0\x01t\0" + b"A" * 8 + b"B" * 8


@pytest.mark.parametrize(
    ("name", "opening", "parts"),
    [
        ("mqtt", CONNECT, [PUBLISH[:10], PUBLISH[10:]]),
        ("stomp", "CONNECTED\nversion:1.2\n\n\0", [MESSAGE[:28], MESSAGE[28:]]),
        ("signalr", "{}\x1e", [INVOCATION[:42], INVOCATION[42:]]),
        ("signalr", "{}\x1e", [PACKED[:9], PACKED[9:]]),
        ("socketio4", '0{"sid":"x"}', ['451-["a",{"_placeholder":true,"num":0}]', b"abc"]),
    ],
)
def test_nothing_is_joined_across_a_hole(name: str, opening: Payload, parts: list[Payload]) -> None:
    """The packet that was open and the message that is missing are errors; what was learnt before is still known."""
    hole = Item(2, 2, error="not whole")
    begin, *others = (
        Item(at, at, each) for at, each in zip((0, 1, 3, 4), (opening, parts[0], *parts), strict=True)
    )
    found = run(decoders()[name].start, [begin, others[0], hole, *others[1:]])
    assert [(each.first, each.last, each.error is None) for each in found] == [
        (0, 0, True),
        (1, 1, False),
        (2, 2, False),
        (3, 4, True),
    ]
    assert found[-1][2:] == run(decoders()[name].start, [begin, *others[1:]])[-1][2:]


def test_what_follows_a_hole_is_not_the_rest_of_what_was_before() -> None:
    """A number that nobody sent: 1234567 without its middle."""
    parts = ["{}\x1e", INVOCATION[:42], None, INVOCATION[44:]]
    items = [Item(at, at, each, error=None if each else "not whole") for at, each in enumerate(parts)]
    assert [each.value for each in run(decoders()["signalr"].start, items)] == [{}, None, None, None]
