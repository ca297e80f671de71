"""STOMP: frames in the form of the specification, several in a message, one in several, broken frames."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.analysis.decoders.stomp import Stomp, looks_like_stomp
from wsnotebook.analysis.decoders.stream import Item, run

FRAMES = "SEND\ndestination:/a\ncontent-length:4\n\na\0\0b\0\n\nMESSAGE\r\nid:é\r\n\r\nhi\0ACK\nid:1\n\n\0"


def test_frames_of_the_specification(decoded: Any) -> None:
    """Escapes in headers, the first of two equal headers, a body with NUL by its length, heartbeats, the secret."""
    connect, message, send, beat = decoded(
        "stomp",
        "CONNECT\naccept-version:1.2\nlogin:u\npasscode:p\n\n\0",
        "MESSAGE\r\nfoo:World\r\nfoo:Hello\r\na\\cb:x\\ny\r\n\r\nhi\0\nSEND\ncontent-length:3\n\na\0b\0",
        "\n",
    )
    assert connect.kind == "CONNECT" and connect.value["headers"] == {"accept-version": "1.2", "login": "u"}
    assert message.value == {"headers": {"foo": "World", "a:b": "x\ny"}, "body": "hi"}
    assert (send.kind, send.value["body"], send.first) == ("SEND", "a\0b", 1) and beat.kind == "heartbeat"


@pytest.mark.parametrize(
    "first",
    [
        "CONNECTED",
        "CONNECTED\nversion:1.0",
        "CONNECT\nlogin:u",
        "CONNECT\naccept-version:1.0",
        "STOMP\nhost:x",
    ],
)
def test_version_1_0_has_no_escapes(decoded: Any, first: str) -> None:
    """After a first frame that names it, or no version, as those of 1.0; a reversed bar there is itself."""
    _, found = decoded("stomp", f"{first}\n\n\0MESSAGE\nfile:C:\\temp\\new\n\nb\0")
    assert found.error is None and found.value["headers"] == {"file": "C:\\temp\\new"}
    for later in ("CONNECTED\nversion:1.1", "CONNECT\naccept-version:1.0,1.1,1.2"):
        _, _, found = decoded("stomp", f"{first}\n\n\0", f"{later}\n\n\0MESSAGE\nfile:a\\nb\n\nb\0")
        assert found.value["headers"] == {"file": "a\nb"}


def test_the_version_of_connected_holds_for_both_directions(conversed: Any) -> None:
    """A client offers several; what the server takes tells whether the client's headers have escapes."""
    for version, written in (("1.0", r"C:\new\dir"), ("1.2", r"C\c\\new\\dir")):
        *_, sent = conversed(
            "stomp",
            ("out", "CONNECT\naccept-version:1.2,1.1,1.0\n\n\0"),
            ("in", f"CONNECTED\nversion:{version}\n\n\0"),
            ("out", f"SEND\ndestination:{written}\n\n\0"),
        )
        assert sent.error is None and sent.value["headers"]["destination"] == r"C:\new\dir"


@pytest.mark.parametrize(
    "payload",
    [
        "x",
        "WHAT\n\n\0",
        "SEND\n\nno end",
        "SEND\nab\n\n\0",
        "SEND\na:\\t\n\n\0",
        "{}",
        "SEND\0",
        "SEND\ncontent-length:1\n\nab\0",
        "SEND\ncontent-length:-1\n\n\0",
        "SEND\ncontent-length:900\n\na",
    ],
)
def test_a_broken_frame_is_an_error(decoded: Any, payload: str) -> None:
    """Never an exception; nor is the frame after it lost."""
    found = decoded("stomp", payload)
    assert found[0].error and len(found) == 1
    if payload.endswith("\0"):
        first, second = decoded("stomp", payload + "SEND\n\nx\0")
        assert first.error and second.value["body"] == "x"


@given(st.sets(st.integers(1, len(FRAMES.encode()) - 1)).map(sorted))
def test_a_cut_changes_nothing_but_where_it_lay(cuts: list[int]) -> None:
    """Frames mean the same in messages cut anywhere, as stompjs cuts large ones, and each says in which messages it lay."""
    data = FRAMES.encode()
    edges = [0, *cuts, len(data)]
    parts = [data[start:stop] for start, stop in pairwise(edges)]
    found = [
        each
        for each in run(Stomp, [Item(at, at, part) for at, part in enumerate(parts)])
        if each.kind != "heartbeat"
    ]
    assert [(each.kind, each.value["body"]) for each in found] == [
        ("SEND", "a\0\0b"),
        ("MESSAGE", "hi"),
        ("ACK", ""),
    ]
    for each, begin in zip(found, (b"SEND", b"MESSAGE", b"ACK"), strict=True):
        assert edges[each.first] <= data.index(begin) < edges[each.first + 1]
    assert found[-1].last == len(parts) - 1


def test_the_beginning_of_a_frame_is_known() -> None:
    """But for its first letters alone."""
    assert looks_like_stomp("SEND\ncontent-length:9000\n\nthe first part") and looks_like_stomp("\n") is None
    assert not looks_like_stomp("S") and not looks_like_stomp("SENDING\n") and not looks_like_stomp("")
