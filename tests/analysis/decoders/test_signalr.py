"""SignalR: records and frames of HubProtocol.md, several in a message, cut anywhere, broken ones."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.analysis.decoders.signalr import SignalR, looks_like_signalr
from wsnotebook.analysis.decoders.stream import Item, run

JSON = (
    '{"protocol":"json","version":1}\x1e'
    '{"type":1,"invocationId":"123","target":"Send","arguments":[42,"é"]}\x1e'
    '{"type":6}\x1e{"type":3,"invocationId":"123","result":"ok"}\x1e'
)
KINDS = ["Handshake", "Invocation", "Ping", "Completion"]
INVOCATION = bytes.fromhex("960180a378797aa66d6574686f64912a90")
ERROR = bytes.fromhex("950380a378797a01a56572726f72".replace("95", "95"))
PACKED = b"".join(bytes((len(frame),)) + frame for frame in (INVOCATION, ERROR, b"\x91\x06"))


def test_records_of_one_message_are_rows(decoded: Any) -> None:
    """Each with its type."""
    found = decoded("signalr", JSON, '{"type":7,"error":"gone"}\x1e')
    assert [each.kind for each in found] == [*KINDS, "Close"]
    assert found[1].value["arguments"] == [42, "é"] and found[4].first == 1


@given(st.data())
def test_a_cut_changes_nothing_but_where_it_lay(data: st.DataObject) -> None:
    """Records mean the same in messages cut anywhere, and each says in which messages it lay."""
    cuts = data.draw(st.sets(st.integers(1, len(JSON) - 1)).map(sorted))
    edges = [0, *cuts, len(JSON)]
    parts = [JSON[start:stop] for start, stop in pairwise(edges)]
    found = run(SignalR, [Item(at, at, part) for at, part in enumerate(parts)])
    assert [each.kind for each in found] == KINDS
    end = 0
    for each in found:
        start, end = end, JSON.index("\x1e", end) + 1
        assert edges[each.first] <= start < edges[each.first + 1]
        assert edges[each.last] < end <= edges[each.last + 1]


def test_frames_of_messagepack(decoded: Any) -> None:
    """After a handshake of JSON, with its length before each; cut between any bytes."""
    pytest.importorskip("msgpack")
    whole = decoded("signalr", b"{}\x1e" + PACKED)
    assert [each.kind for each in whole] == ["Handshake", "Invocation", "Completion", "Ping"]
    assert whole[1].value == {
        "type": 1, "headers": {}, "invocationId": "xyz", "target": "method", "arguments": [42], "streamIds": [],
    }  # fmt: skip
    assert whole[2].value["error"] == "error" and "result" not in whole[2].value
    bytewise = decoded("signalr", *(PACKED[at : at + 1] for at in range(len(PACKED))))
    assert [each.value for each in bytewise] == [each.value for each in whole[1:]]
    assert [each.last for each in bytewise][-1] == len(PACKED) - 1


def test_items_of_a_stream_to_the_server_say_of_which_invocation(decoded: Any) -> None:
    """Until its end; those of an answer do not."""
    found = decoded(
        "signalr",
        '{"type":1,"invocationId":"5","target":"total","arguments":[],"streamIds":["4",[]]}\x1e',
        '{"type":2,"invocationId":"4","item":1}\x1e{"type":3,"invocationId":"4"}\x1e{"type":3,"invocationId":"4"}\x1e',
        '{"type":2,"invocationId":[],"item":1}\x1e',
    )
    assert [each.value.get("streamOf") for each in found] == [None, "5", "5", None, None]


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        ("{}", "cut short"),
        ("[1]\x1e", "JSON object"),
        ('{"type":77}\x1e', "77 is no type"),
        ("{\x1e", "Expecting"),
        (b"\x05\x91", "cut short"),
        (b"\xff" * 6, "more than 5 bytes"),
        (b"\x02\x91\x4d", "77 is no type"),
        (b"\x01\xc1", ""),
        (b"\x00", ""),
    ],
)
def test_what_is_broken_is_an_error(decoded: Any, payload: Any, error: str) -> None:
    """Never an exception."""
    pytest.importorskip("msgpack")
    (found,) = decoded("signalr", payload)
    assert found.error and error in found.error


def test_frames_before_a_broken_one_are_rows(decoded: Any) -> None:
    """And those of the next message."""
    pytest.importorskip("msgpack")
    found = decoded("signalr", b"\x02\x91\x06" + b"\xff" * 6, b"\x02\x91\x06")
    assert [each.kind for each in found] == ["Ping", None, "Ping"] and found[1].error


@given(st.lists(st.binary(max_size=40) | st.text(max_size=20)))
def test_any_messages_give_rows_or_errors(parts: list[Any]) -> None:
    """Whatever comes; positions stay within the stream."""
    pytest.importorskip("msgpack")
    for each in run(SignalR, [Item(at, at, part) for at, part in enumerate(parts)]):
        assert 0 <= each.first <= each.last < len(parts)


def test_it_is_known_by_its_handshake() -> None:
    """In a text or in bytes, or by whole records in a text; other JSON is none."""
    assert looks_like_signalr('{"protocol":"messagepack","version":1}\x1e') and looks_like_signalr("{}\x1e")
    assert looks_like_signalr(b'{"protocol":"messagepack","version":1}\x1e')
    assert looks_like_signalr(b"{}\x1e\x02\x91\x06")
    for other in (b"{}", b'{"type":6}\x1e', b"\xff\x1e", b"\x02\x91\x1e", b"[" * 100_000 + b"\x1e"):
        assert not looks_like_signalr(other)
    assert not looks_like_signalr('{"type":1}') and not looks_like_signalr("[" * 100_000 + "\x1e")
