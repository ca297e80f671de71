"""Tshark: what Wireshark's terminal program makes of the connections that are not read here.

It knows every link layer and tunnel, reassembles IP, and decrypts TLS with keys. Of each connection it gives the bytes of
both directions ("follow"), with the number of the packet that brought them.
"""

from __future__ import annotations

import binascii
import heapq
import re
import shutil
import subprocess
import tempfile
from array import array
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wsnotebook.errors import FileError
from wsnotebook.files.pcapng.tcpstream import Gap, Part, Piece

__all__ = ["INSTALL", "Followed", "Stream", "Tshark", "is_installed"]

INSTALL = "apt install tshark"
"""What to do where it is missing."""

_MOST_STREAMS = 500  # followed at once: tshark keeps the bytes of all of them in memory
_FIELDS = (
    "frame.number tcp.stream ip.src ipv6.src tcp.srcport ip.dst ipv6.dst tcp.dstport frame.protocols".split()
)
_MISSING = re.compile(rb"\[(\d+) bytes missing in capture file\]\0?")
_CHUNK = 1 << 16
_SECOND = 1_000_000_000


def is_installed() -> bool:
    """Tell whether tshark can be run."""
    return shutil.which("tshark") is not None


class Stream(NamedTuple):
    """A TCP connection, as tshark counts them."""

    number: int
    ends: tuple[tuple[str, int], tuple[str, int]]
    """Both ends; a side is the number of its end."""
    is_tls: bool


class Followed(NamedTuple):
    """A piece of a stream, or a gap in it."""

    packet: int
    """Number of the packet, from 1, before which it cannot be delivered."""
    at: int
    """Number of the packet that brought it."""
    stream: int
    side: int
    part: Part


