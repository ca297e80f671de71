"""The peers of the benchmarks, one small coroutine each, written as their users write them.

A receiver counts every message and its size, a sender awaits each text; both hold the meter only while
frames move, so that imports and dialling are not measured.
"""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import numpy as np
from measure import Meter, Result, warm
from payloads import PAYLOADS, Payload

__all__ = [
    "GO",
    "JOURNALED",
    "RECEIVERS",
    "SENDERS",
    "connect_wsnotebook",
    "receive",
    "recorded",
    "row",
    "send",
]

GO = "go"
SPARE = 64 << 20
"""Bytes of memory beside the payload that a run may take."""
READ = 1 << 18
"""Bytes that a raw socket reads at once, as asyncio does."""
MAX_HEADER = 10
MASKED_GO = b"\x81\x82\0\0\0\0go"


class Received(NamedTuple):
    """What a receiver saw; held against what was sent."""

    messages: int
    bytes: int


Receiver: TypeAlias = Callable[[str, Payload, Meter], Coroutine[Any, Any, Received | None]]
Sender: TypeAlias = Callable[[str, list[str], Meter], Coroutine[Any, Any, None]]


def raw_socket(url: str) -> socket.socket:
    """Return a socket after the handshake."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port))
    request = f"GET / HTTP/1.1\r\nHost: {address.netloc}\r\nSec-WebSocket-Key: {'A' * 22}==\r\n\r\n"
    connection.sendall(request.encode())
    connection.recv(65536)
    return connection


async def receive_raw_socket(url: str, payload: Payload, meter: Meter) -> None:
    """Read bytes until the end, see no frame: what the operating system alone costs."""
    with raw_socket(url) as connection:
        buffer = bytearray(READ)
        with meter:
            connection.sendall(MASKED_GO)
            while connection.recv_into(buffer):
                pass


async def receive_raw_socket_kept(url: str, payload: Payload, meter: Meter) -> None:
    """Read bytes until the end into memory that was not used before: what keeping them costs at least."""
    with raw_socket(url) as connection:
        space = payload.bytes + MAX_HEADER * (payload.frames + 1)
        with meter:
            view = memoryview(
                np.empty(space + READ, np.uint8)
            )  # in huge pages, a third of the cost of small ones
            connection.sendall(MASKED_GO)
            end = 0
            while size := connection.recv_into(view[end : end + READ]):
                end += size


async def receive_picows(url: str, payload: Payload, meter: Meter) -> Received:
    """Decode each text in picows' callback."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    closed = asyncio.Event()

    class Counter(WSListener):
        def __init__(self) -> None:
            self.messages = self.size = 0
            self.parts: list[bytes] = []

        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            if frame.msg_type == WSMsgType.TEXT and frame.fin:
                text = frame.get_payload_as_utf8_text()
            elif frame.msg_type == WSMsgType.CLOSE:
                closed.set()
                return
            else:  # picows hands over fragments as they come
                self.parts.append(frame.get_payload_as_bytes())
                if not frame.fin:
                    return
                text = b"".join(self.parts).decode()
                self.parts.clear()
            self.messages += 1
            self.size += len(text)

    transport, counter = await ws_connect(Counter, url)
    with meter:
        transport.send(WSMsgType.TEXT, GO.encode())
        await closed.wait()
    assert isinstance(counter, Counter)
    return Received(counter.messages, counter.size)


async def receive_aiohttp(url: str, payload: Payload, meter: Meter) -> Received:
    """Iterate over aiohttp's client."""
    import aiohttp

    messages = size = 0
    async with aiohttp.ClientSession() as client:
        async with client.ws_connect(url, compress=15 if payload.deflate else 0) as connection:
            with meter:
                await connection.send_str(GO)
                async for message in connection:
                    messages += 1
                    size += len(message.data)
    return Received(messages, size)


def connect_websockets(url: str, deflate: bool = False) -> Any:
    """Dial with websockets, its pings and limits off."""
    from websockets.asyncio.client import connect

    compression = "deflate" if deflate else None
    return connect(url, compression=compression, ping_interval=None, max_size=None, proxy=None)


async def receive_websockets(url: str, payload: Payload, meter: Meter) -> Received:
    """Iterate over bare websockets."""
    messages = size = 0
    async with connect_websockets(url, payload.deflate) as connection:
        with meter:
            await connection.send(GO)
            async for message in connection:
                messages += 1
                size += len(message)
    return Received(messages, size)


def row(message: str) -> dict[str, object]:
    """Return what a person writes down of a message; our log keeps four times as many columns."""
    return {
        "time": time.time_ns(),
        "direction": "in",
        "opcode": "text",
        "length": len(message),
        "payload": message,
    }


async def receive_dicts(url: str, payload: Payload, meter: Meter) -> Received:
    """Record by hand, as notebooks do: a dict a message, and a DataFrame of them in the end."""
    import pandas as pd

    rows = []
    async with connect_websockets(url, payload.deflate) as connection:
        with meter:
            await connection.send(GO)
            async for message in connection:
                rows.append(row(message))
            df = pd.DataFrame(rows)
    return Received(len(df), int(df["length"].sum()))


