"""A capture by tcpdump, Wireshark or another program: TCP connections that became WebSockets, as rows of a log.

Times are those of the capture, also in ``monotonic``. Nothing is redacted, and the connections say so.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files.header import Header
from wsnotebook.files.pcapng.decoder import Decoder, deflate_parameters
from wsnotebook.files.pcapng.httpupgrade import HttpUpgrade, Upgraded
from wsnotebook.files.pcapng.packets import FIN, RST, SYN, Segment, segments
from wsnotebook.files.pcapng.tcpstream import TcpStream
from wsnotebook.log.connections import Connection
from wsnotebook.log.events import Event
from wsnotebook.log.rowlog import RowLog
from wsnotebook.log.rows import Rows

__all__ = ["read"]

_MAX_FLOWS = 65_536  # TCP connections at once; each needs some kilobytes until it ends
_End = tuple[bytes, int]


def read(path: Path) -> tuple[Header, Iterator[Rows]]:
    """Return the header and the rows of the WebSockets in a capture of unencrypted traffic.

    The rows are collected first, because the header counts them; beyond the retention of a log they are spilled.

    Raises:
        FileError: the file is damaged, or no WebSocket begins in it.
    """
    log, events = RowLog(), list[Event]()
    flows: dict[tuple[_End, _End], _Flow] = {}
    seen = 0
    for segment in segments(path):
        key = min((segment.source, segment.target), (segment.target, segment.source))
        flow = flows.get(key)
        if flow is None or (segment.flags & SYN and flow.is_over):
            if flow is not None:
                flow.finish()
            elif len(flows) >= _MAX_FLOWS:
                raise FileError(
                    path, "", f"more than {_MAX_FLOWS} TCP connections: filter the capture by port first"
                )
            seen += 1
            flow = flows[key] = _Flow(log, events)
        flow.take(segment)
    for flow in flows.values():
        flow.finish()
    if not log.connections:
        raise FileError(
            path,
            "",
            f"no WebSocket begins in the {seen} TCP connections captured: start the capture before connecting, and "
            "without TLS (or record with record='x.pcapng', which sees what TLS carries)",
        )
    return Header(log.first, len(log), log.connections, events, 0, 0), log.drain()


class _Flow:
    """One TCP connection, from the HTTP upgrade to frames."""

    def __init__(self, log: RowLog, events: list[Event]) -> None:
        self._log = log
        self._events = events
        self._client: _End | None = None
        self._streams = (TcpStream(), TcpStream())  # by direction: from the server, from the client
        self._upgrade: HttpUpgrade | None = HttpUpgrade()
        self._decoders: tuple[Decoder, Decoder] | None = None
        self._number = -1
        self._last_ns = 0

    @property
    def is_over(self) -> bool:
        """Whether a SYN begins another connection between the same ends."""
        return (
            any(stream.is_ended for stream in self._streams)
            or self._upgrade is None
            and self._decoders is None
        )

    def take(self, segment: Segment) -> None:
        """Receive a segment of either direction."""
        if self._client is None:
            answers = segment.flags & 0x12 == 0x12 or segment.data.startswith(b"HTTP/")
            self._client = segment.target if answers else segment.source
        sent = segment.source == self._client
        stream = self._streams[sent]
        self._last_ns = segment.time_ns
        if segment.flags & SYN:
            stream.start(segment.seq)
        data = stream.add((segment.seq + (segment.flags & SYN > 0)) & 0xFFFFFFFF, segment.data)
        if data:
            self._receive(data, sent, segment)
        if segment.cut and not stream.is_broken:
            self._break(stream, segment.cut, "bytes were left out by the capture's snap length")
        if segment.flags & (FIN | RST):
            stream.is_ended = True

    def _receive(self, data: bytes, sent: bool, segment: Segment) -> None:
        if self._decoders is not None:
            self._decode(data, sent)
        elif self._upgrade is not None:
            upgraded = self._upgrade.feed(data, sent)
            if upgraded is not None:
                self._open(upgraded, segment, sent)
            elif not self._upgrade.is_http:
                self._upgrade = None

    def _open(self, upgraded: Upgraded, segment: Segment, sent: bool) -> None:
        client, server = (segment.source, segment.target) if sent else (segment.target, segment.source)
        count = sum(connection.url == upgraded.url for connection in self._log.connections)
        name = upgraded.url.removeprefix("ws://") + (f" ({count + 1})" if count else "")
        self._number = self._log.register(
            Connection(
                name,
                url=upgraded.url,
                request=upgraded.request,
                response=upgraded.response,
                opened_ns=segment.time_ns,
                local_address=_address(client),
                remote_address=_address(server),
                has_secrets=True,
            )
        )
        deflate = deflate_parameters(upgraded.extensions)
        self._decoders = (Decoder("server", deflate), Decoder("client", deflate))
        self._upgrade = None
        for side, early in enumerate(upgraded.early):
            if early:
                self._decode(early, bool(side))

    def _decode(self, data: bytes, sent: bool) -> None:
        assert self._decoders is not None  # both callers have looked
        for batch in self._decoders[sent].decode(data):
            self._log.append(batch, self._number, "out" if sent else "in", self._last_ns, self._last_ns)

    def _break(self, stream: TcpStream, size: int, why: str) -> None:
        stream.is_broken = True
        if self._decoders is not None:
            self._note(f"{size} {why}: this direction ends here")

    def _note(self, detail: str) -> None:
        name = self._log.connections[self._number].session
        self._events.append(Event(self._last_ns, self._last_ns, name, "truncated", detail))

    def finish(self) -> None:
        """Flush both directions: a frame or segment that the end of the capture cut off is recorded as truncated."""
        if self._decoders is None:
            return
        for sent, (stream, decoder) in enumerate(zip(self._streams, self._decoders, strict=True)):
            if stream.waiting:
                self._break(stream, stream.waiting, "bytes came after some that the capture does not have")
            batch = decoder.finish()
            if batch is not None:
                self._log.append(batch, self._number, "out" if sent else "in", self._last_ns, self._last_ns)


def _address(end: _End) -> tuple[str, int]:
    return str(ipaddress.ip_address(end[0])), end[1]