class Tshark:
    """Follow connections of a capture.

    Args:
        path: capture of any format that tshark reads.
        keylog: file with keys of TLS; those in the capture are used in any case.
    """

    def __init__(self, path: Path, keylog: Path | None) -> None:
        self._path = path
        # Absolute: tshark takes a path that begins with "-" for an option.
        self._command = ["tshark", "-n", "-r", str(path.absolute()), "-o", "tcp.reassemble_out_of_order:TRUE"]
        if keylog is not None:
            self._command += ["-o", f"tls.keylog_file:{keylog.absolute()}"]
        self._places = array("q")  # by packet: twice its stream, and its side; -1 for another packet
        self._streams: dict[int, Stream] = {}

    def streams(self, is_wanted: Callable[[int], bool]) -> list[Stream]:
        """Return the connections that have a wanted packet; the function is asked with each number.

        Raises:
            FileError: tshark cannot read the file.
        """
        wanted: set[int] = set()
        options = ["-T", "fields", "-E", "occurrence=l", "-Y", "tcp", *(f"-e{field}" for field in _FIELDS)]
        with self._run(options) as output:
            for line in output:
                self._take(line.decode("utf-8", "replace").rstrip("\n").split("\t"), wanted, is_wanted)
        return [stream for number, stream in self._streams.items() if number in wanted]

    def _take(self, fields: list[str], wanted: set[int], is_wanted: Callable[[int], bool]) -> None:
        if len(fields) != len(_FIELDS) or not all(fields[at].isdigit() for at in (0, 1, 4, 7)):
            return
        packet, number = int(fields[0]), int(fields[1])
        source = fields[2] or fields[3], int(fields[4])
        target = fields[5] or fields[6], int(fields[7])
        is_tls = "tls" in fields[8].split(":")
        stream = self._streams.get(number)
        if stream is None or (is_tls and not stream.is_tls):
            ends = (source, target) if stream is None else stream.ends
            stream = self._streams[number] = Stream(number, ends, is_tls)
        if is_wanted(packet):
            wanted.add(number)
        self._places.extend([-1] * (packet + 1 - len(self._places)))
        self._places[packet] = 2 * number + (source != stream.ends[0])

    def stream_of(self, packet: int) -> int | None:
        """Return the number of the stream that a packet belongs to; ``streams`` must have been called."""
        place = self._places[packet] if packet < len(self._places) else -1
        return None if place < 0 else place // 2

    def follow(self, streams: Sequence[Stream]) -> Iterator[Followed]:
        """Yield the parts of some streams in the order of their packets.

        Raises:
            FileError: there are too many, or tshark fails.
        """
        if len(streams) > _MOST_STREAMS:
            problem = (
                f"tshark would have to follow {len(streams)} connections: filter the capture by port first"
            )
            raise FileError(self._path, "", problem)
        options = ["-q"]
        for stream in streams:
            options += ["-z", f"follow,{'tls' if stream.is_tls else 'tcp'},yaml,{stream.number}"]
        with self._run(options) as output:
            sections = [self._section(output, start, stop) for start, stop in _sections(output)]
            yield from heapq.merge(*sections, key=lambda followed: followed.packet)

    def _section(self, output: BinaryIO, start: int, stop: int) -> Iterator[Followed]:
        """Yield the parts of one stream; a part waits for those before it, as its bytes do."""
        stream, first, latest = -1, 0, 0
        gaps: list[tuple[int, Gap]] = []
        for packet, peer, time_ns, data in _entries(output, start, stop):
            latest = max(latest, packet)
            missing = _MISSING.fullmatch(data) if not time_ns else None
            if missing is not None:
                gaps.append((peer, Gap(int(missing[1]), 0, False)))
                continue
            place = self._places[packet] if packet < len(self._places) else -1
            if stream < 0:
                stream, first = place // 2, place % 2 ^ peer  # the side of peer 0
            for other, gap in gaps:
                yield Followed(latest, packet, stream, first ^ other, gap._replace(time_ns=time_ns))
            gaps.clear()
            yield Followed(latest, packet, stream, first ^ peer, Piece(data, time_ns))

    def _run(self, options: list[str]) -> BinaryIO:
        """Run tshark; return what it wrote, as a file that is gone when it is closed."""
        output = tempfile.TemporaryFile()
        done = subprocess.run([*self._command, *options], stdout=output, stderr=subprocess.PIPE, check=False)
        size = output.tell()
        output.seek(0)
        if done.returncode and not size:
            lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
            output.close()
            raise FileError(
                self._path, "", f"tshark cannot read it: {lines[-1] if lines else done.returncode}"
            )
        return output


def _sections(output: BinaryIO) -> list[tuple[int, int]]:
    """Return where the output about each stream begins and ends."""
    starts, place = [], 0
    for line in output:
        if line == b"peers:\n":
            starts.append(place)
        place += len(line)
    return list(zip(starts, [*starts[1:], place], strict=True))


def _lines(output: BinaryIO, start: int, stop: int) -> Iterator[bytes]:
    """Yield the lines of a part of a file that others read at the same time."""
    rest = b""
    while start < stop:
        output.seek(start)
        data = output.read(min(_CHUNK, stop - start))
        start += len(data)
        *lines, rest = (rest + data).split(b"\n")
        yield from lines
        if not data:
            return


def _entries(output: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, int, int, bytes]]:
    """Yield packet, peer, time in ns and bytes of each entry of YAML under "packets:"."""
    values: dict[bytes, bytes] = {}
    encoded: list[bytes] = []
    for line in chain(_lines(output, start, stop), [b"- "]):
        text = line.strip(b" ")
        if line.lstrip(b" ").startswith(b"- ") and b"packet" in values:
            data = binascii.a2b_base64(b"".join(encoded))
            yield int(values[b"packet"]), int(values[b"peer"]), _time(values[b"timestamp"]), data
            values, encoded = {}, []
        key, colon, value = text.removeprefix(b"- ").partition(b": ")
        if colon:
            values[key] = value
        elif b"data" in values:
            encoded.append(text)


def _time(value: bytes) -> int:
    seconds, _, fraction = value.partition(b".")
    return int(seconds) * _SECOND + int(fraction[:9].ljust(9, b"0"))