def connect_wsnotebook(url: str, deflate: bool = False, **options: Any) -> Any:
    """Dial with wsnotebook, its pings off."""
    import wsnotebook

    compression = "deflate" if deflate else None
    return wsnotebook.connect(url, compression=compression, ping_interval=None, proxy=None, **options)


async def recorded(log: Any, rows: int) -> None:
    """Wait until the log has so many rows."""
    while len(log) < rows:  # noqa: ASYNC110 - a log announces nothing; receive() would also pay for delivery
        await asyncio.sleep(0.001)


async def receive_recorded(url: str, payload: Payload, meter: Meter) -> Received:
    """Let wsnotebook record; nobody reads, as between two cells of a notebook."""
    async with connect_wsnotebook(url, payload.deflate) as session:
        with meter:
            await session.send(GO)
            await session.close_reason
        df = session.log.df
    data = df[(df["direction"] == "in") & df["opcode"].isin(["text", "continuation"])]
    return Received(int(data["fin"].sum()), int(data["length"].sum()))


async def receive_journaled(url: str, payload: Payload, meter: Meter) -> Received:
    """Let wsnotebook record, and write a pcapng beside it."""
    with tempfile.TemporaryDirectory() as folder:
        async with connect_wsnotebook(
            url, payload.deflate, record=Path(folder) / "journal.pcapng"
        ) as session:
            with meter:
                await session.send(GO)
                await session.close_reason
            df = session.log.df
    data = df[(df["direction"] == "in") & (df["opcode"] == "text")]
    return Received(len(data), int(data["length"].sum()))


async def receive_delivered(url: str, payload: Payload, meter: Meter) -> Received:
    """Iterate over what wsnotebook records."""
    messages = size = 0
    async with connect_wsnotebook(url, payload.deflate) as session:
        with meter:
            await session.send(GO)
            async for frame in session.incoming:
                messages += 1
                size += len(frame.data)
    return Received(messages, size)


RECEIVERS: dict[str, Receiver] = {
    "raw socket": receive_raw_socket,
    "raw socket, bytes kept": receive_raw_socket_kept,
    "picows": receive_picows,
    "aiohttp": receive_aiohttp,
    "websockets": receive_websockets,
    "websockets + dicts + DataFrame": receive_dicts,
    "wsnotebook, recorded": receive_recorded,
    "wsnotebook, recorded and delivered": receive_delivered,
}
JOURNALED = "wsnotebook, recorded to a pcapng"


async def send_picows(url: str, texts: list[str], meter: Meter) -> None:
    """Send with picows, waiting where its transport asks for it."""
    from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

    done, writable = asyncio.Event(), asyncio.Event()
    writable.set()

    class Waiter(WSListener):
        def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
            done.set()

        def pause_writing(self) -> None:
            writable.clear()

        def resume_writing(self) -> None:
            writable.set()

    transport, _ = await ws_connect(Waiter, url)
    with meter:
        for text in texts:
            transport.send(WSMsgType.TEXT, text.encode())
            await writable.wait()
        await done.wait()


async def send_aiohttp(url: str, texts: list[str], meter: Meter) -> None:
    """Send with aiohttp's client."""
    import aiohttp

    async with aiohttp.ClientSession() as client, client.ws_connect(url) as connection:
        with meter:
            for text in texts:
                await connection.send_str(text)
            await connection.receive()


async def send_websockets(url: str, texts: list[str], meter: Meter) -> None:
    """Send with bare websockets."""
    async with connect_websockets(url) as connection:
        with meter:
            for text in texts:
                await connection.send(text)
            await connection.recv()


async def send_wsnotebook(url: str, texts: list[str], meter: Meter) -> None:
    """Send with wsnotebook, which records."""
    async with connect_wsnotebook(url) as session:
        with meter:
            for text in texts:
                await session.send(text)
            await session.receive()


SENDERS: dict[str, Sender] = {
    "picows": send_picows,
    "aiohttp": send_aiohttp,
    "websockets": send_websockets,
    "wsnotebook, recorded": send_wsnotebook,
}


def per_frame(meter: Meter, frames: int) -> Result:
    """Return microseconds per frame."""
    return {"cpu": meter.cpu / frames * 1e6, "wall": meter.wall / frames * 1e6}


def receive(peer: str, url: str, name: str, messages: int) -> Result:
    """Let one peer receive everything that the server sends; microseconds per frame on the wire.

    Raises:
        RuntimeError: the peer saw something else than what was sent, so that its figure would mean nothing.
    """
    payload, meter = replace(PAYLOADS[name], messages=messages), Meter()
    warm(2 * payload.bytes + SPARE)
    receiver = receive_journaled if peer == JOURNALED else RECEIVERS[peer]
    received = asyncio.run(receiver(url, payload, meter))
    sent = Received(payload.messages, payload.bytes)
    if received not in (sent, None):
        raise RuntimeError(f"{peer} saw {received}, the server sent {sent}")
    return per_frame(meter, payload.frames)


def send(peer: str, url: str, name: str, messages: int) -> Result:
    """Let one peer send until the server has read everything; microseconds per frame on the wire."""
    payload, meter = replace(PAYLOADS[name], messages=messages), Meter()
    texts = list(islice(cycle(payload.texts()), payload.messages))
    warm(2 * payload.bytes + SPARE)
    asyncio.run(SENDERS[peer](url, texts, meter))
    return per_frame(meter, payload.frames)
