"""Decoding: rows for protocol messages, streams apart, chains, guesses, decoders of one's own, wrong input."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest

import wsnotebook
from wsnotebook.wire.frames import Frame


def test_each_protocol_message_is_a_row(talk: Any) -> None:
    """One or several in a message; fragments are joined; what is no JSON has an error; numbers stay exact."""
    talk.receive(1, (0x81, b'{"n": 12345678901234567890}'), (0x01, b"[1,"), (0x80, b"2]"))
    talk.receive(2, (0x81, b'{"a":1}\n{"a":\n'), (0x81, b"{oops"))
    found = talk.log.df.ws.decode("json")
    assert found["first_seq"].tolist() == [0, 1, 3, 3, 4] == found["last_seq"].tolist()
    assert found["kind"].fillna("-").tolist() == ["object", "array", "object", "-", "-"]
    assert found["value"].tolist()[:3] == [{"n": 12345678901234567890}, [1, 2], {"a": 1}]
    assert found["error"].isna().tolist() == [True, True, True, False, False]
    assert found["time"].is_monotonic_increasing and set(found["direction"]) == {"in"}


def test_a_chain_reads_what_the_one_before_decoded(talk: Any) -> None:
    """Compressed JSON; a message that the first refuses keeps its error."""
    talk.send(1, Frame.binary(gzip.compress(b'{"a":1}')), Frame.binary(b"plain"))
    found = talk.log.df.ws.decode("gzip+json")
    assert found["value"].tolist() == [{"a": 1}, None]
    assert "incorrect header" in found["error"][1]
    assert found.attrs["undecoded"] == {"messages": 1, "bytes": 5}


def test_a_message_that_is_not_whole_is_an_error(talk: Any) -> None:
    """What came of it could mean something else."""
    talk.receive(1, (0x01, b"1"))
    assert "not whole" in talk.log.df.ws.decode("json")["error"][0]


@pytest.mark.parametrize("status", ["truncated", "oversized"])
def test_a_message_whose_bytes_did_not_all_come_is_an_error(talk: Any, status: str) -> None:
    """What came of it is a number, and would be one of fewer digits; a message in fragments is cut with any of them."""
    talk.receive(1, (0x81, b"1"), (0x81, b"1234"), (0x01, b"12"), (0x80, b"34"))
    df = talk.log.df
    df["status"] = df["status"].where(~df.index.isin([1, 2]), status)
    df["detail"] = "the end came after 6 bytes"
    for frames in (df, df.drop(columns="detail")):
        found = frames.ws.decode("json")
        assert found["value"].tolist() == [1, None, None]
        assert found["error"][1:].str.contains(f"not whole: one of its frames is {status}").all()
    assert df.ws.decode("json")["error"][1].endswith("the end came after 6 bytes")


def test_a_message_that_a_browser_does_not_tell_is_an_error(talk: Any, another: Callable[..., Any]) -> None:
    """An empty binary of a tab may be a Blob, as ``detail`` says there; an empty one of another connection is empty."""
    packet = '451-["bin",{"_placeholder":true,"num":0}]'
    for peer in (talk, another("told", is_reported=True)):
        peer.send(1, Frame.text(packet), Frame.binary(b""))
    df = talk.log.df
    df["detail"] = df["detail"].mask(df["length"].eq(0), "empty, or a Blob")
    found = df.ws.decode("socketio4")
    assert found["value"][0]["data"] == ["bin", b""] and pd.isna(found["error"][0])
    assert found["error"][1] == "0 of 1 attachments came"
    assert str(found["error"][2]).endswith("one of its frames is empty, or a Blob") and len(found) == 3


def test_each_direction_of_each_connection_is_a_stream(talk: Any, another: Callable[..., Any]) -> None:
    """A class is made once for each; a filtered, sorted or concatenated frame is decoded alike."""

    class Count:
        def __init__(self) -> None:
            self.seen = 0

        def __call__(self, payload: str) -> int:
            self.seen += 1
            return self.seen

    second = another("s", attempt=1)
    for at in (1, 2):
        talk.receive(at, (0x81, b"a"))
        talk.send(at, Frame.text("b"))
        second.receive(at, (0x81, b"c"))
    df = talk.log.df
    for frame in (df, df.iloc[::-1]):
        assert frame.ws.decode(Count)["value"].tolist() == [1, 1, 1, 2, 2, 2]
    assert (
        sorted(pd.concat([df, df.assign(recording="another")]).ws.decode(Count)["value"]) == [1] * 6 + [2] * 6
    )


def test_a_decoder_of_ones_own_has_a_name(talk: Any) -> None:
    """A generator yields one row each; what it raises is the row's error."""

    @wsnotebook.decoder("test-letters")
    def letters(payload: str) -> Iterator[str]:
        for letter in payload:
            if letter == "!":
                raise KeyError("no !")
            yield letter

    talk.receive(1, (0x81, b"ab!"), (0x81, b"c"))
    found = talk.log.df.ws.decode("test-letters")
    assert found["value"].tolist() == ["a", "b", None, "c"]
    assert found["error"][2] == "KeyError: 'no !'"
    for name in ("json", "a+b", ""):
        with pytest.raises(ValueError, match="cannot be the name"):
            wsnotebook.decoder(name)


