"""STOMP: frames in the form of the specification, several in a message, broken frames."""

from __future__ import annotations

from typing import Any

import pytest


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
    "payload",
    [
        "x",
        "WHAT\n\n\0",
        "SEND\n\nno end",
        "SEND\nab\n\n\0",
        "SEND\na:\\t\n\n\0",
        "SEND\ncontent-length:-1\n\n\0",
        "SEND\ncontent-length:9\n\na\0",
    ],
)
def test_a_broken_frame_is_an_error(decoded: Any, payload: str) -> None:
    """Never an exception."""
    assert decoded("stomp", payload)[0].error
