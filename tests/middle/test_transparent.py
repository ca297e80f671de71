"""A transparent proxy: extensions are agreed on end to end, and the bytes of both ends are the same; the rows are inflated."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from random import Random

import pytest

from wsnotebook.middle.proxy import proxy
from wsnotebook.wire.frames import Frame

from .conftest import Converse, framed

Until = Callable[[Callable[[], object]], Awaitable[None]]

KEY = b"\x01\x02\x03\x04"
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=9"
ANSWER = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits=9"
TEXTS = [b"Hello " * 20, b"Hello again, " * 9, "grüße 🐙".encode() * 30]


def compressed(texts: list[bytes], bits: int = 15) -> list[bytes]:
    """Return the payloads of messages that share one window."""
    deflate = zlib.compressobj(wbits=-bits)
    return [(deflate.compress(text) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4] for text in texts]


def conversation() -> tuple[bytes, bytes]:
    """Return what a client and a server send: compressed, plain, in fragments, with odd lengths and control frames."""
    first, second, third = compressed(TEXTS, 9)
    out = framed(0xC1, first, KEY) + framed(0x89, b"?", b"abcd") + framed(0xC1, second, b"\0\0\0\0", form=8)
    out += framed(0x41, third[:7], KEY) + framed(0x8A, b"", KEY) + framed(0x80, third[7:], b"zzzz", form=2)
    out += framed(0x81, b"plain", KEY) + framed(0x88, b"\x03\xe8", KEY)
    back = b"".join(framed(0xC1, compressed([text])[0], form=2) for text in TEXTS) + framed(
        0x82, b"\xff" * 300
    )
    return out, back


async def test_the_bytes_of_both_ends_are_the_same(converse: Converse) -> None:
    """In pieces of any size; the rows of both connections are equal, and have the messages."""
    out, back = conversation()
    random = Random(1)
    async with converse(OFFER, answer=(ANSWER,), transparent=True) as ends:
        for data, source, target in ((out, ends.client, ends.upstream), (back, ends.upstream, ends.client)):
            rest = data
            while rest:
                size = random.randrange(1, 40)
                await source.send(rest[:size])
                assert await target.read(len(rest[:size])) == rest[:size]
                rest = rest[size:]
        log = ends.proxy.log
    df = log.df
    client, upstream = (
        df[df["session"] == name].reset_index(drop=True) for name in ("client-1", "upstream-1")
    )
    told = ["time", "monotonic", "session", "connection", "message"]
    assert client.drop(columns=told).equals(upstream.drop(columns=told))
    assert (client["status"] == "ok").all()
    messages = ends.proxy.df.ws.messages()
    assert messages["payload"].tolist()[:7] == [*TEXTS, b"plain", *TEXTS]
    assert log.wire_bytes("out", "client-1") == log.wire_bytes("out", "upstream-1") == out
    assert log.wire_bytes("in", "client-1") == log.wire_bytes("in", "upstream-1") == back


async def test_offers_and_answer_go_through(converse: Converse) -> None:
    """All that the client offers, also what the proxy does not know; and the upstream's choice."""
    offers = f"{OFFER}, x-other; level=3, permessage-deflate"
    chosen = "Sec-WebSocket-Extensions: x-other; level=2"
    async with converse(offers, answer=(chosen,), transparent=True) as ends:
        assert offers.encode() in ends.upstream.request
        assert chosen.encode() in ends.answer
        sent = framed(0xF1, b"as it is", KEY)
        await ends.client.send(sent)
        assert await ends.upstream.read(len(sent)) == sent
    row = ends.proxy.df.iloc[0]
    assert (row["payload"], row["status"], row["rsv2"]) == (b"as it is", "ok", True)


async def test_an_upstream_that_does_not_compress_is_spoken_to_plainly(converse: Converse) -> None:
    """Then the client is told so, whatever the proxy could do itself."""
    async with converse(OFFER, transparent=True) as ends:
        assert b"Sec-WebSocket-Extensions" not in ends.answer
        await ends.client.send(framed(0x81, b"plain", KEY))
        assert (await ends.upstream.read_frame()).payload == b"plain"