def test_half_of_a_surrogate_pair_is_escaped_in_kinds_and_errors(talk: Any) -> None:
    """JSON can name it, and an exception may; the other messages are decoded as ever."""

    def refuse(payload: str) -> None:
        raise ValueError("bad \ud800")

    talk.receive(1, (0x81, b'{"type":"\\ud800"}'), (0x81, b'{"type":"result"}'))
    df = talk.log.df
    assert df.ws.decode("homeassistant")["kind"].tolist() == ["\\ud800", "result"]
    assert df.ws.decode("graphql")["error"].str.startswith("'").tolist() == [True, True]
    assert df.ws.decode(refuse)["error"].tolist() == ["ValueError: bad \\ud800"] * 2


def test_a_name_that_nobody_has_is_refused_with_the_names(talk: Any) -> None:
    """Also in a chain; and what is no decoder at all."""
    talk.receive(1, (0x81, b"1"))
    with pytest.raises(ValueError, match=r"no decoder 'jsno': give one of .*gzip, .*json"):
        talk.log.df.ws.decode("gzip+jsno")
    with pytest.raises(TypeError, match="not 5"):
        talk.log.df.ws.decode(5)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("json", ['{"a":1}', "[1]"]),
        ("jsonrpc", ['{"jsonrpc":"2.0","method":"m","id":1}', '[{"jsonrpc":"2.0","result":1,"id":1}]']),
        ("graphql", ['{"type":"connection_init"}', '{"type":"next","id":"1","payload":{}}']),
        ("phoenix", ['["1","1","room:a","phx_join",{}]']),
    ],
)
def test_a_protocol_is_guessed_from_the_messages(talk: Any, name: str, texts: list[str]) -> None:
    """And the reason is said."""
    talk.receive(1, *((0x81, text.encode()) for text in texts))
    found = talk.log.df.ws.decode()
    assert found["error"].isna().all()
    (why,) = found.attrs["decoder"]
    assert (why["session"], why["decoder"]) == ("s", name) and "look like it" in why["reason"]


def test_a_protocol_is_guessed_from_the_subprotocol(talk: Any) -> None:
    """The handshake in attrs decides, whatever the messages look like."""
    talk.receive(1, (0x81, b"{}"))
    df = talk.log.df
    df.attrs["wsnotebook"]["connections"][0]["response"] = (
        "HTTP/1.1 101 X\r\nsec-websocket-protocol: graphql-ws\r\n\r\n"
    )
    found = df.ws.decode()
    assert found.attrs["decoder"][0]["reason"] == "the subprotocol is graphql-ws"
    assert "None is no type" in found["error"][0]


def test_what_is_not_known_is_said_and_counted(talk: Any) -> None:
    """No decoder is taken for a guess."""
    talk.receive(1, (0x82, b"\xff\xfe"), (0x81, b"hello"))
    found = talk.log.df.ws.decode()
    assert found.attrs["decoder"][0]["decoder"] is None and found["error"].str.startswith("not decoded").all()
    assert found.attrs["undecoded"] == {"messages": 1, "bytes": 2}


def test_no_messages_are_no_rows(talk: Any) -> None:
    """With the same columns."""
    talk.receive(1, (0x89, b"ping"))
    found = talk.log.df.ws.decode()
    assert len(found) == 0 and list(found) == list(
        (
            "first_seq last_seq time monotonic recording connection session attempt direction kind value error length wire_length"
        ).split()
    )


def test_values_feed_pandas(talk: Any) -> None:
    """The example of the documentation."""
    talk.receive(1, (0x81, json.dumps({"a": {"b": 1}}).encode()))
    assert pd.json_normalize(talk.log.df.ws.decode("json")["value"]).to_dict("records") == [{"a.b": 1}]
