"""MQTT: packets that paho-mqtt 2.2 wrote, cut anywhere; versions that are not known; broken packets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.analysis.decoders.mqtt import Mqtt, MqttVersion
from wsnotebook.analysis.decoders.stream import Item, run

PAHO_3 = bytes.fromhex(
    "101c00044d51545404ce003c000263310001770003627965000175000170"
    "32090003612f6200076869820800010003612f2301c000e000"
)
PAHO_5 = bytes.fromhex(
    "101e00044d51545405ce003c0000026331000001770003627965000175000170"
    "32160003612f6200070c020000000a2600016b000176686982090001000003612f2301c000e000"
)
KINDS = ["CONNECT", "PUBLISH", "SUBSCRIBE", "PINGREQ", "DISCONNECT"]


def whole(data: bytes) -> list[Item]:
    return run(Mqtt, [Item(0, 0, data)])


@pytest.mark.parametrize(("data", "version"), [(PAHO_3, 4), (PAHO_5, 5)])
def test_what_a_client_wrote(data: bytes, version: int) -> None:
    """Every field; the password is not shown."""
    connect, publish, subscribe, ping, disconnect = found = whole(data)
    assert [item.kind for item in found] == KINDS and all(item.error is None for item in found)
    assert connect.value["version"] == version and connect.value["client_id"] == "c1"
    assert connect.value["will"].items() >= {"topic": "w", "payload": b"bye", "qos": 1}.items()
    assert connect.value["username"] == "u" and connect.value["keep_alive"] == 60
    assert connect.value["has_password"] is True and "p" not in connect.value.values()
    assert publish.value.items() >= {"topic": "a/b", "payload": b"hi", "qos": 1, "packet_id": 7}.items()
    assert subscribe.value["topics"] == [{"topic": "a/#", "options": 1}]
    if version == 5:
        assert publish.value["properties"] == {"message_expiry_interval": 10, "user_property": [("k", "v")]}


@given(st.data(), st.sampled_from([PAHO_3, PAHO_5]))
def test_a_cut_changes_nothing_but_where_it_lay(data: st.DataObject, stream: bytes) -> None:
    """Packets mean the same in messages cut anywhere, and each says in which messages it lay."""
    cuts = data.draw(st.sets(st.integers(1, len(stream) - 1)).map(sorted))
    edges = [0, *cuts, len(stream)]
    parts = [stream[start:stop] for start, stop in pairwise(edges)]
    found = run(Mqtt, [Item(at, at, part) for at, part in enumerate(parts)])
    assert [(item.kind, item.value) for item in found] == [(item.kind, item.value) for item in whole(stream)]
    end = 0
    for item in found:
        start, end = end, stream.index(_END[item.kind], end) + len(_END[item.kind])
        assert edges[item.first] <= start < edges[item.first + 1]
        assert edges[item.last] < end <= edges[item.last + 1]


_END: dict[Any, bytes] = {
    "CONNECT": bytes.fromhex("000175000170"),
    "PUBLISH": b"hi",
    "SUBSCRIBE": b"a/#\1",
    "PINGREQ": b"\xc0\0",
    "DISCONNECT": b"\xe0\0",
}


def test_a_version_that_is_not_known_is_not_guessed(decoded: Any) -> None:
    """A PUBLISH is not the same in both; named, it is read."""
    publish = bytes.fromhex("30080003612f62006869")
    (unknown,) = whole(publish)
    assert unknown.kind == "PUBLISH" and "decode('mqtt5')" in str(unknown.error)
    assert decoded("mqtt5", publish)[0].value["payload"] == b"hi"
    assert decoded("mqtt3", publish)[0].value["payload"] == b"\0hi"
    connack = bytes.fromhex("2003000000")
    assert [item.error for item in whole(connack + publish)] == [None, None]


CONNECT = bytes.fromhex("101100044d5154540502003c00000461626364")


def test_the_version_of_the_connect_holds_for_both_directions(conversed: Any) -> None:
    """A server may send AUTH before its CONNACK (§4.12), which tells the version by itself; one of 3.1.1 refuses in its own."""
    auth, refusal = bytes.fromhex("f00718051500024142"), bytes.fromhex("20020001")
    publish = bytes.fromhex("30080003612f62006869")
    for before in ([("out", CONNECT)], [("in", auth)]):
        *_, challenge, received = conversed("mqtt", *before, ("in", auth), ("in", publish))
        assert challenge.value == {"reason_code": 24, "properties": {"authentication_method": "AB"}}
        assert received.value["payload"] == b"hi"
    *_, refused = conversed("mqtt", ("out", CONNECT), ("in", refusal))
    assert refused.value == {"session_present": False, "reason_code": 1}


def publish(topic: bytes, alias: int) -> bytes:
    return bytes([0x30, 8 + len(topic), 0, len(topic), *topic, 3, 0x23, 0, alias]) + b"hi"


def test_a_topic_alias_stands_for_the_topic_that_it_was_given(conversed: Any) -> None:
    """In its direction, until it is given to another (§3.3.2.3.4); what was never given stays empty, also after a hole."""
    found = conversed(
        "mqtt",
        ("out", CONNECT),
        ("out", publish(b"price", 1)),
        ("out", publish(b"", 1)),
        ("out", publish(b"", 2)),
        ("in", publish(b"", 1)),
        ("out", publish(b"other", 1)),
        ("out", publish(b"", 1)),
        ("out", b"\x00\x00"),
        ("out", publish(b"", 1)),
    )
    topics = [item.value["topic"] for item in found if item.kind == "PUBLISH"]
    assert topics == ["price", "price", "", "", "other", "other", ""]
    decoder = Mqtt(MqttVersion(5))
    for packet, topic in ((publish(b"a", 1), "a"), (publish(b"", 1), "a")):
        assert [each.value["topic"] for each in decoder(packet)] == [topic]
    assert not [*decoder.end()] and [each.value["topic"] for each in decoder(publish(b"", 1))] == [""]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"\x00\x00", "type 0 is reserved"),
        (b"\x80\x00", "no flags"),
        (b"\xc0\xff\xff\xff\xff", "more than 4 bytes"),
        (b"\x30\xff\xff\xff\x7f", "over the limit"),
        (b"\x10\x03\x00\x09M", "ends within a field"),
        (b"\x10\x07\x00\x04MQTT\x09", "level 9"),
        (b"\xc0\x01\x00", "bytes follow"),
        (b"\x30\x05ab", "cut short: 4 bytes"),
    ],
)
def test_a_broken_packet_is_an_error(data: bytes, error: str) -> None:
    """Never an exception, and never silence."""
    assert error in str(whole(data)[-1].error)


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_give_rows_or_errors(parts: list[bytes]) -> None:
    """Whatever comes; positions stay within the stream."""
    for item in run(Mqtt, [Item(at, at, part) for at, part in enumerate(parts)]):
        assert 0 <= item.first <= item.last < len(parts)


def test_a_text_is_no_mqtt() -> None:
    """The standard asks for binary messages."""
    assert "this is a text" in str(run(Mqtt, [Item(0, 0, "x")])[0].error)
