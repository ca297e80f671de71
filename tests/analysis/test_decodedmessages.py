"""Questions to what decode() returns: types, schema, json, pairs, sequence and state, as to JSON messages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import msgpack
import pandas as pd
import pytest

from wsnotebook.wire.frames import Frame

CONNECT = bytes.fromhex("100e00044d5154540402003c00026331")
"""MQTT 3.1.1, client ``c1``."""


def publish(number: int, topic: str = "t", body: bytes = b"") -> bytes:
    """A PUBLISH with QoS 1."""
    rest = len(topic).to_bytes(2, "big") + topic.encode() + number.to_bytes(2, "big") + body
    return bytes((0x32, len(rest))) + rest


@pytest.fixture
def mqtt(talk: Any) -> pd.DataFrame:
    """Three PUBLISH in two messages, one of them cut, and an answer to the first; decoded."""
    talk.send(0, Frame.binary(CONNECT))
    talk.send(1, Frame.binary(publish(1, "a", b'{"n":1}') + publish(2, "b", b'{"n":4}')[:5]))
    talk.receive(1.5, (0x82, bytes.fromhex("40020001")))
    talk.send(2, Frame.binary(publish(2, "b", b'{"n":4}')[5:]))
    talk.send(3, Frame.text("no MQTT"))
    return talk.log.df.ws.decode("mqtt")


def test_what_a_browser_has_told_has_no_size_on_the_wire(talk: Any, another: Callable[..., Any]) -> None:
    """Nor has what began in it."""
    talk.send(0, Frame.binary(CONNECT))
    another("told", is_reported=True).send(1, Frame.binary(CONNECT))
    found = talk.log.df.ws.decode("mqtt")
    assert found["length"].tolist() == [len(CONNECT)] * 2
    assert found["wire_length"].fillna(-1).tolist() == [len(CONNECT), -1]
    assert found.ws.types()["ratio"].fillna(-1).tolist() == [1, -1]


def test_types_counts_by_kind(mqtt: Any) -> None:
    """A decoder says the type; an error is one of its own; every byte is counted once."""
    found = mqtt.ws.types()
    assert found.attrs["key"] == "kind"
    assert found.set_index(["direction", "type"])["count"].to_dict() == {
        ("out", "PUBLISH"): 2, ("out", "CONNECT"): 1, ("in", "PUBACK"): 1, ("out", "(error)"): 1,
    }  # fmt: skip
    assert found["bytes"].sum() == len(CONNECT) + 2 * len(publish(1, "a", b'{"n":1}')) + 4 + len("no MQTT")
    assert "'topic': 'a'" in found.set_index("type")["example"]["PUBLISH"]
    by_topic = mqtt.ws.types("topic").groupby("type")["count"].sum().to_dict()
    assert by_topic == {"(other)": 2, "a": 1, "b": 1, "(error)": 1}


NAMED = {
    "socketio": (
        ['0{"sid":"x"}', "40", '42["chat message","a"]', '421["chat message","b"]', "2"],
        {"open": 1, "CONNECT": 1, "chat message": 2, "ping": 1},
    ),
    "signalr": (
        [
            '{"protocol":"json","version":1}\x1e',
            '{"type":1,"target":"Say","arguments":[]}\x1e{"type":1,"target":"Say","arguments":[]}\x1e{"type":6}\x1e',
        ],
        {"Handshake": 1, "Say": 2, "Ping": 1},
    ),
}
"""Messages, and how many there are of each type."""


@pytest.mark.parametrize("protocol", NAMED)
def test_types_are_the_names_that_the_application_gives(talk: Any, protocol: str) -> None:
    """People ask for chat messages, not for events; a message without a name has its kind."""
    texts, counts = NAMED[protocol]
    for text in texts:
        talk.send(1, Frame.text(text))
    decoded = talk.log.df.ws.decode(protocol)
    assert decoded.ws.types().set_index("type")["count"].to_dict() == counts
    assert decoded.ws.types("kind").attrs["key"] == "kind"
    assert set(decoded.ws.schema()["type"]) == set(counts)


def test_json_has_a_column_for_each_field(mqtt: Any) -> None:
    """The kind stands among them; a path leads to JSON in bytes, as a broker passes it on."""
    found = mqtt.ws.json()
    assert found["kind"].tolist() == ["CONNECT", "PUBLISH", "PUBACK", "PUBLISH"]
    assert found["packet_id"].tolist()[1:] == [1, 1, 2]
    assert found["payload"].tolist()[1] == b'{"n":1}'
    assert found["seq"].tolist() == [0, 1, 2, 1]
    published = mqtt[mqtt["kind"] == "PUBLISH"]
    assert published.ws.json("payload")["n"].tolist() == [1, 4]


def test_schema_and_sequence_read_the_fields(mqtt: Any) -> None:
    """Bytes are a type of their own; numbers are followed."""
    found = mqtt.ws.schema().set_index(["type", "path"])["types"]
    assert found["PUBLISH", "payload"] == ["bytes"]
    assert found["PUBLISH", "packet_id"] == ["integer"]
    odd = mqtt[mqtt["direction"] == "out"].ws.sequence("packet_id", by="topic")
    assert odd.attrs["sequence"]["values"] == 2 and not len(odd)


def test_pairs_finds_the_protocol_by_its_kinds(mqtt: Any) -> None:
    """The same pairs as of the frames, of what is left of the table."""
    found = mqtt.ws.pairs()
    assert found.attrs["pairs"]["protocol"] == "mqtt"
    assert found[["id", "outcome"]].to_numpy().tolist() == [[1, "answered"], [2, "unanswered"]]
    assert found["latency"].tolist()[0] == 0.5
    assert mqtt[mqtt["kind"] != "PUBACK"].ws.pairs("mqtt")["outcome"].tolist() == ["unanswered"] * 2


def test_state_applies_decoded_values(talk: Any) -> None:
    """A compressed book is folded as a plain one."""
    for price in (1, 2):
        talk.receive(price, (0x82, gzip.compress(json.dumps({str(price): price}).encode())))
    found = talk.log.df.ws.decode("gzip+json").ws.state(lambda book, values: book.update(values))
    assert found == {"1": 1, "2": 2}


def test_a_key_named_kind_is_kept(talk: Any) -> None:
    """JSON has no types of its own, so its own key counts; where a protocol has, it gets a prefix."""
    talk.receive(1, (0x81, b'{"kind":"trade"}'), (0x81, b'{"kind":"book"}'))
    assert talk.log.df.ws.decode("json").ws.types()["type"].tolist() == ["trade", "book"]
    talk.send(2, Frame.text('{"jsonrpc":"2.0","id":1,"method":"m","kind":"own"}'))
    found = talk.log.df.ws.decode("jsonrpc").ws.json()
    assert found[["kind", "json_kind"]].to_numpy().tolist() == [["request", "own"]]


def test_keys_that_are_no_text_are_columns(talk: Any) -> None:
    """MessagePack has numbers as keys."""
    talk.receive(1, (0x82, msgpack.packb({1: {2: "a"}})), (0x82, msgpack.packb(5)))
    found = talk.log.df.ws.decode("msgpack").ws.json()
    assert found["1.2"].tolist()[0] == "a" and found["value"].tolist()[1] == 5


def test_other_questions_name_the_columns_that_lack(mqtt: Any) -> None:
    """A decoded message is no frame."""
    with pytest.raises(AttributeError, match="opcode"):
        mqtt.ws.messages()


@pytest.mark.parametrize(
    ("name", "deep"),
    [
        (
            "cbor",
            bytes.fromhex("d81ca16161d81d00"),
        ),  # an object that is its own value, by value sharing (tags 28, 29)
        ("msgpack", b"\x81\xa1a" * 1000 + b"\x01"),
        ("msgpack", b"\x81\xa1a" + b"\x91" * 1000 + b"\x01"),
    ],
)
def test_what_nests_without_end_leaves_the_other_messages(talk: Any, name: str, deep: bytes) -> None:
    """Objects in it become columns as far as the interpreter's stack allows."""
    pytest.importorskip({"cbor": "cbor2"}.get(name, name))
    talk.send(1, Frame.binary(deep), Frame.binary(b"\xa1\x62op\x01" if name == "cbor" else b"\x81\xa2op\x01"))
    found = talk.log.df.ws.decode(name)
    assert found["error"].isna().all()
    assert found.ws.json()["op"].fillna(0).tolist() == [0, 1]
    assert found.ws.types("op")["type"].tolist() == ["(other)", "1"] and len(found.ws.types()) == 1
    assert "op" in found.ws.schema()["path"].tolist()


def test_a_number_and_its_text_are_one_key_that_is_there_twice(talk: Any) -> None:
    """Of MessagePack: the text counts, in an object in it too, and the other one is counted."""
    for value in (
        {1: "number", "1": "text"},
        {"1": "text", 1: "number"},
        {"a": {2: {"b": 1}, "2": {"c": 1}}},
    ):
        talk.receive(1, (0x82, msgpack.packb(value)))
    found = talk.log.df.ws.decode("msgpack").ws.json()
    assert found["1"].tolist()[:2] == ["text", "text"] and found["a.2.c"].tolist()[2] == 1
    assert "a.2.b" not in found and found.attrs["json"]["duplicate_key"] == 3
