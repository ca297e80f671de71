"""A proxy between two ends made of bytes: what goes on, what is recorded, and how each end reaches the other."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import re
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from bytepeer import ByteServer

import wsnotebook
from wsnotebook.errors import InvalidURL
from wsnotebook.middle.proxy import proxy
from wsnotebook.session.connection import WireConnection

from .conftest import Converse, ask, framed

Until = Callable[[Callable[[], object]], Awaitable[None]]

KEY = b"\x01\x02\x03\x04"


def masked(head: int, payload: bytes = b"", key: bytes = KEY) -> bytes:
    """Return a client's frame of up to 125 bytes."""
    times = itertools.cycle(key)
    return (
        bytes((head, 0x80 | len(payload))) + key + bytes(a ^ b for a, b in zip(payload, times, strict=False))
    )


def plain(head: int, payload: bytes = b"") -> bytes:
    """Return a server's frame of up to 125 bytes."""
    return bytes((head, len(payload))) + payload


ODD = [
    (0x81, b"Hello"),
    (0x01, b"Hel"),  # a fragmented text with a ping between
    (0x89, b"?"),
    (0x80, b"lo"),
    (0x82, bytes(range(100))),
    (0x8A, b"an unasked pong"),
    (0x81, b"\xff not UTF-8"),
    (0xC1, b"RSV1 that nobody claimed"),
    (0x83, b"a reserved opcode"),
    (0x8B, b"a reserved control frame"),
    (0x09, b"a ping that is not final"),
    (0x80, b"a continuation of nothing"),
    (0x88, b"\x03\xe8bye"),
    (0x81, b"after the close"),
]
"""First byte and payload of frames, right and wrong ones."""


async def test_every_frame_of_a_client_goes_on_byte_for_byte(converse: Converse) -> None:
    """With the client's own mask keys, unmasked where it did not mask, and whatever rule a frame breaks."""
    sent = b"".join(masked(head, payload, bytes((n, 7, 0, 9))) for n, (head, payload) in enumerate(ODD))
    sent += plain(0x81, b"not masked")
    async with converse() as ends:
        await ends.client.send(sent)
        assert await ends.upstream.read(len(sent)) == sent
    rows = ends.proxy.df
    assert rows["payload"].tolist() == [payload for _, payload in ODD] + [b"not masked"]
    assert set(rows["direction"]) == {"out"}
    upstream = ends.proxy.log.df.query("session == 'upstream-1'")
    for column in ("payload", "opcode", "fin", "rsv1", "mask_key", "status", "detail"):
        assert upstream[column].tolist() == rows[column].tolist(), column


async def test_every_frame_of_an_upstream_goes_on_byte_for_byte(converse: Converse) -> None:
    """The same in the other direction, with a frame that a server must not mask."""
    sent = b"".join(plain(head, payload) for head, payload in ODD) + masked(0x81, b"masked")
    async with converse() as ends:
        await ends.upstream.send(sent)
        assert await ends.client.read(len(sent)) == sent
    rows = ends.proxy.df
    assert rows["payload"].tolist() == [payload for _, payload in ODD] + [b"masked"]
    assert set(rows["direction"]) == {"in"}


async def test_a_frame_of_a_mebibyte_goes_on_whole(converse: Converse) -> None:
    payload = bytes(range(256)) * 4096
    frame = b"\x82\x7f" + len(payload).to_bytes(8, "big") + payload
    async with converse() as ends:
        reading = asyncio.ensure_future(ends.client.read(len(frame)))
        await ends.upstream.send(frame)
        assert await reading == frame


async def test_what_the_upstream_sends_with_its_101_reaches_the_client_after_its_own(
    converse: Converse,
) -> None:
    async with converse(early=plain(0x81, b"welcome")) as ends:
        assert await ends.client.read(9) == plain(0x81, b"welcome")


async def test_what_the_client_sends_with_its_request_reaches_the_upstream(byte_server: ByteServer) -> None:
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port, rest=masked(0x81, b"at once"))
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert await upstream.read(13) == masked(0x81, b"at once")
        client.reset()


# The handshake


