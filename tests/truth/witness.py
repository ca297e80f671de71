"""A witness of what crosses loopback that shares no code with this package: tcpdump records, tshark decodes."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

__all__ = ["Seen", "WireFrame", "Witness"]

PATIENCE = 30.0  # seconds for what normally takes a fraction of one

_FIELDS = ("tcp.srcport", "tcp.dstport", "websocket.fin", "websocket.rsv", "websocket.opcode", "websocket.mask",
           "websocket.masking_key", "websocket.payload_length", "websocket.payload_length_ext_16",
           "websocket.payload_length_ext_64", "websocket.payload.text", "data.data")  # fmt: skip
_BETWEEN = "|"  # stands between the values of frames that share a segment


class WireFrame(NamedTuple):
    """What the header of one frame says."""

    fin: bool
    rsv: int
    """RSV1 is 4, RSV2 is 2, RSV3 is 1."""
    opcode: int
    mask_key: bytes | None
    """None where it is not masked."""
    length: int
    """Payload bytes on the wire."""


class Seen(NamedTuple):
    """Both directions of one connection, as seen from outside."""

    frames: dict[str, list[WireFrame]]
    """By direction, "in" or "out" of the client."""
    texts: dict[str, list[str]]
    """Text messages, unmasked, inflated and put together."""
    binaries: dict[str, list[bytes]]
    """Binary messages, likewise."""
    handshake: dict[str, bytes]
    """Head of the request ("out") and of the response ("in")."""
    data: dict[str, bytes]
    """Every byte after the handshake."""


class Witness:
    """A capture of one port of loopback, and its decoding.

    Args:
        path: where the capture goes.
        missing: called where the machine cannot do this.
    """

    def __init__(self, path: Path, missing: Callable[[str], NoReturn]) -> None:
        self._path = path
        self._missing = missing
        self._port = 0
        for program in ("tcpdump", "tshark"):
            if shutil.which(program) is None:
                missing(program)

    @contextmanager
    def watching(self, port: int) -> Iterator[None]:
        """Capture what crosses a server's port; all of it is in the file when the block is left."""
        self._port = port
        # unbuffered, so that the mark below is in the file as soon as it was captured
        options = ["-i", "lo", "-s", "0", "-B", "65536", "-U", "--immediate-mode", "-w", str(self._path)]
        command = ["tcpdump", *options, f"tcp port {port} or udp port {port}"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tcpdump:
            assert tcpdump.stderr is not None
            try:
                said = tcpdump.stderr.readline()
                if "listening on lo" not in said:
                    self._missing(f"the permission to capture loopback ({said.strip()})")
                yield
                self._await_mark()
            finally:
                tcpdump.send_signal(signal.SIGINT)
                said = tcpdump.stderr.read()
        assert "\n0 packets dropped by kernel" in said, said

    def _await_mark(self) -> None:
        """Send a datagram past tcpdump and wait until it is in the file: all that came before is, too."""
        mark = os.urandom(16)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(mark, ("127.0.0.1", self._port))
        deadline = time.monotonic() + PATIENCE
        with self._path.open("rb") as file:
            data = b""
            while mark not in data:
                assert time.monotonic() < deadline, "tcpdump does not write what it captures"
                data = data[-len(mark) :] + file.read()
                time.sleep(0.01)

    def decode(self, key_log: Path | None = None) -> dict[int, Seen]:
        """Return what tshark says of the connections to the port, by the client's port.

        Args:
            key_log: the secrets of TLS, where that is spoken.
        """
        layer = "tcp" if key_log is None else "tls"
        options = ["-d", f"{layer}.port=={self._port},http"]
        if key_log is not None:
            options += ["-o", f"tls.keylog_file:{key_log}"]
        seen = {client: _seen(data) for client, data in self._streams(layer, options).items()}
        fields = [argument for name in _FIELDS for argument in ("-e", name)]
        wanted = ["-Y", "websocket", "-T", "fields", "-E", f"aggregator={_BETWEEN}"]
        for line in self._tshark(*options, *wanted, *fields).splitlines():
            source, target, *columns, texts, binaries = line.split("\t")
            client, direction = (int(target), "in") if int(source) == self._port else (int(source), "out")
            one = seen[client]
            one.frames[direction] += _wire_frames([_values(column) for column in columns])
            one.texts[direction] += _values(texts)
            one.binaries[direction] += map(bytes.fromhex, _values(binaries))
        return seen

    def _streams(self, layer: str, options: list[str]) -> dict[int, dict[str, bytes]]:
        """Return the bytes of both directions by the client's port."""
        listed = self._tshark(
            "-Y",
            "tcp.flags.syn==1 && tcp.flags.ack==0",
            "-T",
            "fields",
            "-e",
            "tcp.stream",
            "-e",
            "tcp.srcport",
        )
        clients = {int(stream): int(port) for stream, port in map(str.split, listed.splitlines())}
        # asked for several streams of TLS at once, tshark shows only one of them
        groups = [list(clients)] if layer == "tcp" else [[stream] for stream in clients]
        with ThreadPoolExecutor(2) as pool:
            said = "".join(pool.map(lambda group: self._follow(layer, group, options), groups))
        streams = {}
        for block in said.split("Filter: tcp.stream eq ")[1:]:
            stream, _, dump = block.partition("\n")
            streams[clients[int(stream)]] = _directions(dump)
        return streams

    def _follow(self, layer: str, streams: list[int], options: list[str]) -> str:
        follow = [argument for stream in streams for argument in ("-z", f"follow,{layer},raw,{stream}")]
        return self._tshark("-q", *options, *follow)

    def _tshark(self, *arguments: str) -> str:
        # without the first option tshark stops at the 500th frame of a segment and misreads what follows
        command = ["tshark", "-r", str(self._path), "-o", "gui.max_tree_depth:1000000", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return done.stdout


def _values(column: str) -> list[str]:
    return column.split(_BETWEEN) if column else []


def _wire_frames(columns: list[list[str]]) -> Iterator[WireFrame]:
    """Yield the frames of one packet: keys and extended lengths are listed only where there are any."""
    fins, rsvs, opcodes, masks, *sparse = columns
    keys, lengths, *extended = map(iter, sparse)
    for fin, rsv, opcode, mask in zip(fins, rsvs, opcodes, masks, strict=True):
        key = bytes.fromhex(next(keys)) if mask == "1" else None
        length = int(next(lengths))
        if length >= 126:
            length = int(next(extended[length - 126]))
        yield WireFrame(fin == "1", int(rsv, 16), int(opcode), key, length)


def _directions(dump: str) -> dict[str, bytes]:
    """Return the two sides of a dump in hexadecimal: a tab tells them apart, the request says which is ours."""
    pieces = re.findall(r"^(\t?)([0-9a-f]+)$", dump, re.MULTILINE)
    one, other = (
        bytes.fromhex("".join(digits for tab, digits in pieces if tab == mark)) for mark in ("", "\t")
    )
    request, response = (one, other) if one.startswith(b"GET ") else (other, one)
    assert request.startswith(b"GET ") and response.startswith(b"HTTP/1.1 ")
    return {"in": response, "out": request}


def _seen(stream: dict[str, bytes]) -> Seen:
    """Cut both directions where the handshake ends; the frames are still to come."""
    cut = {direction: data.index(b"\r\n\r\n") + 4 for direction, data in stream.items()}
    head = {direction: data[: cut[direction]] for direction, data in stream.items()}
    rest = {direction: data[cut[direction] :] for direction, data in stream.items()}
    return Seen({"in": [], "out": []}, {"in": [], "out": []}, {"in": [], "out": []}, head, rest)
