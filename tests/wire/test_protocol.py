"""The client's handshake: when a refusal is known, and what is left behind a 101."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from websockets.exceptions import InvalidMessage, InvalidStatus
from websockets.server import ServerProtocol
from websockets.typing import ExtensionName, ExtensionParameter
from websockets.uri import parse_uri

from wsnotebook.wire.extensions import WebSocketExtensionFactory
from wsnotebook.wire.protocol import HandshakeProtocol
from wsnotebook.wire.upgrade import WrongUpgrade
from wsnotebook.wire.wire import Wire


def client_of(data: bytes) -> HandshakeProtocol:
    """Return a client that has asked and got an answer, byte by byte."""
    client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire())
    client.request()
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
    assert (client.failure is not None) is is_decided
    if not is_decided:
        client.receive_eof()
    assert isinstance(client.failure, kind)
    assert not client.is_open


@pytest.mark.parametrize("data", [b"", b"\x81\x05Hello", b"\x83\x00\xff\xff" * 100])
def test_what_comes_in_the_segment_of_the_101_is_left_for_us(data: bytes) -> None:
    """Nothing of it is parsed, right or wrong, and take_early() hands it over once."""
    client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire())
    server = ServerProtocol()
    server.receive_data(client.request())
    server.send_response(server.accept(server.events_received()[0]))  # type: ignore[arg-type]  # the request
    client.receive_data(b"".join(server.data_to_send()) + data)
    assert client.is_open and client.failure is None
    assert client.take_early() == data
    assert client.take_early() == b""


class _Injecting(WebSocketExtensionFactory):
    """Offers a parameter that would begin another field."""

    name = ExtensionName("x-odd")

    def get_request_params(self) -> list[ExtensionParameter]:
        return [("a", "b\r\nCookie: c")]


def test_an_extension_cannot_add_a_field() -> None:
    """websockets checks values of fields; so does the request that is ours."""
    client = HandshakeProtocol(parse_uri("ws://localhost/"), Wire(), extensions=[_Injecting()])
    with pytest.raises(ValueError, match="line break"):
        client.request()


@pytest.mark.parametrize(
    ("url", "options", "fields"),
    [
        ("ws://h/", {}, {"Host": "h"}),
        ("ws://h:8080/p?q=1", {}, {"Host": "h:8080"}),
        ("wss://h:443/", {}, {"Host": "h"}),
        ("ws://[::1]:8080/", {}, {"Host": "[::1]:8080"}),
        ("ws://me:pass@h/", {}, {"Host": "h", "Authorization": "Basic bWU6cGFzcw=="}),
        ("ws://h/", {"headers": [("host", "own"), ("X-A", "1")]}, {"Host": "own", "X-A": "1"}),
        ("ws://h/", {"origin": "http://o"}, {"Host": "h", "Origin": "http://o"}),
        ("ws://h/", {"subprotocols": ["a", "b"]}, {"Host": "h", "Sec-WebSocket-Protocol": "a, b"}),
        ("ws://h/", {"user_agent": "us"}, {"Host": "h", "User-Agent": "us"}),
        (
            "ws://h/",
            {"user_agent": "us", "headers": [("user-agent", "me")]},
            {"Host": "h", "user-agent": "me"},
        ),
    ],
)
def test_the_request_has_each_field_once(url: str, options: dict[str, Any], fields: dict[str, str]) -> None:
    """The Host first (RFC 9110 §7.2), and beside those of every handshake (RFC 6455 §4.1) what was asked for."""
    client = HandshakeProtocol(parse_uri(url), Wire(), **options)
    first, *lines = client.request().decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    sent = dict(line.split(": ", 1) for line in lines)
    assert len(sent) == len(lines) and lines[0] == f"Host: {fields['Host']}"
    assert first == f"GET {parse_uri(url).resource_name} HTTP/1.1"
    assert len(base64.b64decode(sent["Sec-WebSocket-Key"])) == 16
    ours = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    assert sent == ours | fields | {"Sec-WebSocket-Key": client.key}
