"""HttpUpgrade: a captured HTTP connection, parsed by two h11 state machines until it becomes a WebSocket."""

from __future__ import annotations

from typing import Any, NamedTuple

import h11

__all__ = ["HttpUpgrade", "Upgraded"]

_MAX_HEAD = 64 << 10  # bytes


class Upgraded(NamedTuple):
    """A handshake that succeeded, and the bytes that followed it in the same segments."""

    url: str
    request: bytes
    """Request head as captured."""
    response: bytes
    """Response head as captured."""
    extensions: str
    """Value of the server's Sec-WebSocket-Extensions."""
    early: tuple[bytes, bytes]
    """Bytes after the heads: from the server, from the client."""


class HttpUpgrade:
    """Parse both directions. The events of each are sent to the state machine of the other, so that the two agree."""

    def __init__(self) -> None:
        self._response_parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD)
        self._request_parser = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD)
        self._request = bytearray()  # as captured since the last response
        self._response = bytearray()
        self._early_response = b""  # captured before its request
        self._target = b""
        self._host = b""
        self._is_open = False  # a request has no response yet
        self.is_http = True
        """False after bytes that are not HTTP/1.1."""

    def feed(self, data: bytes, sent: bool) -> Upgraded | None:
        """Receive bytes of one side; return the handshake when it is complete."""
        try:
            if sent:
                self._request += data[: _MAX_HEAD - len(self._request)]
                self._request_parser.receive_data(data)
                self._parse_requests()
                data, self._early_response = self._early_response, b""
            if not self._is_open:
                self._early_response += data
                self.is_http &= len(self._early_response) <= _MAX_HEAD
                return None
            self._response += data[: _MAX_HEAD - len(self._response)]
            if data:
                self._response_parser.receive_data(data)
            return self._parse_responses()
        except (h11.RemoteProtocolError, h11.LocalProtocolError):
            self.is_http = False
            return None

    def _parse_requests(self) -> None:
        while True:
            event = self._request_parser.next_event()
            if isinstance(event, h11.Request):
                self._target = bytes(event.target)
                self._host = dict(event.headers).get(b"host", b"")
                self._is_open = True
            if isinstance(event, type) or isinstance(event, h11.ConnectionClosed):  # NEED_DATA or PAUSED
                return
            self._response_parser.send(event)

    def _parse_responses(self) -> Upgraded | None:
        while True:
            event: Any = self._response_parser.next_event()
            if isinstance(event, type) or isinstance(event, h11.ConnectionClosed):
                return None
            self._request_parser.send(event)
            if isinstance(event, h11.InformationalResponse) and event.status_code == 101:
                return self._upgraded(dict(event.headers))
            if isinstance(event, h11.EndOfMessage):
                self._response_parser.start_next_cycle()
                self._request_parser.start_next_cycle()
                self._is_open = False
                self._request.clear()
                self._response.clear()
                self._parse_requests()

    def _upgraded(self, headers: dict[bytes, bytes]) -> Upgraded | None:
        if headers.get(b"upgrade", b"").lower() != b"websocket":
            self.is_http = False
            return None
        return Upgraded(
            "ws://" + (self._host + self._target).decode("latin-1"),
            _head(self._request),
            _head(self._response),
            headers.get(b"sec-websocket-extensions", b"").decode("latin-1"),
            (bytes(self._response_parser.trailing_data[0]), bytes(self._request_parser.trailing_data[0])),
        )


def _head(data: bytearray) -> bytes:
    """Return the bytes up to the empty line, with it."""
    return bytes(data[: data.index(b"\r\n\r\n") + 4]) if b"\r\n\r\n" in data else bytes(data)