async def test_what_cannot_be_inflated_goes_on_all_the_same(converse: Converse) -> None:
    """The record says what is wrong with it; the two ends decide what to do."""
    bad = framed(0xC1, b"\xff\xff\xff not deflate", KEY)
    async with converse(OFFER, answer=(ANSWER,), transparent=True) as ends:
        await ends.client.send(bad)
        assert await ends.upstream.read(len(bad)) == bad
        await ends.upstream.send(framed(0x88, b"\x03\xef"))
        assert (await ends.client.read_frame()).payload == b"\x03\xef"
    rows = ends.proxy.log.df
    assert rows["status"].tolist()[:2] == ["violation", "violation"]


async def test_bytes_that_came_with_the_101_follow_it(converse: Converse) -> None:
    early = framed(0xC1, compressed([TEXTS[0]])[0])
    async with converse(OFFER, answer=(ANSWER,), early=early + b"\xc1", transparent=True) as ends:
        assert await ends.client.read(len(early) + 1) == early + b"\xc1"
    assert ends.proxy.df["payload"].tolist()[0] == TEXTS[0]


async def test_a_large_frame_goes_on_before_it_is_whole(converse: Converse) -> None:
    """What it is of is recorded once it is; the end of a stream leaves a row of what came."""
    head = bytes((0x82, 127)) + (1 << 20).to_bytes(8, "big")
    async with converse(transparent=True) as ends:
        await ends.upstream.send(head + bytes(600_000))
        assert await ends.client.read(len(head) + 600_000) == head + bytes(600_000)
        assert len(ends.proxy.log) == 0
        ends.upstream.end()
        assert await ends.client.read_to_end() == b""
    rows = ends.proxy.log.df
    assert rows[["session", "status"]].values.tolist() == [
        ["upstream-1", "truncated"],
        ["client-1", "truncated"],
    ]
    assert [len(payload) for payload in rows["payload"]] == [600_000, 600_000]


async def test_frames_that_were_not_taken_are_recorded_as_unsent(converse: Converse, until: Until) -> None:
    """Those of which a byte was left when the client reset, and no others."""
    async with converse(transparent=True) as ends:
        ends.client.stop_reading()
        leg = ends.proxy.sessions[0]._client
        assert leg._transport is not None
        frame = framed(0x82, b"x" * 1000, form=8)
        async with asyncio.timeout(60):
            while not leg._transport.get_write_buffer_size():
                ends.upstream.writer.write(frame * 200)  # the proxy reads no more from there on: no drain
                await asyncio.sleep(0.001)
        left = leg._transport.get_write_buffer_size() - leg._begun
        ends.client.reset()
        await until(lambda: not ends.proxy.sessions)
    rows = ends.proxy.df.query("direction == 'in'")
    unsent = rows["frame_length"][rows["status"] == "unsent"].tolist()
    assert sum(unsent[1:]) < left <= sum(unsent)
    assert (rows["status"].iloc[: -len(unsent)] == "ok").all()


async def test_the_end_of_the_proxy_is_a_close_between_frames_and_a_reset_within_one(
    converse: Converse,
) -> None:
    """A close frame in the middle of another one would be part of its payload."""
    async with converse(transparent=True) as ends:
        await ends.upstream.send(framed(0x82, b"x" * 50)[:20])
        assert len(await ends.client.read(20)) == 20
        await ends.proxy.stop()
        with pytest.raises(ConnectionResetError):
            await ends.client.read(1)
        assert (await ends.upstream.read_frame()).head == 0x88


async def test_nothing_can_be_changed() -> None:
    """Each verb says so."""
    p = proxy("ws://127.0.0.1:1", transparent=True)
    verbs = (
        lambda: p.on_frame(lambda frame, direction, conversation: frame),
        lambda: p.fault("delay"),
        lambda: p.break_on("x"),
        lambda: p.inject(None, Frame.text("x")),  # type: ignore[arg-type]
        p.hold,
    )
    for verb in verbs:
        with pytest.raises(ValueError, match="leave transparent=True away"):
            verb()
    p.clear()


async def test_what_came_with_a_frame_over_the_limit_is_not_recorded_as_sent(converse: Converse) -> None:
    """The client gets a close with 1009 in its place, and the rows of its connection say no more."""
    async with converse(transparent=True, max_frame_size=100) as ends:
        await ends.upstream.send(framed(0x82, b"small") + framed(0x82, bytes(200)))
        got = await ends.client.read_frame()
    df = ends.proxy.log.df
    assert got.head == 0x88 and got.payload[:2] == (1009).to_bytes(2, "big")
    assert df.query("session == 'client-1'")["opcode"].tolist() == ["close"]
    assert df.query("session == 'upstream-1' and direction == 'in'")["status"].tolist() == ["ok", "oversized"]
