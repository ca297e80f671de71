"""BrowserSockets: rows of the log from the events by which a browser tells of its WebSockets.

A browser tells messages, not frames: no mask keys, lengths on the wire, fragments, compression or control frames.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit, urlunsplit

from wsnotebook.log.connections import UNKNOWN_KEY, Connection
from wsnotebook.log.rowlog import RowLog
from wsnotebook.middle.targets import Target
from wsnotebook.redaction import redact_head, redact_text, redact_url
from wsnotebook.wire.batch import Flag, batch_of, first_byte
from wsnotebook.wire.frames import Opcode

__all__ = ["BrowserSocket", "BrowserSockets"]

_Values: TypeAlias = dict[str, Any]

_UNKNOWN = "the browser tells no mask keys, no lengths on the wire, no fragments and no control frames"
_NO_BYTES = "empty, or a Blob: the browser does not tell the bytes of one that a page sends"
_CREATED = "Network.webSocketCreated"
_EARLIER = "it was open before attaching: its address and handshake are not known"


@dataclass(slots=True)
class BrowserSocket:
    """One WebSocket of a page or a worker."""

    name: str = ""
    """Name of its session in the log: "socket-1", or "earlier-1" where it was open before attaching."""
    url: str = ""
    """Its address, redacted; empty where it was open before attaching."""
    place: str = ""
    """The page or worker that has it."""
    is_open: bool = True
    """Whether it was not closed yet."""
    line: str = field(default="", repr=False)
    """Request line, with its secrets."""
    request: bytes = b""
    """Head of the request, redacted as the log is."""
    response: bytes = b""
    """Head of the response, redacted as the log is."""
    opened_ns: int = 0
    """Wall clock at the end of the handshake, ns since the epoch."""
    connection: int | None = None
    """Number in the log; None before the first row."""
    events: int = field(default=0, repr=False)
    """How many were handled."""
    told: dict[str, int] = field(default_factory=dict, repr=False)
    """How many each session has told that is attached to its page or worker."""

    def is_news(self, session: str, *, is_creation: bool) -> bool:
        """Count an event that a session has told, and return whether it was the first to tell it.

        Each session that knows a WebSocket from its creation tells the same events in the same order. One that began to
        tell of it later cannot be compared with the others, and is passed over while there is another.
        """
        if session not in self.told:
            if self.told and not is_creation:
                return False
            self.told[session] = 0 if self.told else self.events
        self.told[session] += 1
        if self.told[session] <= self.events:
            return False
        self.events += 1
        return True


class BrowserSockets:
    """The WebSockets of a browser.

    Args:
        log: messages and events are recorded here.
        find: returns the target to which a session is attached, by the session's id.
    """

    def __init__(self, log: RowLog, find: Callable[[str], Target | None]) -> None:
        self.recorded: list[BrowserSocket] = []
        """Those of which something was recorded, oldest first."""
        self._log = log
        self._find = find
        self._sockets: dict[tuple[str, str], BrowserSocket] = {}
        self._offsets: tuple[int, int] | None = None  # of the log's clocks to the browser's

    def take(self, event: str, values: _Values, session: str) -> None:
        """Record an event that a session tells; others than those of WebSockets are passed over."""
        handle = _HANDLERS.get(event)
        target = self._find(session)
        if handle is None or target is None:
            return
        key = target.id, values["requestId"]
        socket = self._sockets.setdefault(key, BrowserSocket(place=target.name))
        if socket.is_news(session, is_creation=event == _CREATED):
            handle(self, socket, values, target)

    def detached(self, target: Target, session: str) -> None:
        """Forget a session; the WebSockets of a target that has no other are closed."""
        if not target.sessions:
            self.gone(target, "its page or worker was closed")
        for (place, _), socket in self._sockets.items():
            if place == target.id:
                socket.told.pop(session, None)

    def gone(self, target: Target | None, why: str) -> None:
        """Close the WebSockets of a target, or of the browser, for which None stands: what had them is gone."""
        for key in [key for key in self._sockets if target is None or key[0] == target.id]:
            self._end(self._sockets.pop(key), why)

    # What a browser tells

    def created(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """A page has called ``new WebSocket``."""
        parts = urlsplit(values["url"])
        socket.url = redact_url(values["url"])
        socket.line = f"GET {urlunsplit(('', '', parts.path or '/', parts.query, ''))} HTTP/1.1"
        if target.is_followed:
            self._name(socket)
            self._log.note("connecting", f"{socket.url}, by the {socket.place}", socket.name)

    def requested(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """The request was sent."""
        socket.request = self._head(socket.line, values["request"]["headers"])

    def answered(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """The response was received."""
        response = values["response"]
        text = response.get("requestHeadersText", "")
        if text:
            socket.request = self._head(text.partition("\r\n")[0], text)
        line = f"HTTP/1.1 {response['status']} {response['statusText']}"
        socket.response = self._head(line, response.get("headersText") or response["headers"])
        socket.opened_ns, _ = self._times(values["timestamp"])
        if target.is_followed:
            self._name(socket)
            self._log.note("handshake", line, socket.name)
            if response["status"] == 101:
                self._register(socket)

    def sent(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """The page has sent a message."""
        if target.is_followed:
            self._record(socket, values, is_sent=True)

    def received(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """A message has come."""
        if target.is_followed:
            self._record(socket, values, is_sent=False)

    def failed(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """The browser reports an error."""
        if target.is_followed:
            self._name(socket)
            self._log.note("error", redact_text(values["errorMessage"]), socket.name)

    def closed(self, socket: BrowserSocket, values: _Values, target: Target) -> None:
        """The connection has ended."""
        self._end(socket, "the browser does not tell with which code")
        if not socket.name:  # of one that was recorded, another session may tell yet
            self._sockets.pop((target.id, values["requestId"]), None)

    # Recording

    def _record(self, socket: BrowserSocket, values: _Values, *, is_sent: bool) -> None:
        frame = values["response"]
        opcode = int(frame["opcode"])
        is_text = opcode == Opcode.TEXT
        data = frame["payloadData"]
        payload = data.encode("utf-8", "replace") if is_text else base64.b64decode(data)
        head = first_byte(opcode, fin=1, rsv1=0, rsv2=0, rsv3=0)
        batch = batch_of(
            (head, Flag.TEXT if is_text else 0, payload, None), UNKNOWN_KEY if frame["mask"] else None
        )
        if is_sent and opcode == Opcode.BINARY and not payload:  # a Blob is told as payloadData ""
            batch.details[0] = _NO_BYTES
        times = self._times(values["timestamp"])
        if socket.connection is None:
            self._register(socket)
        assert socket.connection is not None
        self._log.append(batch, socket.connection, "out" if is_sent else "in", *times)

    def _register(self, socket: BrowserSocket) -> None:
        self._name(socket)
        socket.connection = self._log.register(
            Connection(
                session=socket.name,
                url=socket.url,
                request=socket.request,
                response=socket.response,
                opened_ns=socket.opened_ns,
                has_secrets=self._log.include_secrets,
                is_reported=True,
            )
        )
        where = socket.url or f"{_EARLIER}; it belongs to the {socket.place}"
        self._log.note("open", f"{where}; {_UNKNOWN}", socket.name)

    def _name(self, socket: BrowserSocket) -> None:
        if not socket.name:
            number = self._log.new_number("socket", "earlier")
            socket.name = f"{'socket' if socket.url else 'earlier'}-{number}"
            self.recorded.append(socket)

    def _end(self, socket: BrowserSocket, why: str) -> None:
        if socket.name and socket.is_open:
            self._log.note("closed", why, socket.name)
        socket.is_open = False

    def _times(self, timestamp: float) -> tuple[int, int]:
        """Return the wall and the monotonic time of an event: intervals are the browser's, the rest is the log's."""
        told = round(timestamp * 1e9)
        if self._offsets is None:
            self._offsets = self._log.clock() - told, self._log.monotonic() - told
        return told + self._offsets[0], told + self._offsets[1]

    def _head(self, first_line: str, fields: dict[str, str] | str) -> bytes:
        pairs = list(_pairs(fields))
        if not self._log.include_secrets:
            return redact_head(first_line, pairs)
        lines = [first_line, *(f"{name}: {value}" for name, value in pairs)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _pairs(fields: dict[str, str] | str) -> Iterator[tuple[str, str]]:
    """Yield the fields of a header, of its text, or of an object in which the values of one name are lines."""
    if isinstance(fields, dict):
        yield from ((name, value) for name, values in fields.items() for value in values.split("\n"))
        return
    for line in fields.split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            yield name, value.strip()


_Handle: TypeAlias = Callable[[BrowserSockets, BrowserSocket, _Values, Target], None]

_HANDLERS: dict[str, _Handle] = {
    _CREATED: BrowserSockets.created,
    "Network.webSocketWillSendHandshakeRequest": BrowserSockets.requested,
    "Network.webSocketHandshakeResponseReceived": BrowserSockets.answered,
    "Network.webSocketFrameSent": BrowserSockets.sent,
    "Network.webSocketFrameReceived": BrowserSockets.received,
    "Network.webSocketFrameError": BrowserSockets.failed,
    "Network.webSocketClosed": BrowserSockets.closed,
}
"""Events of the DevTools protocol, and what is done about each."""