async def test_the_handshake_is_handed_on(converse: Converse, byte_server: ByteServer) -> None:
    """Path, query, cookies, credentials, subprotocols and own fields go on; Host is the upstream's; the answer comes back."""
    fields = (
        "Cookie: a=1; b=2",
        "Authorization: Bearer T0P",
        "X-Own: grüße",
        "Sec-WebSocket-Protocol: v2, v1",
    )
    answer = ("Sec-WebSocket-Protocol: v1", "Set-Cookie: c=3", "Set-Cookie: d=4")
    async with converse(*fields, target="/feed?symbol=A%20B", answer=answer) as ends:
        request = ends.upstream.request.decode()
    assert request.startswith("GET /feed?symbol=A%20B HTTP/1.1\r\n")
    lines = request.split("\r\n")
    for line in (f"Host: 127.0.0.1:{byte_server.port}", *fields[:3]):
        assert line in lines
    assert "Sec-WebSocket-Protocol: v2, v1" in lines
    assert "Sec-WebSocket-Extensions" not in request
    got = ends.answer.decode().split("\r\n")
    assert got[0] == "HTTP/1.1 101 Switching Protocols"
    assert {*answer, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="} <= set(got)
    events = ends.proxy.log.events
    assert any("Host is" in detail for detail in events[events["kind"] == "changed"]["detail"])


async def test_a_whole_url_is_asked_for_by_its_path(byte_server: ByteServer) -> None:
    """A server has to take the form in which a proxy is asked (RFC 9112 §3.2.2)."""
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port, target=f"http://127.0.0.1:{p.port}/feed?a=http://b")
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert upstream.request.startswith(b"GET /feed?a=http://b HTTP/1.1\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        assert p.log.connections[-1].url.startswith(f"ws://127.0.0.1:{p.port}/feed?a=")
        client.reset()


async def test_headers_of_the_proxy_stand_in_place_of_the_clients(converse: Converse) -> None:
    async with converse("Authorization: Bearer theirs", headers={"authorization": "Bearer ours"}) as ends:
        request = ends.upstream.request.decode().lower()
    assert request.count("authorization: ") == 1 and "authorization: bearer ours" in request


async def test_an_origin_of_the_proxy_stands_in_place_of_the_clients(converse: Converse) -> None:
    own, page = "https://ours.example", "http://localhost:3000"
    async with converse(f"Origin: {page}", origins=[page], headers={"Origin": own}) as ends:
        request = ends.upstream.request.decode()
    assert [line for line in request.split("\r\n") if "rigin:" in line] == [f"Origin: {own}"]


async def test_the_user_of_the_upstreams_url_stands_in_place_of_the_clients(byte_server: ByteServer) -> None:
    """There is one Authorization in a request."""
    url = byte_server.url.replace("ws://", "ws://me:pw@")
    with pytest.raises(ValueError, match="authorization is given twice"):
        proxy(url, headers={"authorization": "Bearer ours"})
    async with proxy(url, proxy=None) as p:
        client = await ask(p.port, "Authorization: Bearer theirs")
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert upstream.request.count(b"Authorization: ") == 1
        assert b"Authorization: Basic " in upstream.request
        await client.reader.readuntil(b"\r\n\r\n")
        client.reset()


async def test_a_client_at_the_root_gets_the_path_of_the_upstream(byte_server: ByteServer) -> None:
    async with proxy(byte_server.url + "feed?x=1", proxy=None) as p:
        assert p.url == f"ws://127.0.0.1:{p.port}/feed?x=1"
        client = await ask(p.port)
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert upstream.request.startswith(b"GET /feed?x=1 HTTP/1.1\r\n")
        await client.reader.readuntil(b"\r\n\r\n")
        client.reset()


async def test_a_page_of_the_proxys_own_origin_is_one_of_the_upstreams(byte_server: ByteServer) -> None:
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port, f"Origin: http://127.0.0.1:{p.port}")
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert f"Origin: http://127.0.0.1:{byte_server.port}\r\n".encode() in upstream.request
        client.reset()


async def test_a_page_of_another_origin_is_refused_unless_listed(byte_server: ByteServer) -> None:
    page = "http://localhost:3000"
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port, f"Origin: {page}")
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 403 ")
        assert f"origins=['{page}']" in p.refusals[0].reason
        client.hang_up()
    async with proxy(byte_server.url, proxy=None, origins=[page]) as p:
        client = await ask(p.port, f"Origin: {page}")
        upstream = await byte_server.accept()
        await upstream.upgrade()
        assert f"Origin: {page}\r\n".encode() in upstream.request
        client.reset()


