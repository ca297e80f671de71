"""Types of messages: which key says the type, and what there is of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wsnotebook.wire.frames import Frame


def record(talk: Any, *values: Any) -> Any:
    """Receive one JSON message a second; return the DataFrame."""
    for at, value in enumerate(values):
        talk.receive(at, (0x81, json.dumps(value).encode()))
    return talk.log.df


def test_each_type_has_a_row(talk: Any) -> None:
    """Count, rate over the time of the connection, bytes, first and last; the most frequent type comes first."""
    trade, book = {"type": "trade", "p": 1}, {"type": "book"}
    df = record(talk, book, trade, trade, book, trade)
    found = df.ws.types()
    assert found.attrs["key"] == "type"
    assert found[["type", "count", "rate", "bytes", "seq"]].to_numpy().tolist() == [
        ["trade", 3, 3 / 4, 3 * len(json.dumps(trade)), 1],
        ["book", 2, 2 / 4, 2 * len(json.dumps(book)), 0],
    ]
    assert found["first"].tolist() == df["time"].iloc[[1, 0]].tolist()
    assert found["last"].tolist() == df["time"].iloc[[4, 3]].tolist()
    assert found["example"].tolist() == [json.dumps(trade), json.dumps(book)]


def test_what_has_no_type_is_counted_too(talk: Any) -> None:
    """Every message is in one row."""
    record(talk, {"type": "a"}, {"type": "a"}, {"other": 1}, [{"type": "b"}, {"type": "c"}])
    talk.receive(5, (0x81, b"no json"), (0x82, b"\x00"), (0x82, b'{"type": "d"}'))
    found = talk.log.df.ws.types()
    assert dict(zip(found["type"], found["count"], strict=True)) == {
        "a": 2, "(other)": 1, "b": 1, "(text)": 1, "(binary)": 1, "d": 1,
    }  # fmt: skip


def test_directions_and_connections_are_apart(talk: Any, another: Callable[..., Any]) -> None:
    """Each with its own rate."""
    talk.receive(0, (0x81, b'{"op": "x"}'))
    talk.send(2, Frame.text('{"op": "x"}'))
    another("t").receive(0, (0x81, b'{"op": "x"}'))
    found = talk.log.df.ws.types()
    assert found[["session", "direction", "count"]].to_numpy().tolist() == [
        ["s", "in", 1], ["s", "out", 1], ["t", "in", 1],
    ]  # fmt: skip
    assert found["rate"].fillna(-1).tolist() == [0.5, 0.5, -1] and found["connection"].tolist() == [0, 0, 1]


def test_compression_is_known_by_type(talk: Any) -> None:
    """Bytes on the wire for each byte of the application."""
    talk.receive_compressed(0, b'{"type": "x"}', b"abc")
    talk.receive(1, (0x81, b'{"type": "y"}'))
    assert talk.log.df.ws.types()["ratio"].tolist() == [3 / 13, 1.0]


def test_what_a_browser_has_told_has_no_ratio(talk: Any, another: Callable[..., Any]) -> None:
    """0 would say that nothing was on the wire."""
    talk.receive(0, (0x81, b'{"type": "x"}'))
    another("told", is_reported=True).receive(1, (0x81, b'{"type": "x"}'))
    df = talk.log.df
    assert df.ws.types()["ratio"].fillna(-1).tolist() == [1, -1]
    assert df.assign(connection=0).ws.types()["ratio"].isna().tolist() == [True]


@pytest.mark.parametrize(
    ("messages", "key"),
    [
        ([{"jsonrpc": "2.0", "method": "a", "id": n} for n in range(3)] + [{"jsonrpc": "2.0", "result": 1, "id": 0}], "method"),
        ([{"id": f"i{n}", "event": "e"} for n in range(4)], "event"),
        ([{"header": {"msg_type": "status", "id": f"i{n}"}, "n": n} for n in range(4)], "header.msg_type"),
        ([{"what": "ab"[n % 2], "id": f"i{n}"} for n in range(8)], "what"),
        ([{"id": f"i{n}"} for n in range(8)], None),
        ([{"type": n} for n in range(8)], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_key_is_found(talk: Any, messages: list[Any], key: str | None) -> None:
    """A known name before others, few values before identifiers, and none rather than a wrong one."""
    assert record(talk, *messages).ws.types().attrs["key"] == key


def test_a_number_keeps_its_name_beside_a_fraction(talk: Any) -> None:
    """Another message does not rename its type."""
    found = record(talk, {"op": 1}, {"op": 1}, {"op": 2.5}, {}).ws.types("op")
    assert found["type"].tolist() == ["1", "2.5", "(other)"]


def test_a_key_that_nobody_has_is_refused(talk: Any) -> None:
    """The remedy names those that there are."""
    df = record(talk, {"a": {"b": "x"}})
    assert df.ws.types("a.b")["type"].tolist() == ["x"]
    with pytest.raises(ValueError, match="no message has the key 'b': give one of a.b"):
        df.ws.types("b")
