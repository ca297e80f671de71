"""Socket.IO: packets that python-socketio 5 wrote, attachments, heartbeats between them, broken packets."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.socketio import looks_like_socketio
from wsnotebook.wire.frames import Frame

UP = '452-/n,7["up",{"_placeholder":true,"num":0},{"x":{"_placeholder":true,"num":1}}]'


def test_packets_of_the_library(decoded: Any) -> None:
    """Types, namespaces, acknowledgements; the handshake of Engine.IO."""
    found = decoded(
        "socketio", '0{"sid":"x"}', '40{"t":1}', '433["ok"]', '42/n?x=1,["m",1]', "2", "3probe", "41"
    )
    assert [each.kind for each in found] == ["open", "CONNECT", "ACK", "EVENT", "ping", "pong", "DISCONNECT"]
    assert found[2].value == {"namespace": "/", "id": 3, "data": ["ok"]}
    assert found[3].value == {"namespace": "/n?x=1", "id": None, "data": ["m", 1], "event": "m"}


def test_attachments_stand_in_their_places(decoded: Any) -> None:
    """One row for three messages, also with a heartbeat between them."""
    (event,) = decoded("socketio", UP, b"\x01\x02", b"\x03")
    assert (event.first, event.last, event.kind) == (0, 2, "BINARY_EVENT")
    data = ["up", b"\x01\x02", {"x": b"\x03"}]
    assert event.value == {"namespace": "/n", "id": 7, "data": data, "event": "up"}
    ping, same = decoded("socketio", UP, b"\x01\x02", "2", b"\x03")
    assert ping.kind == "ping" and same.value == event.value and (same.first, same.last) == (0, 3)


def test_attachments_that_do_not_come_are_an_error(decoded: Any) -> None:
    """At the end of the stream, and when another packet comes; that packet is decoded."""
    (cut,) = decoded("socketio", UP, b"\x01")
    assert cut.error == "1 of 2 attachments came" and (cut.first, cut.last) == (0, 1)
    cut, event = decoded("socketio", UP, '42["a"]')
    assert cut.error == "0 of 2 attachments came" and cut.first == 0 and event.value["data"] == ["a"]


def test_a_packet_whose_attachments_are_wrong_keeps_its_row(decoded: Any) -> None:
    """Also if the text after it is broken, or a placeholder names no attachment: it has an error where it begins."""
    for broken in ("x", "42[", "49", ""):
        cut, wrong = decoded("socketio", UP, b"\x01", broken)
        assert (cut.kind, cut.first, cut.last) == ("BINARY_EVENT", 0, 2) and wrong.error
        assert cut.error == "1 of 2 attachments came" and (wrong.first, wrong.last) == (2, 2)
    (lost,) = decoded("socketio", '451-["a",{"_placeholder":true,"num":1}]', b"")
    assert (lost.kind, lost.first, lost.last) == ("BINARY_EVENT", 0, 1)
    assert lost.error == "a placeholder names the attachment 1 of 1"


def test_an_event_without_a_name_has_none(decoded: Any) -> None:
    """The name is the text that comes first; what is broken is shown as it is."""
    found = decoded("socketio", '42[1,"x"]', "42[]", '42{"a":1}', "42")
    assert ["event" in each.value for each in found] == [False] * 4


@pytest.mark.parametrize(
    "payload", ["", "x", "4", "49", "42[", '451-["a",{"_placeholder":true,"num":-1}]', '45["a"]', b"alone"]
)
def test_a_broken_packet_is_an_error(decoded: Any, payload: Any) -> None:
    """Never an exception, also if attachments follow."""
    assert decoded("socketio", payload, b"")[0].error


def test_a_session_that_began_with_polling_is_guessed() -> None:
    """Its WebSocket begins with a probe, in either direction; what only looks like one is none."""
    known = list(decoders().values())
    sent, received = ["2probe", "5", '420["a",1]'], ["3probe", '40{"sid":"x"}', "430[1]"]
    for samples in ([sent, received], [sent], [received]):
        assert guess(known, "", samples)[0] == (decoders()["socketio"],)
    assert not looks_like_socketio("2probes") and not looks_like_socketio("4probe")
    assert not looks_like_socketio(b"2probe")


ONE = '451-["a",{"_placeholder":true,"num":0}]'


@pytest.mark.parametrize(
    ("before", "engine"),
    [
        (['0{"sid":"x"}', "40"], 3),  # a server
        (['0{"sid":"x"}', "40/n"], 3),
        (["3probe", "3"], 3),
        (["2probe", "5", "2"], 3),  # a client
        (["2probe", "5", "40/n?x={1},", "2"], 3),
        (['0{"sid":"x"}', '40{"sid":"y"}'], 4),
        (['40/n,{"sid":"y"}'], 4),
        (["3probe", "2"], 4),
        (["40", "3"], 4),
        (["2probe", "5", "3"], 4),
        (["40/n", "3"], 4),
        (["40/n", "2"], 3),
    ],
)
def test_attachments_of_socketio_2_lose_their_type(decoded: Any, before: list[str], engine: int) -> None:
    """Engine.IO 3 puts the byte 4 before each; who pings, and what a CONNECT has, tell the version."""
    *_, event = decoded("socketio", *before, ONE, b"\x04\x01")
    assert event.error is None and event.value["data"] == ["a", b"\x01" if engine == 3 else b"\x04\x01"]
    *_, other = decoded("socketio", *before, ONE, b"\x01")
    assert bool(other.error) is (engine == 3) and other.kind == "BINARY_EVENT"


@pytest.mark.parametrize(
    ("before", "engine"),
    [
        ([("in", '0{"sid":"x"}'), ("in", "40")], 3),
        ([("in", '0{"sid":"x"}'), ("out", "40"), ("in", '40{"sid":"y"}')], 4),
        ([("out", "2probe"), ("in", "3probe"), ("out", "5"), ("in", "2")], 4),
        ([("out", "2probe"), ("in", "2")], 4),
        ([("out", "2probe"), ("in", "3")], 3),
    ],
)
def test_what_one_direction_tells_of_the_version_holds_for_both(
    conversed: Any, before: list[Any], engine: int
) -> None:
    """Of a client that sends attachments before it has pinged, the server's packets tell it."""
    *_, event = conversed("socketio", *before, ("out", ONE), ("out", b"\x04\x01"))
    assert event.error is None and event.value["data"] == ["a", b"\x01" if engine == 3 else b"\x04\x01"]