@pytest.mark.parametrize(
    ("request_lines", "status"),
    [
        (["GET / HTTP/1.1"], 426),
        (["POST / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"], 405),
        (["GET / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 8"], 426),
        (["GET / HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"], 400),
    ],
)
async def test_what_is_no_handshake_is_answered(
    byte_server: ByteServer, request_lines: list[str], status: int
) -> None:
    async with proxy(byte_server.url) as p:
        reader, writer = await asyncio.open_connection("127.0.0.1", p.port)
        writer.write("\r\n".join([*request_lines, f"Host: 127.0.0.1:{p.port}", "", ""]).encode())
        assert (await reader.read()).startswith(f"HTTP/1.1 {status} ".encode())
        assert p.refusals[0].status == status
        writer.close()


async def test_a_refusal_of_the_upstream_reaches_the_client(byte_server: ByteServer) -> None:
    """Status, reason, fields and body are the upstream's."""
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port)
        upstream = await byte_server.accept()
        await upstream.reader.readuntil(b"\r\n\r\n")
        lines = [
            "HTTP/1.1 429 Slow Down",
            "Retry-After: 7",
            "Content-Type: text/x-own",
            "Content-Length: 5",
            "",
            "later",
        ]
        await upstream.send("\r\n".join(lines).encode())
        head, _, body = (await client.read_to_end()).partition(b"\r\n\r\n")
        assert body == b"later"
        assert head.split(b"\r\n")[0] == b"HTTP/1.1 429 Slow Down"
        assert b"Retry-After: 7" in head and b"Content-Type: text/x-own" in head
        assert "429" in str(p.errors[0])
        assert p.sessions == ()
        client.hang_up()


@pytest.mark.parametrize(("length", "sent"), [(100, 9), (2_000_000, 2_000_000), (100, 0)])
async def test_a_refusal_that_is_not_whole_is_none_for_the_client(
    byte_server: ByteServer, length: int, sent: int
) -> None:
    """One that was cut off, or is over the limit: the client gets a part, without an end, and an event says why."""
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port)
        upstream = await byte_server.accept()
        await upstream.reader.readuntil(b"\r\n\r\n")
        await upstream.send(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % length + b"x" * sent)
        upstream.hang_up()
        head, _, body = (await client.read_to_end()).partition(b"\r\n\r\n")
        client.hang_up()
        assert b"Transfer-Encoding: chunked" in head and b"Content-Length" not in head
        kept = b"x" * min(sent, 1 << 20)
        assert body == (b"%x\r\n" % len(kept) + kept + b"\r\n" if kept else b"")
        assert "403 No, whose body is not whole: " in p.log.events["detail"].iloc[-1]


async def test_an_upstream_that_is_not_there_is_a_bad_gateway(byte_server: ByteServer) -> None:
    byte_server.refuse()
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port)
        answer = (await client.read_to_end()).decode()
        assert answer.startswith("HTTP/1.1 502 Bad Gateway\r\n")
        assert "nothing listens there" in answer
        client.hang_up()


async def test_an_upstream_that_says_nothing_is_a_gateway_timeout(byte_server: ByteServer) -> None:
    async with proxy(byte_server.url, proxy=None, open_timeout=0.05) as p:
        client = await ask(p.port)
        assert (await client.read_to_end()).startswith(b"HTTP/1.1 504 ")
        client.hang_up()


@pytest.mark.parametrize("url", ["http://example.org", "example.org", "ws://"])
def test_an_upstream_that_is_no_websocket_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidURL):
        proxy(url)


# Compression


async def test_each_connection_negotiates_compression_for_itself(converse: Converse) -> None:
    """The client is compressed, the upstream is not: both see the message, and the rows say what was on which wire."""
    text = "compress me " * 8
    async with converse("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits") as ends:
        assert b"permessage-deflate" in ends.upstream.request
        assert b"Sec-WebSocket-Extensions: permessage-deflate" in ends.answer
        await ends.upstream.send(plain(0x81, text.encode()))
        frame = await ends.client.read_frame()
        assert frame.head == 0xC1 and len(frame.payload) < len(text) / 2
        await ends.client.send(masked(0xC1, frame.payload))
        assert await ends.upstream.read_frame() == (0x81, KEY, text.encode())
    frames = ends.proxy.log.df
    assert frames["text"].tolist() == [text] * 4
    assert (frames["wire_length"] < frames["length"]).tolist() == [False, True, True, False]


