"""The client's handshake: the limits of the response, and what it leans on in websockets."""

from __future__ import annotations

import inspect

import pytest
from websockets import http11
from websockets.client import ClientProtocol
from websockets.exceptions import SecurityError
from websockets.protocol import Protocol
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.wire import Wire


def answer_with(fields: int, line: int = 10) -> bytes:
    """Return a 101 with a number of header fields, one of which makes a line of ``line`` bytes."""
    head = b"HTTP/1.1 101 Switching Protocols\r\n"
    return head + b"A: " + b"a" * (line - 5) + b"\r\n" + b"B: b\r\n" * (fields - 1) + b"\r\n"


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("what", ["fields", "line"])
def test_the_limits_of_the_handshakes_headers(over: int, what: str) -> None:
    """As many fields, and as long a line, as websockets takes, and not one more; in one-byte reads too."""
    if what == "fields":
        data = answer_with(http11.MAX_NUM_HEADERS + over)
    else:
        data = answer_with(3, http11.MAX_LINE_LENGTH + over)
    for pieces in ([data], [data[place : place + 1] for place in range(len(data))]):
        client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire())
        client.send_request(client.connect())
        for piece in pieces:
            client.receive_data(piece)
        assert client.handshake_exc is not None  # at best it lacks Upgrade
        too_much = isinstance(client.handshake_exc.__cause__, SecurityError)
        assert too_much is (over > 0), client.handshake_exc.__cause__


def test_only_the_frame_loop_of_websockets_is_replaced() -> None:
    """A contract with a private part: ClientProtocol.parse must go on to super().parse() after the 101."""
    assert "super().parse()" in inspect.getsource(ClientProtocol.parse)
    assert inspect.isgeneratorfunction(Protocol.parse)
    order = [kind.__name__ for kind in HandshakeProtocol.__mro__]
    assert order.index("ClientProtocol") < order.index("_FrameLoop") < order.index("Protocol")


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
