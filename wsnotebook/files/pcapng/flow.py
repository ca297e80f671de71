"""Flow: one TCP connection of a capture, from segments to a conversation."""

from __future__ import annotations

import ipaddress

from wsnotebook.files.pcapng.conversation import Conversation, End
from wsnotebook.files.pcapng.findings import Findings
from wsnotebook.files.pcapng.segments import ACK, FIN, RST, SYN, Segment
from wsnotebook.files.pcapng.tcpstream import TcpStream

__all__ = ["Flow"]


class Flow:
    """Put the segments of both directions in order.

    Args:
        findings: where rows and events go.
        first: its first segment, which is not received by this.
    """

    def __init__(self, findings: Findings, first: Segment) -> None:
        self._source = first.source  # of side 0
        self._streams = (TcpStream(), TcpStream())
        client = None
        if first.flags & SYN:
            client = 1 if first.flags & ACK else 0
        ends = _end(first.source), _end(first.target)
        self.conversation = Conversation(findings, ends, client, is_begun=client is None)
        self._last_ns = first.time_ns

    def is_followed_by(self, segment: Segment) -> bool:
        """Tell whether a segment begins another connection between the same ends."""
        if not segment.flags & SYN:
            return False
        stream = self._streams[segment.source != self._source]
        if stream.initial is None:
            return stream.is_begun
        return stream.initial != segment.seq

    def take(self, segment: Segment) -> None:
        """Receive a segment of either direction."""
        side = int(segment.source != self._source)
        stream, other = self._streams[side], self._streams[1 - side]
        time_ns = self._last_ns = segment.time_ns
        seq = segment.seq
        if segment.flags & SYN:
            stream.start(seq)
            seq = (seq + 1) & 0xFFFFFFFF
        for part in stream.add(seq, segment.data, segment.cut, time_ns):
            self.conversation.receive(side, part)
        if segment.flags & (FIN | RST):
            end = (seq + len(segment.data) + segment.cut) & 0xFFFFFFFF
            stream.end(end, is_orderly=bool(segment.flags & FIN))
        if segment.flags & ACK and segment.ack:  # programs that make packets leave it 0
            for part in other.acknowledge(segment.ack, time_ns):
                self.conversation.receive(1 - side, part)

    def finish(self) -> None:
        """Flush what waits, and the frames that the end cuts off."""
        for side, stream in enumerate(self._streams):
            for part in stream.finish(self._last_ns):
                self.conversation.receive(side, part)
        self.conversation.finish()


def _end(end: tuple[bytes, int]) -> End:
    return str(ipaddress.ip_address(end[0])), end[1]