async def test_fragments_of_a_compressed_message_go_on_as_fragments(converse: Converse) -> None:
    import zlib

    deflate = zlib.compressobj(wbits=-15)
    data = deflate.compress(b"Hello " * 20) + deflate.flush(zlib.Z_SYNC_FLUSH)
    data = data[:-4]
    async with converse("Sec-WebSocket-Extensions: permessage-deflate") as ends:
        await ends.client.send(masked(0x41, data[:5]) + masked(0x80, data[5:]))
        first, second = await ends.upstream.read_frame(), await ends.upstream.read_frame()
        assert (first.head, second.head) == (0x01, 0x80)
        assert first.payload + second.payload == b"Hello " * 20


async def test_what_cannot_be_inflated_ends_both_connections(converse: Converse) -> None:
    async with converse("Sec-WebSocket-Extensions: permessage-deflate") as ends:
        await ends.client.send(masked(0xC1, b"\xff\xff\xff not deflate"))
        for end in (ends.client, ends.upstream):
            frame = await end.read_frame()
            assert (frame.head, frame.payload[:2]) == (0x88, (1007).to_bytes(2, "big"))
    assert "cannot be handed on" in "".join(ends.proxy.log.events["detail"])


async def test_a_frame_over_the_limit_ends_both_connections(converse: Converse) -> None:
    async with converse(max_frame_size=100) as ends:
        await ends.client.send(masked(0x82, bytes(101)))
        for end in (ends.client, ends.upstream):
            frame = await end.read_frame()
            assert (frame.head, frame.payload[:2]) == (0x88, (1009).to_bytes(2, "big"))
    assert ends.proxy.df["status"].tolist()[0] == "oversized"


# Ends


async def test_an_end_of_stream_goes_on_and_the_other_direction_stays(converse: Converse) -> None:
    async with converse() as ends:
        ends.client.end()
        assert await ends.upstream.read_to_end() == b""
        await ends.upstream.send(plain(0x81, b"still here"))
        assert await ends.client.read(12) == plain(0x81, b"still here")
        ends.upstream.end()
        assert await ends.client.read_to_end() == b""


async def test_a_frame_cut_off_by_the_end_is_recorded_and_does_not_go_on(converse: Converse) -> None:
    async with converse() as ends:
        await ends.upstream.send(plain(0x81, b"whole") + b"\x81\x05cu")
        ends.upstream.end()
        assert await ends.client.read_to_end() == plain(0x81, b"whole")
    assert ends.proxy.log.df["status"].tolist() == ["ok", "ok", "truncated"]


async def test_a_frame_cut_off_that_breaks_a_rule_does_not_go_on(converse: Converse) -> None:
    """The row names the rule in place of the cut, and the length that the frame was to have."""
    async with converse() as ends:
        await ends.upstream.send(framed(0xC2, b"whole", form=8) + b"\xc2\x7e\x03\xe8abcd")
        ends.upstream.end()
        assert await ends.client.read_to_end() == plain(0xC2, b"whole")
    cut = ends.proxy.log.df.iloc[-1]
    assert (cut["status"], cut["length"], cut["wire_length"], cut["frame_length"]) == (
        "violation",
        1000,
        4,
        8,
    )


@pytest.mark.parametrize("who", ["client", "upstream"])
async def test_a_reset_goes_on_as_a_reset(converse: Converse, who: str, until: Until) -> None:
    async with converse() as ends:
        one, other = (ends.client, ends.upstream) if who == "client" else (ends.upstream, ends.client)
        await one.send(masked(0x81, b"last words"))
        assert (await other.read_frame()).payload == b"last words"
        one.reset()
        with pytest.raises(ConnectionResetError):
            await other.read_to_end()
        await until(lambda: ends.proxy.sessions == ())


