"""The log against a witness: what tcpdump captured and tshark decoded is what the log says, in every frame and byte."""

from __future__ import annotations

import asyncio
import warnings
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
import pytest
from witness import Seen, WireFrame, Witness

import wsnotebook
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import (
    HostilePeer,
    LabConnection,
    SendBytes,
    Upgrade,
    certificate,
    embedded_server,
    fragments,
    hostile_server,
    pings,
    silent,
)
from wsnotebook.log.wire_image import wire_frames
from wsnotebook.wire.frames import Frame, Opcode

BURST = 6_000
"""Frames in a burst: many hundreds of them share a segment."""
TICKS = [f"tick {number}" for number in range(BURST)]
CLOSE = b"\x88\x02\x03\xe8"
ODD_FRAMES = (
    b"\x81\x7e\x00\x06longer"  # a longer header than needed
    b"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x03abc"
    b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"  # masked by a server
    b"\xf1\x02hi\xa2\x01x\x91\x01y"  # reserved bits
    b"\x83\x02hi\x8b\x00"  # reserved opcodes
    b"\x81\x02\xc3\x28"  # no UTF-8
    b"\x80\x02hi"  # nothing to continue
    b"\x89\x7e\x00\x7e" + b"x" * 126  # a control frame over 125 bytes
    + CLOSE
)  # fmt: skip
"""What a server may not send."""

OPCODES = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}

Io = Literal["kernel", "thread"]
Session = Any
Talk = Callable[[Session], Awaitable[None]]


class Scenario(NamedTuple):
    """One conversation."""

    behaviour: Any
    """What the server does."""
    talk: Talk
    """What the session does; it is closed afterwards."""
    options: dict[str, Any]
    """Of connect()."""
    at_least: tuple[int, int]
    """Frames in and out that it has at least: without them nothing would be proved."""


async def _echoes(session: Session, *items: str | bytes) -> None:
    for item in items:
        await session.send(item)
        assert await session.receive() == item