@pytest.mark.parametrize(
    ("query", "data"), [("EIO=3", b"\x01"), ("t=1&EIO=4", b"\x04\x01"), ("EIO=31", None)]
)
def test_the_url_tells_the_version(talk: Any, query: str, data: bytes | None) -> None:
    """Where the session began with polling, and no heartbeat has come yet."""
    talk.send(1, Frame.text("2probe"), Frame.text(ONE), Frame.binary(b"\x04\x01"))
    df = talk.log.df
    df.attrs["wsnotebook"]["connections"][0]["url"] = f"wss://a/socket.io/?{query}&transport=websocket"
    found = df.ws.decode("socketio").iloc[-1]
    assert (found["value"]["data"][-1] if pd.isna(found["error"]) else None) == data


def test_attachments_of_an_unknown_version_are_not_guessed(decoded: Any) -> None:
    """If all of them begin with the byte 4 the version has to be named; a ping alone is of either side."""
    for before in ([], ["2"], ["3"], ['42["b"]', "40"]):
        *_, unknown = decoded("socketio", *before, ONE, b"\x04\x01")
        assert "decode('socketio2')" in str(unknown.error) and unknown.kind == "BINARY_EVENT"
        *_, event = decoded("socketio", *before, ONE, b"\x01\x04")
        assert event.value["data"] == ["a", b"\x01\x04"]
    for name, data in (("socketio2", b"\x01"), ("socketio4", b"\x04\x01")):
        (event,) = decoded(name, ONE, b"\x04\x01")
        assert event.value["data"] == ["a", data]