async def test_the_end_of_the_proxy_is_told_to_both(converse: Converse) -> None:
    async with converse() as ends:
        stopping = asyncio.ensure_future(ends.proxy.stop())
        for end in (ends.client, ends.upstream):
            frame = await end.read_frame()
            assert (frame.head, frame.payload[:2]) == (0x88, (1001).to_bytes(2, "big"))
            end.hang_up()
        await stopping
        assert ends.proxy.sessions == ()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", ends.proxy.port)


async def test_stopping_does_not_wait_for_ever_for_a_peer(converse: Converse) -> None:
    async with converse() as ends:
        await ends.proxy.stop()
        assert ends.proxy.sessions == ()


async def test_a_stop_that_is_interrupted_cuts_off_at_once(converse: Converse) -> None:
    """As ■ does in a notebook while the peers are waited for: neither conversations nor connections are left."""
    async with converse() as ends:
        stopping = asyncio.ensure_future(ends.proxy.stop())
        assert (await ends.client.read_frame()).head == 0x88
        assert ends.proxy.is_stopped and not stopping.done()
        stopping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopping
        assert ends.proxy.sessions == ()


async def test_an_end_that_the_loop_has_not_seen_yet_does_not_stop_the_proxys(converse: Converse) -> None:
    """The close frame is answered with a reset at once, and no end of stream can be written any more."""
    async with converse() as ends:
        ends.client.hang_up()
        await asyncio.sleep(0)  # its socket is closed; the proxy's transport learns of it in a later turn
        await ends.proxy.stop()
        assert ends.proxy.sessions == ()


# Backpressure


@pytest.mark.parametrize("slow", ["client", "upstream"])
async def test_a_slow_end_slows_the_other(converse: Converse, slow: str, until: Until) -> None:
    """What one end does not take, the other cannot send: nothing piles up in the proxy, and nothing is lost."""
    async with converse() as ends:
        taker, giver = (ends.client, ends.upstream) if slow == "client" else (ends.upstream, ends.client)
        taker.stop_reading()
        payload = bytes(1 << 16)
        header = b"\x82\x7f" if slow == "client" else b"\x82\xff"
        key = b"" if slow == "client" else b"\0\0\0\0"
        frame = header + len(payload).to_bytes(8, "big") + key + payload
        giver.writer.transport.set_write_buffer_limits(0)
        count = 0
        while giver.writer.transport.get_write_buffer_size() == 0:
            giver.writer.write(frame)
            count += 1
            await asyncio.sleep(0.002)
            assert count < 2000, "the proxy takes everything"
        rows = len(ends.proxy.df)
        await asyncio.sleep(0.05)
        assert len(ends.proxy.df) - rows < 64
        taker.read_on()
        assert await taker.read(count * len(frame)) == frame * count


# The record


async def test_the_record_is_the_clients_view_and_the_log_has_both(converse: Converse) -> None:
    async with converse() as ends:
        await ends.client.send(masked(0x81, b"ask"))
        await ends.upstream.read(9)
        await ends.upstream.send(plain(0x81, b"answer"))
        await ends.client.read(8)
    assert ends.proxy.df[["session", "direction", "text"]].values.tolist() == [
        ["client-1", "out", "ask"],
        ["client-1", "in", "answer"],
    ]
    assert ends.proxy.conversations[0].df.equals(ends.proxy.df)
    assert ends.proxy.log.df["session"].tolist() == [
        "client-1",
        "upstream-1",
        "upstream-1",
        "client-1",
    ]


async def test_proxies_that_share_a_log_have_sessions_of_their_own(byte_server: ByteServer) -> None:
    """The numbers in the names go on, and each proxy and each conversation has its own frames."""
    log = wsnotebook.FrameLog()
    async with contextlib.AsyncExitStack() as stack:
        two = [await stack.enter_async_context(proxy(byte_server.url, proxy=None, log=log)) for _ in range(2)]
        for number, p in enumerate(two):
            client = await ask(p.port)
            upstream = await byte_server.accept()
            await upstream.upgrade()
            await client.reader.readuntil(b"\r\n\r\n")
            await upstream.send(framed(0x81, b"%d" % number))
            await client.read_frame()
            client.reset()
    for number, p in enumerate(two):
        (conversation,) = p.conversations
        name = f"client-{number + 1}"
        assert p.df[["session", "text"]].dropna().values.tolist() == [[name, str(number)]]
        assert conversation.df["text"].dropna().tolist() == [str(number)]
        assert conversation.upstream_name == f"upstream-{number + 1}"
    assert log.new_number("client", "upstream") == 3


