"""Reading: one way through the packets of a capture, alone or with what tshark makes of some connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from wsnotebook.errors import FileError
from wsnotebook.files.header import Header
from wsnotebook.files.pcapng.conversation import Conversation
from wsnotebook.files.pcapng.findings import Findings
from wsnotebook.files.pcapng.flow import Flow
from wsnotebook.files.pcapng.packets import Capture, Packet
from wsnotebook.files.pcapng.segments import Segment, Unread, segment_of
from wsnotebook.files.pcapng.tshark import Followed, Stream, Tshark
from wsnotebook.log.rows import Rows

__all__ = ["Reading"]

_MAX_FLOWS = 65_536  # TCP connections at once; each needs some kilobytes until it ends
_UNREAD, _ENCRYPTED = 1, 2  # marks of packets that tshark may read
_Key = tuple[tuple[bytes, int], tuple[bytes, int]]


class Reading:
    """Read a file once.

    Args:
        path: the capture.
        port: as in capture.read().
        has_keys: keys of TLS were given; otherwise they may be in the file.
        strict: refuse damage.
    """

    def __init__(self, path: Path, port: int | None, *, has_keys: bool, strict: bool) -> None:
        self._path = path
        self._strict = strict
        self._has_keys = has_keys
        self._findings = Findings(port)
        self._capture = Capture(path, self._damaged)
        self._flows: dict[_Key, Flow] = {}
        self._followed: dict[int, Conversation] = {}
        self._unread: Counter[Unread] = Counter()
        self._marks = bytearray()  # by packet, from 1
        self._counts: Counter[str] = Counter()  # connections, all of them and those that are not read

    def _damaged(self, place: str, problem: str) -> None:
        if self._strict:
            raise FileError(self._path, place, problem)
        self._findings.note("truncated", f"{self._path.name}, {place}: {problem}")

    @property
    def needs_tshark(self) -> bool:
        """Whether tshark may read what this could not."""
        is_encrypted = self._knows_keys and _ENCRYPTED in self._marks
        return not self._capture.is_known or is_encrypted or _UNREAD in self._marks

    @property
    def _knows_keys(self) -> bool:
        return self._has_keys or self._capture.has_secrets

    def is_for_tshark(self, packet: int) -> bool:
        """Tell whether a packet is of a connection that tshark may read."""
        if not self._capture.is_known:
            return True
        mark = self._marks[packet] if packet < len(self._marks) else 0
        return mark == _UNREAD or (mark == _ENCRYPTED and self._knows_keys)

    def read(self, tshark: Tshark | None = None, streams: Sequence[Stream] = ()) -> None:
        """Read all packets, those of some streams by tshark."""
        numbers = {stream.number for stream in streams}
        parts = iter(tshark.follow(streams)) if tshark is not None and streams else iter(())
        part = next(parts, None)
        times = [0]
        for packet in self._capture.packets() if self._capture.is_known else ():
            if tshark is not None:
                times.append(packet.time_ns)
                while part is not None and part.packet <= packet.number:
                    self._follow(part, streams, times)
                    part = next(parts, None)
            if tshark is None or tshark.stream_of(packet.number) not in numbers:
                self._take(packet, is_last=tshark is not None)
        while part is not None:
            self._follow(part, streams, times)
            part = next(parts, None)
        for flow in self._flows.values():
            self._finish(flow.conversation, flow)
        for stream in streams:
            self._finish_followed(stream)

    def _take(self, packet: Packet, *, is_last: bool) -> None:
        """Read a packet; ``is_last`` says that nobody else will."""
        segment, mark = segment_of(packet), 0
        if isinstance(segment, Segment):
            flow = self._flow_of(segment)
            flow.take(segment)
            mark = _ENCRYPTED if flow.conversation.is_tls else 0
        elif segment is not None and (segment.is_cut or not is_last):
            self._unread[segment] += 1
            mark = 0 if segment.is_cut else _UNREAD
        if mark:
            self._marks.extend(bytes(packet.number + 1 - len(self._marks)))
            self._marks[packet.number] = mark

    def _flow_of(self, segment: Segment) -> Flow:
        key = min((segment.source, segment.target), (segment.target, segment.source))
        flow = self._flows.get(key)
        if flow is not None and not flow.is_followed_by(segment):
            return flow
        if flow is not None:
            self._finish(flow.conversation, flow)
        elif len(self._flows) >= _MAX_FLOWS:
            raise FileError(
                self._path, "", f"more than {_MAX_FLOWS} TCP connections: filter the capture by port first"
            )
        flow = self._flows[key] = Flow(self._findings, segment)
        return flow

    def _follow(self, followed: Followed, streams: Sequence[Stream], times: Sequence[int]) -> None:
        """Take a part of a stream from tshark; its own times have lost digits."""
        conversation = self._followed.get(followed.stream)
        if conversation is None:
            stream = next(stream for stream in streams if stream.number == followed.stream)
            conversation = self._followed[stream.number] = Conversation(
                self._findings, stream.ends, None, is_begun=not stream.is_tls, is_decrypted=stream.is_tls
            )
        part = followed.part
        if followed.at < len(times):
            part = part._replace(time_ns=times[followed.at])
        conversation.receive(followed.side, part)

    def _finish(self, conversation: Conversation, flow: Flow | None = None) -> None:
        (conversation if flow is None else flow).finish()
        self._counts["all"] += 1
        self._counts["TLS"] += conversation.is_tls
        self._counts["HTTP/2"] += conversation.is_http2

    def _finish_followed(self, stream: Stream) -> None:
        conversation = self._followed.get(stream.number)
        if conversation is not None:
            self._finish(conversation)
        else:
            self._counts["all"] += 1
            self._counts["keyless"] += stream.is_tls

    def result(self, remedy: str) -> tuple[Header, Iterator[Rows]]:
        """Return the header and the rows; ``remedy`` ends the sentences about what was not read.

        Raises:
            FileError: there is no WebSocket.
        """
        log = self._findings.log
        sentences = list(self._sentences(remedy))
        if not log.connections:
            raise FileError(self._path, "", "; ".join([self._nothing(), *sentences]))
        for sentence in sentences:
            self._findings.note("truncated", sentence)
        return Header(log.first, len(log), log.connections, self._findings.events(), 0, 0), log.drain()

    def _nothing(self) -> str:
        return (
            f"no WebSocket begins in the {self._counts['all']} TCP connections captured: start the capture before "
            "connecting, and without TLS (or record with record='x.pcapng', which sees what TLS carries)"
        )

    def _sentences(self, remedy: str) -> Iterator[str]:
        """Yield what the file has beside the rows, and what to do."""
        ending = f" ({remedy})" if remedy else ""
        for unread, count in self._unread.items():
            if unread.is_cut:
                yield f"the snap length left no {unread.reason} in {_number(count, 'packet')}: capture with -s 0"
            else:
                yield f"not read here{ending}: {_number(count, 'packet')} with {unread.reason}"
        counts = self._counts
        if counts["TLS"] and self._knows_keys:
            yield f"not read here{ending}: {_number(counts['TLS'], 'connection')} of TLS"
        elif counts["TLS"]:
            tls = _number(counts["TLS"], "connection")
            yield f"{tls} of TLS: with their keys load(path, keylog='keys.txt') reads them"
        if counts["keyless"]:
            yield f"no keys were found for {_number(counts['keyless'], 'connection')} of TLS"
        if counts["HTTP/2"]:
            yield f"{_number(counts['HTTP/2'], 'connection')} of HTTP/2, in which WebSockets are not seen"
        if not self._capture.is_known:
            yield f"neither pcap nor pcapng{ending}"
        if self._capture.untimed:
            yield f"no time in {_number(self._capture.untimed, 'packet')} of the capture, nor in the frames that they carry"
        for one, other in self._findings.likely[:1]:
            port = min(one[1], other[1])
            yield (
                f"{one[0]}:{one[1]} and {other[0]}:{other[1]} may talk WebSocket, but only one direction shows it: "
                f"load(path, port={port}) reads it, where {port} is the server's port"
            )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
