"""The client's handshake: when a refusal is known, and what is left behind a 101."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.upgrade import WrongUpgrade
from wsnotebook.wire.wire import Wire


def client_of(data: bytes) -> HandshakeProtocol:
    """Return a client that has asked and got an answer, byte by byte."""
    client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire())
    client.send_request(client.connect())
    for place in range(len(data)):
        client.receive_data(data[place : place + 1])
    return client


@pytest.mark.parametrize(
    ("data", "kind", "is_decided"),
    [
        (b"HTTP/1.1 500 X\r\nContent-Length: 2\r\n\r\nno", InvalidStatus, True),
        (b"HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\nno", InvalidStatus, False),
        (b"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 9\r\n\r\n", InvalidStatus, True),
        (b"HTTP/1.1 101 X\r\n\r\n", WrongUpgrade, True),
        (b"nothing of HTTP", InvalidMessage, True),
        (b"HTTP/1.1 1", InvalidMessage, False),
    ],
)
def test_a_refusal_is_known_when_it_can_be(data: bytes, kind: type[Exception], is_decided: bool) -> None:
    """A body is waited for, but that of a redirect, which may never end; the end of the stream decides the rest."""
    client = client_of(data)
    assert (client.handshake_exc is not None) is is_decided
    if not is_decided:
        client.receive_eof()
    assert isinstance(client.handshake_exc, kind)
    assert client.state is not State.OPEN


@pytest.mark.parametrize("data", [b"", b"\x81\x05Hello", b"\x83\x00\xff\xff" * 100])
def test_what_comes_in_the_segment_of_the_101_is_left_for_us(data: bytes) -> None:
    """websockets parses nothing of it, right or wrong, and take_early() hands it over once."""
    client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire())
    server = ServerProtocol()
    client.send_request(client.connect())
    for sent in client.data_to_send():
        server.receive_data(sent)
    server.send_response(server.accept(server.events_received()[0]))  # type: ignore[arg-type]  # the request
    client.receive_data(b"".join(server.data_to_send()) + data)
    assert client.handshake_exc is None
    assert client.take_early() == data
    assert client.take_early() == b""
