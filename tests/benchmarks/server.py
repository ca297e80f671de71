"""The other end of a benchmark: a process of its own that sends prepared bytes, reads and discards, or echoes.

Plain sockets and a hand-made upgrade (RFC 6455 §4.2.2), no library: the peer that is measured waits for the
kernel, never for this process.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace

from payloads import PAYLOADS, Payload
from unread import ReceiveQueue

__all__ = ["discarding", "echoing", "pacing", "prepared", "sending"]

ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
CLOSE_NORMAL = b"\x88\x02\x03\xe8"
DONE = b"\x81\x04done"
PACE = 0.000_25
"""Least seconds between two frames that are to be a read each: several times what the slowest peer needs for one."""
CONTINUATION, TEXT, CLOSE = 0, 1, 8
FIN, RSV1 = 0x80, 0x40


def header(first: int, length: int) -> bytes:
    """Return the header of an unmasked frame whose first byte is ``first`` (RFC 6455 §5.2)."""
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")


def fragmented(data: bytes, fragments: int) -> bytes:
    """Return one text message as ``fragments`` frames of about the same size."""
    step = -(-len(data) // fragments)
    parts = [data[i : i + step] for i in range(0, len(data), step)] or [b""]
    last = len(parts) - 1
    return b"".join(
        header((FIN if i == last else 0) | (CONTINUATION if i else TEXT), len(part)) + part
        for i, part in enumerate(parts)
    )


def prepared(payload: Payload) -> list[bytes]:
    """Return the wire bytes of each distinct message."""
    texts = payload.texts()
    if not payload.deflate:
        return [fragmented(text.encode(), payload.fragments) for text in texts]
    deflate = zlib.compressobj(wbits=-15)
    messages = []
    for text in texts:
        # The empty block at the end of a flush is left out: RFC 7692 §7.2.1.
        data = (deflate.compress(text.encode()) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]
        messages.append(header(FIN | RSV1 | TEXT, len(data)) + data)
    return messages


def masked_length(payload: Payload) -> int:
    """Return how many bytes a client writes that sends the payload uncompressed, one frame a message."""
    mask = 4
    overhead = sum(len(header(TEXT, size)) + mask for size in payload.sizes)
    return payload.bytes + overhead * payload.messages // len(payload.sizes)


def upgrade(connection: socket.socket, deflate: bool) -> None:
    """Answer the opening handshake."""
    request = b""
    while b"\r\n\r\n" not in request:
        received = connection.recv(65536)
        if not received:
            raise ConnectionError("the client left before it had asked for anything")
        request += received
    fields = dict(line.split(b":", 1) for line in request.split(b"\r\n")[1:] if b":" in line)
    key = next(value.strip() for name, value in fields.items() if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + ACCEPT_GUID).digest())
    extensions = b"Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else b""
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n" + extensions + b"\r\n"
    )


def say_goodbye(connection: socket.socket) -> None:
    """Close from this side, so that no client waits for a timeout, and wait for the client to be gone."""
    connection.sendall(CLOSE_NORMAL)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65536):
        pass


def sender(payload: Payload, counts: list[int]) -> Callable[[socket.socket], None]:
    """Return a talk that sends ``counts[0]`` messages at the client's first frame, and so on, then closes."""
    messages = prepared(payload)
    block = b"".join(messages)

    def talk(connection: socket.socket) -> None:
        for count in counts:
            connection.recv(65536)
            whole, rest = divmod(count, len(messages))
            for _ in range(whole):
                connection.sendall(block)
            connection.sendall(b"".join(messages[:rest]))
        say_goodbye(connection)

    return talk


def reader(payload: Payload) -> Callable[[socket.socket], None]:
    """Return a talk that reads the whole payload from the client and then says so with one text."""
    buffer = bytearray(1 << 20)
    total = masked_length(payload)

    def talk(connection: socket.socket) -> None:
        missing = total
        while missing > 0:
            received = connection.recv_into(buffer)
            if not received:
                raise ConnectionError(f"the client left with {missing} of {total} bytes unsent")
            missing -= received
        connection.sendall(DONE)
        say_goodbye(connection)

    return talk


def pacer(payload: Payload) -> Callable[[socket.socket], None]:
    """Return a talk that sends a frame when the client has read the one before, so that each is a read, then closes."""
    messages = prepared(payload)

    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        with contextlib.closing(ReceiveQueue(connection)) as queue:
            for number in range(payload.messages):
                connection.sendall(messages[number % len(messages)])
                due = time.perf_counter() + PACE
                while time.perf_counter() < due or queue.size():
                    pass
        say_goodbye(connection)

    return talk


def echo(connection: socket.socket) -> None:
    """Answer each short masked frame with its payload, until the client closes or leaves."""
    while len(data := connection.recv(65536)) > 1:
        if data[0] == FIN | CLOSE:
            say_goodbye(connection)
            return
        length = data[1] & 0x7F
        key, masked = data[2:6], data[6 : 6 + length]
        mask = int.from_bytes((key * (length // 4 + 1))[:length], "big")
        payload = (int.from_bytes(masked, "big") ^ mask).to_bytes(length, "big")
        connection.sendall(header(data[0], length) + payload)


def talk_of(what: str, payload: Payload, counts: list[int]) -> Callable[[socket.socket], None]:
    """Return what the server does with a client after the handshake."""
    if what == "echo":
        return echo
    if what == "send":
        return sender(payload, counts)
    return {"discard": reader, "pace": pacer}[what](payload)


def main(what: str, name: str, *counts: str) -> None:
    """Serve one client after the other until the process is ended; the first line printed is the port."""
    numbers = [int(count) for count in counts]
    payload = replace(PAYLOADS[name], messages=max(numbers))
    talk = talk_of(what, payload, numbers)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            # A client that was measured leaves without a closing handshake.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, contextlib.suppress(ConnectionError):
                upgrade(connection, payload.deflate)
                talk(connection)


@contextlib.contextmanager
def process(*arguments: str) -> Iterator[str]:
    """Start a server process, give its URL, end it."""
    command = [sys.executable, __file__, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"ws://127.0.0.1:{int(server.stdout.readline())}/"
        finally:
            server.terminate()


def sending(name: str, *counts: int) -> contextlib.AbstractContextManager[str]:
    """Run a server that sends ``counts[0]`` messages of the named payload when told to, then ``counts[1]`` …"""
    return process("send", name, *map(str, counts))


def discarding(name: str, count: int) -> contextlib.AbstractContextManager[str]:
    """Run a server that reads ``count`` messages of the named payload and answers with one text."""
    return process("discard", name, str(count))


def pacing(name: str, count: int) -> contextlib.AbstractContextManager[str]:
    """Run a server that sends ``count`` messages of the named payload when told to, each as a read of its own."""
    return process("pace", name, str(count))


def echoing() -> contextlib.AbstractContextManager[str]:
    """Run a server that echoes frames of at most 125 bytes."""
    return process("echo", "100 B", "1")


if __name__ == "__main__":
    main(*sys.argv[1:])
