"""FrameSearch: where frames begin in bytes whose beginning is missing, found by headers that confirm each other.

A header says where the next one has to be. Any two bytes look like one in sixty times, a chain of eight never by chance;
a frame that begins where a segment does is worth more, because most senders write whole frames.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from wsnotebook.files.pcapng.tcpstream import Gap, Part
from wsnotebook.wire.batch import FIN, OPCODE, declared_length
from wsnotebook.wire.direction import Sender
from wsnotebook.wire.frames import Opcode
from wsnotebook.wire.masking import apply_mask
from wsnotebook.wire.messages import is_utf8

__all__ = ["ASKED", "SURE", "FrameSearch"]

SURE = 39
"""Evidence that leaves no doubt: eight headers anywhere, or three that begin segments."""
ASKED = 13
"""Evidence where somebody says that it is a WebSocket: one header at the beginning of a segment."""

_HEADER = 5  # evidence in bits: 13 of 256 first bytes, and one of two mask bits
_ALIGNED = 8  # a boundary that is also one of segments: one of some hundred bytes is
_AT_END = 21  # evidence that is enough where the stream ends: one frame that fills the last segment
_DOUBTFUL = 4  # first headers of a chain that are left out where nothing else confirms them
_TEXTUAL = 4  # bytes of text that are none by chance
_KEPT = 16  # headers of a chain that may be its start
_MOST = 4 << 20  # bytes that are searched before they are given up
_HOLE = b"\xff"  # stands for a byte that is missing: no header begins with it
_LONGEST = 1 << 40  # bytes: a length beyond it is a wrong guess

_SECOND = {"server": rb"[\x00-\x7f]", "client": rb"[\x80-\xff]"}
_CONTROL = {"server": rb"[\x00\x02-\x7d]", "client": rb"[\x80\x82-\xfd]"}  # no close payload has one byte
_TEXT = FIN | Opcode.TEXT


def _plausible(sender: Sender) -> re.Pattern[bytes]:
    """Return a pattern of the first two bytes of a frame, whose matches may overlap; zeros are none."""
    first = rb"[\x00-\x02\x41\x42\x80-\x82\xc1\xc2]" + _SECOND[sender]
    return re.compile(rb"(?!\x00[\x00\x80])(?=" + first + rb"|[\x88-\x8a]" + _CONTROL[sender] + rb")")


_PLAUSIBLE = {sender: _plausible(sender) for sender in ("server", "client")}


@dataclass(slots=True)
class _Chain:
    """Headers that follow each other."""

    headers: list[int] = field(default_factory=list)
    """Offsets of the first of them."""
    sure: int | None = None
    """Offset of the first whose payload is text, as nothing else is by chance."""
    last: int = 0
    """Offset of the last."""
    evidence: int = 0
    in_message: bool | None = None
    """Whether a message is open; None where its beginning may be missing."""


class FrameSearch:
    """Find the first frame in the pieces of one direction.

    Args:
        sender: the side that sends them: its frames are masked, or not.
        enough: evidence that has to be found, such as SURE.
    """

    def __init__(self, sender: Sender, enough: int = SURE) -> None:
        self._sender = sender
        self._enough = enough
        self.passed = 0
        """Bytes given up, because no frame was found in too many."""
        self.parts: list[Part] = []
        """Those that are being searched."""
        self._buffer = bytearray()
        self._boundaries: set[int] = set()  # where pieces begin
        self._arrivals: dict[int, _Chain] = {}  # by the offset of the header that has to be next
        self._position = 0  # offset up to which was searched
        self._has_holes = False

    def add(self, part: Part) -> int | None:
        """Search on in the next bytes; return the offset of the first frame when it is found."""
        if len(self._buffer) + part.size > _MOST:
            self._give_up()
            if isinstance(part, Gap):
                self.passed += part.size
                return None
        self.parts.append(part)
        if isinstance(part, Gap):
            self._has_holes = True
            self._buffer += _HOLE * part.size
        else:
            if part.size > 1:  # one that cannot hold a header says nothing
                self._boundaries.add(len(self._buffer))
            self._buffer += part.data
        for place in self._places():
            found = self._step(place)
            if found is not None:
                return found
        return None

    @property
    def size(self) -> int:
        """Bytes in which no frame was found yet."""
        return self.passed + len(self._buffer)

    def settle(self) -> int | None:
        """Return the offset of the first frame, if what was found is enough where nothing follows."""
        end = len(self._buffer)
        self._boundaries.add(end)
        chains = [
            (chain.evidence + (_ALIGNED if place == end else 0), chain, place)
            for place, chain in self._arrivals.items()
            if place >= end and chain.evidence and (place > end or self._confirm(chain, end))
        ]
        if not chains:
            return None
        evidence, chain, place = max(chains, key=lambda found: found[0])
        return self._start(chain, place) if evidence >= min(self._enough, _AT_END) else None

    def _give_up(self) -> None:
        self.passed += len(self._buffer)
        self.parts.clear()
        self._buffer.clear()
        self._boundaries.clear()
        self._arrivals.clear()
        self._position = 0

    def _places(self) -> Iterator[int]:
        """Yield the offsets that look like headers, as far as headers are whole."""
        buffer = self._buffer
        for match in _PLAUSIBLE[self._sender].finditer(bytes(memoryview(buffer)[self._position :])):
            place = self._position + match.start()
            if declared_length(bytes(buffer[place : place + 10])) is None:
                break
            yield place
        else:
            place = len(buffer) - 1  # the first byte of a header may be the last one here
        self._position = max(self._position, place)
        self._arrivals = {at: chain for at, chain in self._arrivals.items() if at >= self._position}

    def _step(self, place: int) -> int | None:
        """Go on from a place that looks like a header; return where the first frame is when that leaves no doubt."""
        chain = self._arrivals.pop(place, None)
        if chain is None or not self._confirm(chain, place):
            chain = _Chain()
        end = self._end_of(place, chain)
        if end is None:
            return None
        worth = self._worth(self._buffer[place], chain)
        chain.evidence += worth + (_ALIGNED if worth and place in self._boundaries else 0)
        chain.last = place
        if len(chain.headers) < _KEPT:
            chain.headers.append(place)
        other = self._arrivals.get(end)
        if other is None or other.evidence < chain.evidence:
            self._arrivals[end] = chain
        return self._start(chain, end) if chain.evidence >= self._enough else None

    def _start(self, chain: _Chain, end: int) -> int | None:
        """Return the first header of a sure chain that is sure itself; None where that has to come yet.

        The others may have led from the inside of a frame to the beginning of another one.
        """
        headers = chain.headers
        if self._enough < SURE:
            return headers[0]
        aligned = [place for place in (*headers, end) if place in self._boundaries]
        certain = [*headers[_DOUBTFUL : _DOUBTFUL + 1], *(aligned[:1] if len(aligned) > 1 else [])]
        return min(certain if chain.sure is None else [*certain, chain.sure], default=None)

    def _end_of(self, place: int, chain: _Chain) -> int | None:
        """Return where a frame ends; None where it cannot be one, or not after those of its chain."""
        buffer = self._buffer
        head, header = buffer[place], bytes(buffer[place : place + 14])
        length = declared_length(header) or 0
        if header[1] & 0x7F > 125 and not (126 if header[1] & 0x7F == 126 else 0x10000) <= length < _LONGEST:
            return None
        start = place + 2 + (0 if length < 126 else 2 if length < 0x10000 else 8)
        start += 4 if header[1] & 0x80 else 0
        opcode = head & OPCODE
        if opcode <= Opcode.BINARY and chain.in_message is not None and chain.in_message is (opcode > 0):
            return None
        return start + length

    def _confirm(self, chain: _Chain, end: int) -> bool:
        """Tell whether the last frame of a chain, which is whole now, can be one: a text has to be UTF-8."""
        if self._has_holes or self._buffer[chain.last] != _TEXT:
            return True
        frame = bytes(self._buffer[chain.last : end])
        length = declared_length(frame) or 0
        payload = frame[len(frame) - length :]
        if frame[1] & 0x80:
            key = frame[len(frame) - length - 4 : len(frame) - length]
            payload = apply_mask(payload, key) if payload else payload
        if not is_utf8(payload):
            return False
        if chain.sure is None and length >= _TEXTUAL:
            chain.sure = chain.last
        return True

    @staticmethod
    def _worth(head: int, chain: _Chain) -> int:
        """Return the evidence of a first byte, and note what it opens or closes.

        Zeros look like empty fragments without an end, so that parts of messages are worth nothing, but a last one.
        """
        opcode = head & OPCODE
        if opcode > Opcode.BINARY:
            return _HEADER
        is_part = not head & FIN or (opcode == Opcode.CONTINUATION and not chain.in_message)
        if opcode or chain.in_message is not None or head & FIN:
            chain.in_message = not head & FIN
        return 0 if is_part else _HEADER