async def test_secrets_of_the_handshake_are_redacted_in_every_record(converse: Converse) -> None:
    fields = ("Cookie: a=S3CRET", "Authorization: Bearer S3CRET")
    async with converse(*fields, target="/?token=S3CRET", answer=("Set-Cookie: c=S3CRET",)) as ends:
        pass
    log = ends.proxy.log
    said = repr([connection.to_dict() for connection in log.connections]) + log.events.to_string()
    assert "S3CRET" not in said + repr(ends.proxy) + repr(ends.proxy.conversations)
    assert "S3CRET" in ends.upstream.request.decode()


async def test_secrets_of_the_upstreams_url_are_redacted_where_it_is_shown() -> None:
    """The address for clients has them."""
    async with proxy("wss://me:S3CRET@example.org/feed?token=S3CRET&limit=1") as p:
        assert "S3CRET" not in repr(p) and repr(p).count("limit=1") == 2
        assert p.url.endswith("/feed?token=S3CRET&limit=1")


async def test_a_recording_of_a_proxy_loads_as_what_it_saw(converse: Converse, tmp_path: Path) -> None:
    path = tmp_path / "middle.pcapng"
    async with converse(record=path) as ends:
        await ends.client.send(masked(0x81, b"ask"))
        await ends.upstream.read(9)
        await ends.upstream.send(plain(0x81, b"answer"))
        await ends.client.read(8)
        ends.client.reset()
    columns = ["session", "direction", "text", "mask_key"]
    loaded = wsnotebook.load(path)
    assert loaded.df[columns].values.tolist() == ends.proxy.log.df[columns].values.tolist()


async def test_the_repr_says_what_it_is_and_what_to_do(byte_server: ByteServer) -> None:
    p = proxy(byte_server.url)
    assert "not started" in repr(p)
    with pytest.raises(RuntimeError, match="async with"):
        _ = p.url
    async with p:
        assert re.fullmatch(
            r"<proxy of ws://127.0.0.1:\d+/ at ws://127.0.0.1:\d+/: 0 connected, 0 accepted, 0 frames in its log>",
            repr(p),
        )
    assert "stopped" in repr(p)


async def test_a_running_proxy_shows_itself_and_a_stopped_one_says_so(byte_server: ByteServer) -> None:
    async with proxy(byte_server.url) as p:
        assert "application/vnd.jupyter.widget-view+json" in p._repr_mimebundle_()[0]
    assert set(p._repr_mimebundle_()) == {"text/plain"}


async def test_a_conversation_that_has_ended_keeps_no_connection(converse: Converse, until: Until) -> None:
    """Its windows of compression are 300 kB, and a proxy may see thousands."""
    answer = "Sec-WebSocket-Extensions: permessage-deflate"
    async with converse(answer, answer=(answer,)) as ends:
        (conversation,) = ends.proxy.sessions
        legs = (conversation._client, conversation._upstream)
        kept = [weakref.ref(leg.extensions[0]) for leg in legs] + [
            weakref.ref(leg._transport) for leg in legs
        ]
        assert all(each() is not None for each in kept)
        ends.client.reset()
        await until(lambda: conversation.has_ended)
        await until(lambda: gc.collect() >= 0 and not any(each() for each in kept))


async def test_a_conversation_that_was_refused_keeps_no_connection_either(
    byte_server: ByteServer, until: Until
) -> None:
    """Its error stays, with the answer."""
    async with proxy(byte_server.url, proxy=None) as p:
        client = await ask(p.port)
        upstream = await byte_server.accept()
        await upstream.reader.readuntil(b"\r\n\r\n")
        await upstream.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")
        assert (await client.reader.read()).startswith(b"HTTP/1.1 503 Busy")
        upstream.reset()
        await until(
            lambda: gc.collect() >= 0 and not any(type(each) is WireConnection for each in gc.get_objects())
        )
        assert "503 Busy" in str(p.errors[0])
        client.reset()