async def plain(session: Session) -> None:
    """Texts and binaries on both sides of each header size."""
    sizes = (0, 1, 125, 126, 127, 65_535, 65_536, 200_000)
    await _echoes(
        session, *("x" * size for size in sizes), *(bytes(range(256)) * (size // 256) for size in sizes)
    )


async def deflate(session: Session) -> None:
    """Messages that shrink, that repeat one another, and that grow when compressed."""
    assert session.extensions
    repeated = [f'{{"price": {100 + number}, "symbol": "ACME"}}' for number in range(50)]
    await _echoes(session, *repeated, "Hello", "Hello", "Hello", bytes(range(256)) * 40, "é☃" * 5000)


async def in_parts(session: Session) -> None:
    """Fragments in both directions, pings between them."""
    for number in range(20):
        await session.send(Frame.text(f"first {number}, ", fin=False))
        await session.send(Frame.ping(b"between"))
        await session.send(Frame.text("second, ", fin=False))
        await session.send(Frame.text("grün"))
        assert await session.receive() == f"first {number}, second, grün"


async def pinged(session: Session) -> None:
    """Pings both ways: ours are answered, and the peer's by us."""
    for number in range(50):
        await session.ping(b"%d" % number * (number // 10))
    await _echoes(session, "alive")


async def bursting(peer: LabConnection) -> None:
    """Send many small frames in few writes, then read to the word done."""
    for start in range(0, BURST, 2000):
        await peer.send_batch(TICKS[start : start + 2000])
    async for message in peer:
        if message == "done":
            return


async def burst(session: Session) -> None:
    """Many small frames both ways at once, read to the peer's close."""

    async def send() -> None:
        for text in (*TICKS[: BURST // 2], "done"):
            await session.send(text)

    sending = asyncio.create_task(send())
    assert [message async for message in session] == TICKS
    await sending


async def leave_when_told(peer: HostilePeer) -> None:
    """Read up to the client's unmasked close."""
    await peer.reader.readuntil(CLOSE)


async def odd(session: Session) -> None:
    """A raw session that takes all that a server may not send, and sends what a client may not."""
    async for _ in session.incoming:
        pass
    await session.send(Frame.nonstandard(0xB, b"reserved"), verbatim=True)
    await session.send(Frame.nonstandard(0x3, b"reserved"), mask_key=b"\0\0\0\0", verbatim=True)
    await session.send(Frame(Opcode.TEXT, b"\xc3\x28"), mask_key=b"abcd", verbatim=True)
    await session.send(Frame(Opcode.CONTINUATION, b"nothing to continue", rsv2=True), verbatim=True)
    await session.flush()
    session.masking = False
    with warnings.catch_warnings(action="ignore"):
        await session.send("in the clear")
        await session.close()


async def cut_off(session: Session) -> None:
    """A session that is ended while a peer that reads nothing has taken a part of what was sent."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            for _ in range(400):
                await session.send(b"x" * 100_000)
    session.terminate()


LAWFUL = {
    "plain": Scenario("echo", plain, {"compression": None}, (16, 17)),
    "deflate": Scenario("echo", deflate, {}, (55, 56)),
    "fragments": Scenario(fragments(size=7, ping_between=True), in_parts, {"compression": None}, (160, 80)),
    "compressed fragments": Scenario(fragments(size=7, ping_between=True), in_parts, {}, (160, 80)),
    "pings": Scenario(pings(interval=0.001, count=50), pinged, {"compression": None}, (51, 51)),
    "burst": Scenario(bursting, burst, {"compression": None}, (BURST, BURST // 2)),
    "compressed burst": Scenario(bursting, burst, {}, (BURST, BURST // 2)),
}
OVER_TLS = {f"{name} over TLS": LAWFUL[name] for name in ("plain", "compressed burst")}
LAWLESS = {
    "lawless": Scenario(
        [Upgrade(), SendBytes(ODD_FRAMES, split=[3, 40]), leave_when_told], odd, {"raw": True}, (12, 6)
    )
}
PLAIN = {**LAWFUL, "cut off": Scenario(silent(reading=False), cut_off, {"compression": None}, (0, 1))}
PLACES: tuple[Io, ...] = ("kernel", "thread")


class Held(NamedTuple):
    """What is left of one session."""

    log: FrameLog
    at_least: tuple[int, int]
    """As in its scenario."""
    client: int
    """Its own port."""


class Conversation(NamedTuple):
    """One session when it is over, from inside and from outside."""

    held: Held
    """From inside."""
    seen: Seen
    """From outside: what the witness says."""


def each(*names: str) -> pytest.MarkDecorator:
    """Run a test for some conversations, with the pump in both places."""
    return pytest.mark.parametrize("which", [f"{name}, {io}" for name in names for io in PLACES])


async def hold(url: str, scenario: Scenario, io: Io, **options: Any) -> Held:
    """Hold one conversation."""
    async with wsnotebook.connect(url, proxy=None, io=io, **scenario.options, **options) as session:
        await scenario.talk(session)
    local = session.call.local_address
    assert local is not None
    return Held(session.log, scenario.at_least, local[1])


async def hold_all(make_witness: Callable[[str], Witness], key_log: Path) -> dict[str, Conversation]:
    """Hold every conversation while witnesses watch, and let them decode what they saw."""
    trusted = certificate()
    trusted.client.keylog_filename = str(key_log)
    routes = {
        f"/{name.replace(' ', '-')}": one.behaviour for name, one in [*PLAIN.items(), *OVER_TLS.items()]
    }
    held: list[dict[str, Held]] = []
    witnesses = [make_witness("plain"), make_witness("tls"), make_witness("lawless")]
    async with (
        embedded_server(None, routes=routes) as server,
        embedded_server(None, routes=routes, ssl=trusted.server) as tls_server,
        hostile_server(LAWLESS["lawless"].behaviour) as hostile,
    ):
        servers: tuple[tuple[str, dict[str, Scenario], dict[str, Any]], ...] = (
            (server.url, PLAIN, {}),
            (tls_server.url, OVER_TLS, {"ssl": trusted.client}),
            (hostile.url, LAWLESS, {}),
        )
        for witness, (url, scenarios, options) in zip(witnesses, servers, strict=True):
            with witness.watching(int(url.rpartition(":")[2])):
                held.append(
                    {
                        f"{name}, {io}": await hold(f"{url}/{name.replace(' ', '-')}", one, io, **options)
                        for name, one in scenarios.items()
                        for io in PLACES
                    }
                )
        assert server.errors == tls_server.errors == []
    conversations: dict[str, Conversation] = {}
    for witness, logs, keys in zip(witnesses, held, (None, key_log, None), strict=True):
        seen = witness.decode(keys)
        conversations |= {name: Conversation(one, seen[one.client]) for name, one in logs.items()}
    return conversations


@pytest.fixture(scope="module")
def conversations(
    make_witness: Callable[[Path], Witness], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Conversation]:
    """Every conversation, held once for all tests here."""
    folder = tmp_path_factory.mktemp("truth")
    return asyncio.run(hold_all(lambda name: make_witness(folder / f"{name}.pcap"), folder / "keys"))


def wire_frames_of(df: pd.DataFrame) -> list[WireFrame]:
    """Return what the log says of each frame in the witness's terms."""
    opcodes = [OPCODES[name] if name in OPCODES else int(name, 16) for name in df["opcode"]]
    rsv = 4 * df["rsv1"] + 2 * df["rsv2"] + 1 * df["rsv3"]
    keys = [None if key is pd.NA else key for key in df["mask_key"]]
    assert [key is not None for key in keys] == df["masked"].tolist()
    columns = (df["fin"].tolist(), rsv.tolist(), opcodes, keys, df["wire_length"].tolist())
    return [WireFrame(*values) for values in zip(*columns, strict=True)]


@pytest.mark.long
@each(*LAWFUL, *OVER_TLS, *LAWLESS)
def test_the_log_has_each_frame_as_it_was_on_the_wire(
    which: str, conversations: dict[str, Conversation]
) -> None:
    """fin, rsv, opcode, mask, key and length of every frame, in order and both directions, and no frame more."""
    held, seen = conversations[which]
    df = held.log.df
    for direction, at_least in zip(("in", "out"), held.at_least, strict=True):
        rows = wire_frames_of(df[df["direction"] == direction])
        assert rows == seen.frames[direction] and len(rows) >= at_least


@each(*LAWFUL, *OVER_TLS, *LAWLESS)
def test_the_log_gives_back_each_byte_of_the_wire(which: str, conversations: dict[str, Conversation]) -> None:
    """wire_bytes of both directions are the bytes of TCP, or those inside TLS; so is the handshake."""
    held, seen = conversations[which]
    (connection,) = held.log.connections
    assert held.log.wire_bytes("in") == seen.data["in"]
    assert held.log.wire_bytes("out") == seen.data["out"]
    assert connection.request == seen.handshake["out"]
    assert connection.response == seen.handshake["in"]


@each("plain", "deflate", "fragments", "pings", "burst", "compressed burst", *OVER_TLS)
def test_messages_are_what_the_witness_reads(which: str, conversations: dict[str, Conversation]) -> None:
    """Unmasked, inflated and put together: texts and binaries of the log are those of another decoder."""
    held, seen = conversations[which]
    df = held.log.df
    for direction in ("in", "out"):
        data = df[(df["direction"] == direction) & df["message"].notna()]
        messages: dict[int, bytearray] = defaultdict(bytearray)
        kinds: dict[int, str] = {}
        for message, opcode, payload in zip(data["message"], data["opcode"], data["payload"], strict=True):
            kinds.setdefault(message, opcode)
            messages[message] += payload
        texts = [messages[message].decode() for message, kind in kinds.items() if kind == "text"]
        binaries = [bytes(messages[message]) for message, kind in kinds.items() if kind == "binary"]
        assert [text for text in texts if text] == seen.texts[direction]
        assert [binary for binary in binaries if binary] == seen.binaries[direction]


@each("cut off")
def test_no_frame_left_that_the_log_says_was_dropped(
    which: str, conversations: dict[str, Conversation]
) -> None:
    """What was cut off in mid-write: the wire has a beginning of what the rows say, and no dropped row whole."""
    held, seen = conversations[which]
    df = held.log.df
    sent = df[df["direction"] == "out"]
    written = b"".join(part for rows in held.log.rows(0, held.log.end) for part in wire_frames(rows))
    assert {"ok", "unsent"} == set(sent["status"])
    assert seen.data["out"] and written.startswith(seen.data["out"])
    whole = int((sent["frame_length"].cumsum() <= len(seen.data["out"])).sum())
    assert whole <= int((sent["status"] == "ok").sum())
    assert (sent["status"].iloc[:whole] == "ok").all()
