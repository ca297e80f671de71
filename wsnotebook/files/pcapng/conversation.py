"""Conversation: one TCP connection of a capture, from the HTTP upgrade, or from the middle, to frames.

Its bytes come in order, with gaps, from our own reader or from tshark.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from wsnotebook.files.pcapng.findings import Findings
from wsnotebook.files.pcapng.framesearch import ASKED
from wsnotebook.files.pcapng.head import Head
from wsnotebook.files.pcapng.httpupgrade import HttpUpgrade, Upgraded
from wsnotebook.files.pcapng.middle import Found, Middle
from wsnotebook.files.pcapng.side import Parameters, Side, deflate_parameters
from wsnotebook.files.pcapng.tcpstream import Part, Piece
from wsnotebook.log.connections import Connection
from wsnotebook.wire.batch import Batch

__all__ = ["Conversation", "End"]

End = tuple[str, int]
"""IP address and port."""

_MOST_LATE = 10_000  # batches that wait for a side that searches
_TLS = b"\x16\x03"  # a handshake record (RFC 8446 §5.1)
_HTTP2 = b"PRI * HTTP/2"  # the preface of a connection (RFC 9113 §3.4)
_Late = tuple[int, Batch, Literal["in", "out"]]
_DIRECTIONS: tuple[Literal["in"], Literal["out"]] = ("in", "out")


def _by_time(late: list[_Late]) -> list[_Late]:
    """Return batches of both sides by time, those of each side in the order of its stream.

    A segment that was sent again has a later time than those that follow it in the stream: they count as no earlier.
    """
    reached: dict[str, int] = {}  # the latest time so far, by direction
    times = []
    for time_ns, _, direction in late:
        reached[direction] = max(time_ns, reached.get(direction, time_ns))
        times.append(reached[direction])
    return [late[place] for place in sorted(range(len(late)), key=times.__getitem__)]


class Conversation:
    """Decode both directions; a side is the number of its end.

    Args:
        findings: where rows and events go.
        ends: both ends.
        client: which of them opened the connection; None where that was not captured.
        is_begun: its first packets were not captured.
        is_decrypted: it is what TLS carried.
    """

    def __init__(
        self,
        findings: Findings,
        ends: tuple[End, End],
        client: int | None,
        *,
        is_begun: bool,
        is_decrypted: bool = False,
    ) -> None:
        self._findings = findings
        self._ends = ends
        self._upgrade: HttpUpgrade | None = HttpUpgrade(client)
        self._middle = Middle() if is_begun else None
        self._sides: tuple[Side, Side] | None = None
        self._client = client
        self._number = -1
        self._late: list[_Late] = []  # what waits for a side that searches
        self._has_waited = False
        self._asked = next((side for side in range(2) if ends[side][1] == findings.port), None)
        self._scheme = "wss" if is_decrypted else "ws"
        self.is_tls = False
        """Whether it carries TLS, which is not decoded here."""
        self.is_http2 = False
        """Whether it is HTTP/2, in which a WebSocket is one of many streams (RFC 8441)."""

    def receive(self, side: int, part: Part) -> None:
        """Receive the next part of one side's stream."""
        if self._sides is not None:
            self._decode(side, part)
            return
        if self._upgrade is not None and not self._is_other(part):
            upgraded = (
                self._upgrade.feed(side, part.data) if isinstance(part, Piece) else self._upgrade.miss(side)
            )
            if upgraded is not None:
                self._open(upgraded, part.time_ns)
            elif self._asked is not None and not self._upgrade.is_http:
                self._begin(1 - self._asked, part.time_ns)
                for number in range(2):
                    self._side(number).begin_within(ASKED)
                self._decode(side, part)
            else:
                self._look_in_the_middle(side, part)

    def _is_other(self, part: Part) -> bool:
        """Tell whether another protocol begins: TLS, perhaps after a CONNECT, or HTTP/2."""
        if isinstance(part, Piece) and self._upgrade is not None:
            self.is_tls = part.data.startswith(_TLS) and self._upgrade.may_carry_tls
            self.is_http2 = part.data.startswith(_HTTP2)
        if self.is_tls or self.is_http2:
            self._upgrade = self._middle = None
        return self._upgrade is None

    def _look_in_the_middle(self, side: int, part: Part) -> None:
        if self._middle is None and isinstance(part, Piece):
            return
        middle = self._middle = self._middle or Middle()  # a gap may have swallowed the handshake
        found = middle.add(side, part)
        if found is not None:
            self._replay(middle, found)
        elif middle.is_over and not middle.has_half:
            self._middle = None

    def _replay(self, middle: Middle, found: Found) -> None:
        """Decode what was captured so far, now that it is known to be a WebSocket."""
        self._begin(found.client, middle.parts[0][1].time_ns)
        for side, offset in enumerate(found.offsets):
            self._side(side).begin_at(offset)
        for side, part in middle.parts:
            self._decode(side, part)

    def _open(self, upgraded: Upgraded, time_ns: int) -> None:
        """Begin with the frames after a handshake."""
        self._client = upgraded.client
        server = "{}:{}".format(*self._ends[1 - upgraded.client])
        url = upgraded.request.url(server, self._scheme)
        self._register(url.partition("://")[2], url, upgraded.request, upgraded.response, time_ns)
        extensions = upgraded.response.value("sec-websocket-extensions")
        # Of a cut head nobody knows what was negotiated: compressed frames are taken for such.
        self._make_sides({} if upgraded.cut[1 - upgraded.client] else deflate_parameters(extensions))
        if any(upgraded.cut):
            self._note("truncated", time_ns, "the capture lacks a part of the handshake")
        else:
            self._note_oddities(upgraded, time_ns)
        for side, early in enumerate(upgraded.early):
            if upgraded.cut[side]:
                self._side(side).begin_within(ASKED)
            if early:
                self._decode(side, Piece(early, time_ns))

    def _note_oddities(self, upgraded: Upgraded, time_ns: int) -> None:
        for what, head in (("request", upgraded.request), ("response", upgraded.response)):
            for oddity in head.oddities():
                self._note("handshake", time_ns, f"a strict reader refuses the {what}: {oddity}")
        if not upgraded.response.answers(upgraded.request):
            detail = "the Sec-WebSocket-Accept of the response does not belong to the key of the request"
            self._note("handshake", time_ns, detail)

    def _begin(self, client: int, time_ns: int) -> None:
        """Begin in the middle: no handshake says what was negotiated."""
        self._client = client
        name = "{}:{}".format(*self._ends[1 - client])
        self._register(name, "", Head(b""), Head(b""), time_ns)
        self._make_sides({})
        self._note("truncated", time_ns, "the capture begins after the handshake of this connection")

    def _make_sides(self, deflate: Parameters | None) -> None:
        def note(time_ns: int, detail: str) -> None:
            self._note("truncated", time_ns, detail)

        server, client = Side("server", deflate, note), Side("client", deflate, note)
        self._sides = (client, server) if self._client == 0 else (server, client)
        self._upgrade = self._middle = None

    def _side(self, side: int) -> Side:
        assert self._sides is not None  # the callers have made them, or have looked
        return self._sides[side]

    def _register(self, name: str, url: str, request: Head, response: Head, time_ns: int) -> None:
        client = self._client
        assert client is not None  # both callers have set it
        self._number = self._findings.log.register(
            Connection(
                self._findings.name(name),
                url=url,
                request=request.data,
                response=response.data,
                opened_ns=time_ns,
                local_address=self._ends[client],
                remote_address=self._ends[1 - client],
                has_secrets=True,
            )
        )

    def _decode(self, side: int, part: Part) -> None:
        self._append(side, self._side(side).receive(part))

    def _append(self, side: int, found: Iterator[tuple[Batch, int]]) -> None:
        """Append batches; in the order of their times where a side has searched, and has found them late."""
        direction = _DIRECTIONS[side == self._client]
        self._late += [(time_ns, batch, direction) for batch, time_ns in found]
        is_waiting = any(decoder.is_searching for decoder in self._sides or ())
        self._has_waited |= is_waiting
        if not self._late or (is_waiting and len(self._late) < _MOST_LATE):
            return
        for time_ns, batch, which in _by_time(self._late) if self._has_waited else self._late:
            self._findings.append(batch, self._number, which, time_ns)
        self._late.clear()
        self._has_waited = is_waiting

    def _note(self, kind: str, time_ns: int, detail: str) -> None:
        self._findings.note(kind, detail, time_ns, self._findings.log.connections[self._number].session)

    def finish(self) -> None:
        """Flush both directions: a frame that the end of the capture cuts off is recorded as truncated."""
        if self._middle is not None and self._sides is None:
            found = self._middle.settle()
            if found is not None:
                self._replay(self._middle, found)
            elif self._middle.has_half:
                self._findings.likely.append(self._ends)
        for side, decoder in enumerate(self._sides or ()):
            self._append(side, decoder.finish())
