"""Recordings played back: the frames, the timing, and the cassette that waits for requests."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pandas as pd
import pytest
from logs import Peer
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

import wsnotebook
from wsnotebook.lab import embedded_server, playback, ticker
from wsnotebook.lab.recordedrows import Agreement
from wsnotebook.wire.rules import Rules


async def all_of(client: ClientConnection) -> list[str | bytes]:
    """Return every message up to the end, whatever the close code."""
    messages: list[str | bytes] = []
    with contextlib.suppress(ConnectionClosed):
        while True:
            messages.append(await client.recv())
    return messages


def recording(*rows: tuple[float, str, str, bytes], **columns: Any) -> dict[str, Any]:
    """Return columns of rows (seconds, direction, opcode, payload)."""
    return {
        "monotonic": [int(5e9 + at * 1e9) for at, _, _, _ in rows],
        "direction": [direction for _, direction, _, _ in rows],
        "opcode": [opcode for _, _, opcode, _ in rows],
        "payload": [payload for _, _, _, payload in rows],
        **columns,
    }


CONVERSATION = recording(
    (0.00, "out", "text", b'{"op": "subscribe", "id": 1}'),
    (0.02, "in", "text", b"subscribed"),
    (0.04, "in", "binary", b"\x00\x01"),
    (0.05, "out", "ping", b"p"),
    (0.05, "in", "pong", b"p"),
    (0.06, "out", "text", b"more"),
    (0.08, "in", "text", b"here"),
    (0.10, "in", "close", b"\x0f\xa0done"),
)


async def test_what_the_server_sent_is_sent_again():
    """Text, binary and the close come in order."""
    async with embedded_server(playback(CONVERSATION, speed=None)) as server, connect(server.url) as client:
        assert await all_of(client) == ["subscribed", b"\x00\x01", "here"]
        assert (client.close_code, client.close_reason) == (4000, "done")


async def test_what_the_client_sends_meanwhile_changes_nothing():
    """By the clock, the client's messages are read and dropped: its pings are still answered after a thousand."""
    rows = recording((0.0, "in", "text", b"a"), (0.3, "in", "text", b"b"))
    async with embedded_server(rows) as server, connect(server.url) as client:
        for n in range(1000):
            await client.send(str(n))
        await (await client.ping())
        assert await all_of(client) == ["a", "b"]


@pytest.mark.parametrize("as_frame", [dict, pd.DataFrame])
async def test_a_recording_is_a_behaviour(as_frame: Any):
    """A dict of lists and a DataFrame can be given to embedded_server as they are; then timing is as recorded."""
    loop = asyncio.get_running_loop()
    async with embedded_server(as_frame(CONVERSATION)) as server, connect(server.url) as client:
        start = loop.time()
        assert await client.recv() == "subscribed"
        assert await all_of(client) == [b"\x00\x01", "here"]
        assert loop.time() - start >= 0.08


async def test_a_file_that_pandas_reads_as_it_is_is_a_recording():
    """There a row with a text has no payload."""
    texts = [
        None if opcode != "text" else payload.decode()
        for opcode, payload in zip(CONVERSATION["opcode"], CONVERSATION["payload"], strict=True)
    ]
    df = pd.DataFrame({**CONVERSATION, "text": texts})
    df["payload"] = df["payload"].where(df["text"].isna(), None)
    async with embedded_server(playback(df, speed=None)) as server, connect(server.url) as client:
        assert await all_of(client) == ["subscribed", b"\x00\x01", "here"]


async def test_an_object_with_a_df_is_a_recording():
    """A session's log, or whatever else has a ``df`` with the columns, is a behaviour."""

    class Log:
        df = pd.DataFrame(CONVERSATION)

    async with embedded_server(Log()) as server, connect(server.url) as client:
        assert await client.recv() == "subscribed"


@pytest.mark.parametrize(("speed", "least"), [(1.0, 0.2), (4.0, 0.05)])
async def test_timing_is_scaled(speed: float, least: float):
    """Frames come no earlier than recorded, divided by the speed."""
    rows = recording((0.0, "in", "text", b"a"), (0.2, "in", "text", b"b"))
    loop = asyncio.get_running_loop()
    async with embedded_server(playback(rows, speed=speed)) as server, connect(server.url) as client:
        assert await client.recv() == "a"
        start = loop.time()
        assert await client.recv() == "b"
        assert least * 0.8 <= loop.time() - start  # the arrival of "a" may itself be late


async def test_frames_are_played_as_they_were_cut(raw_upgrade):
    """Fragments, pings, an empty close and a frame that breaks the protocol are on the wire as recorded."""
    rows = recording(
        (0, "in", "text", b"He"),
        (0, "in", "ping", b"p"),
        (0, "in", "continuation", b"llo"),
        (0, "in", "0x3", b""),
        (0, "in", "text", b"x" * 200),
        (0, "in", "binary", bytes(70_000)),
        (0, "in", "text", b"never sent"),
        (0, "in", "close", b""),
        fin=[False, True, True, True, True, True, True, True],
        status=["ok", "ok", "ok", "violation", "ok", "ok", "unsent", "ok"],
    )
    wire = (
        b"\x01\x02He\x89\x01p\x80\x03llo\x83\x00"
        + (b"\x81\x7e\x00\xc8" + b"x" * 200)
        + (b"\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x70" + bytes(70_000))
        + b"\x88\x00"
    )
    async with (
        embedded_server(playback(rows, speed=None)) as server,
        raw_upgrade(server.port) as (reader, writer),
    ):
        assert await reader.readexactly(len(wire)) == wire
        writer.write(b"\x88\x80\0\0\0\0")
        assert await reader.read() == b""
        assert not server.errors


@pytest.mark.parametrize("match", [None, "any"])
async def test_a_message_whose_body_was_not_kept_is_left_out(match: Any):
    """The body of a frame over the limit was not kept: what is left of its message is none."""
    rows = recording(
        (0, "in", "text", b"one"),
        (0, "in", "text", b""),
        (0, "in", "text", b"tw"),
        (0, "in", "ping", b""),
        (0, "in", "continuation", b""),
        (0, "in", "continuation", b"o"),
        (0, "in", "text", b"three"),
        fin=[True, True, False, True, False, True, True],
        status=["ok", "oversized", "ok", "ok", "oversized", "ok", "ok"],
    )
    async with (
        embedded_server(playback(rows, speed=None, match=match, strict=False)) as server,
        connect(server.url) as client,
    ):
        assert [await client.recv(), await client.recv()] == ["one", "three"]
        await client.close()
        assert server.df.query("direction == 'out'")["opcode"].tolist() == ["text", "ping", "text", "close"]


BROKEN = {
    "RSV2": b"\xa1\x03abc",
    "RSV3 of a ping": b"\x99\x01a",
    "RSV1 of a close": b"\xc8\x02\x03\xe8",
    "a masked text": b"\x81\x83abcd\x00\x01\x02",
    "a text that is not UTF-8": b"\x81\x02\xff\xfe",
    "an opcode": b"\x83\x03abc",
    "a ping that is not final": b"\x09\x01a",
    "a length field of a ping": b"\x89\x7e\x00\x01a",
    "a continuation of nothing": b"\x80\x01a",
    "a close of one byte": b"\x88\x01\x03",
    "a close that is not UTF-8": b"\x88\x03\x03\xe8\xff",
}
CUT = {
    "a text": b"\x81\x64partial",
    "a fragment": b"\x01\x02ab\x80\x02c",
    "a close": b"\x88\x05\x03",
    "RSV2": b"\xa1\x64partial",
    "an opcode": b"\x83\x7e\x01\x00partial",
    "a masked text": b"\x81\xe4abcdpart",
    "a key": b"\x81\x83abcd",
    "a length with its top bit set": b"\x82\x7f\x80" + bytes(7),
}


def recorded_from(wire: bytes) -> pd.DataFrame:
    """Return the frames that a raw client recorded of a server's bytes, which end there."""
    peer = Peer(wsnotebook.FrameLog(), "a", 0, raw=True, deflate=False, limit=None)
    peer.receive(wire)
    peer.end()
    return peer.log.df


@pytest.mark.parametrize("match", [None, "any"])
@pytest.mark.parametrize("wire", BROKEN.values(), ids=BROKEN)
async def test_a_frame_that_broke_a_rule_breaks_it_again(wire: bytes, match: Any, raw_upgrade):
    """It is on the wire as it was, and so no valid message."""
    rows = recorded_from(wire)
    assert rows["status"].tolist() == ["violation"]
    async with (
        embedded_server(playback(rows, speed=None, match=match)) as server,
        raw_upgrade(server.port) as (reader, _),
    ):
        assert await reader.readexactly(len(wire)) == wire


@pytest.mark.parametrize("match", [None, "any"])
@pytest.mark.parametrize("wire", CUT.values(), ids=CUT)
async def test_the_connection_ends_where_a_frame_was_cut_off(wire: bytes, match: Any, raw_upgrade):
    """Without a close: the client learns again that the connection was lost, or which rule the beginning breaks."""
    async with (
        embedded_server(playback(recorded_from(wire), speed=None, match=match)) as server,
        raw_upgrade(server.port) as (reader, _),
    ):
        assert await reader.read() == wire
        assert not server.errors


@pytest.mark.parametrize("wire", [b"\x81", b"\x81\x7e", b"\x81\x7e\x00"])
async def test_a_header_that_was_cut_off_is_no_frame(wire: bytes, raw_upgrade):
    """The recording has no length of it; another header that declares more than comes does the same."""
    async with (
        embedded_server(playback(recorded_from(wire), speed=None)) as server,
        raw_upgrade(server.port) as (reader, _),
    ):
        assert await reader.read() == b"\x81\x01"


async def test_an_inflated_text_that_is_not_utf8_is_played_without_compression(raw_upgrade):
    """RSV1 said that it was compressed, which it is no more; the rule that it broke it breaks again."""
    rows = recording(
        (0, "in", "text", b"\xff" * 9), rsv1=[True], status=["violation"], length=[9], wire_length=[5]
    )
    async with (
        embedded_server(playback(rows, speed=None)) as server,
        raw_upgrade(server.port) as (reader, _),
    ):
        assert await reader.readexactly(11) == b"\x81\x09" + b"\xff" * 9


def test_a_fragment_that_did_not_inflate_is_refused():
    """What is before it would be sent inflated, and what it has would be a part of that message."""
    rows = recording(
        (0, "in", "binary", b"a"),
        (0, "in", "continuation", b"\xff"),
        fin=[False, True],
        status=["ok", "violation"],
        detail=[None, str(Rules.INFLATE)],
    )
    with pytest.raises(ValueError, match="does not inflate.*leave out the rows of its message"):
        playback(rows, speed=None)


async def test_a_close_that_no_rule_allows_is_played(raw_upgrade):
    """A recorded close with 1005 in it is on the wire as it was."""
    rows = recording((0, "in", "close", b"\x03\xed"))
    async with embedded_server(rows) as server, raw_upgrade(server.port) as (reader, _):
        assert await reader.readexactly(4) == b"\x88\x02\x03\xed"


async def test_numbers_and_texts_will_do():
    """Opcodes as ints and payloads as str, as other tools write them, are understood; NA is an empty payload."""
    rows = {"direction": ["in"] * 3, "opcode": [1, 2, 1], "payload": ["é", b"\x01", None]}
    async with embedded_server(playback(rows, speed=None)) as server, connect(server.url) as client:
        assert await all_of(client) == ["é", b"\x01", ""]


async def test_a_recording_of_the_server_side():
    """server='out' plays what stands as sent in server.df."""
    rows = recording((0, "in", "text", b"question"), (0, "out", "text", b"answer"))
    async with (
        embedded_server(playback(rows, server="out", speed=None)) as server,
        connect(server.url) as client,
    ):
        assert await all_of(client) == ["answer"]


async def test_what_one_server_recorded_another_plays():
    """The log of a server is a recording: a second server sends the same texts to its client."""
    async with embedded_server(ticker(rate=None, count=200)) as server, connect(server.url) as client:
        texts = await all_of(client)
        log = server.log
    async with (
        embedded_server(playback(log, server="out", speed=None)) as server,
        connect(server.url) as client,
    ):
        assert await all_of(client) == texts
        assert client.close_code == 1000


@pytest.mark.parametrize("match", [None, "any"])
@pytest.mark.parametrize("known", [["mqtt"], ["own"], []])
async def test_the_recorded_subprotocol_is_agreed_to(known: list[str], match: Any):
    """Also where it is none, and where it may be a token, of which a log has a mark."""

    def select(protocol: Any, offered: Any) -> Any:
        return next((each for each in offered if each in known), None)

    async with serve(lambda peer: peer.send("a"), "127.0.0.1", 0, select_subprotocol=select) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with wsnotebook.connect(url, subprotocols=["other", "own", "mqtt"]) as client:
            await client.receive()
    recorded = playback(client.log, speed=None, match=match)
    async with (
        embedded_server(recorded) as server,
        connect(server.url, subprotocols=["x", "own", "mqtt"]) as again,
    ):
        assert [again.subprotocol] == (known or [None])
    async with embedded_server(recorded) as server, connect(server.url, subprotocols=["y"]) as another:
        assert another.subprotocol is None


@pytest.mark.parametrize(
    ("agreement", "offered", "selected"),
    [
        (Agreement(("mqtt", "wamp"), "wamp"), ["mqtt", "wamp"], "wamp"),
        (Agreement(("mqtt", "wamp"), "wamp"), ["mqtt"], None),
        (Agreement(("mqtt",), None), ["mqtt"], None),
        (
            Agreement(("<redacted:00000001>", "mqtt", "<redacted:00000002>"), "<redacted:00000002>"),
            ["a", "b"],
            "b",
        ),
        (
            Agreement(("<redacted:00000001>", "mqtt", "<redacted:00000002>"), "<redacted:00000002>"),
            ["a", "mqtt"],
            None,
        ),
    ],
)
def test_a_mark_stands_for_the_name_in_its_place(
    agreement: Agreement, offered: list[str], selected: str | None
):
    """Names that are no secrets are known by themselves."""
    assert agreement.select(offered) == selected


# ---- the cassette ----


async def test_the_cassette_waits_for_the_request():
    """Nothing is sent before the client has made the recorded request; JSON is equal whatever its spaces."""
    async with (
        embedded_server(playback(CONVERSATION, match="equal")) as server,
        connect(server.url) as client,
    ):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.1)
        await client.send('{"id":1,"op":"subscribe"}')
        assert [await client.recv(), await client.recv()] == ["subscribed", b"\x00\x01"]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.recv(), 0.1)
        await client.send("more")
        assert await client.recv() == "here"
        await client.wait_closed()
        assert client.close_code == 4000


async def test_the_cassette_refuses_another_request():
    """A request that was not recorded closes with 1011, and the sentence has both."""
    async with (
        embedded_server(playback(CONVERSATION, match="equal")) as server,
        connect(server.url) as client,
    ):
        await client.send("unsubscribe")
        await client.wait_closed()
        assert client.close_code == 1011
        assert '"subscribe"' in str(server.errors[0]) and "'unsubscribe' instead" in str(server.errors[0])


async def test_the_cassette_gives_up_waiting():
    """A request that never comes ends the session after the timeout."""
    behaviour = playback(CONVERSATION, match="equal", timeout=0.01)
    async with embedded_server(behaviour) as server, connect(server.url) as client:
        await client.wait_closed()
        assert client.close_code == 1011
        assert "did not come within 0.01 s" in str(server.errors[0])


async def test_the_cassette_by_count_and_by_own_rule():
    """match="any" counts requests; a function decides for itself."""

    def same_kind(recorded: Any, received: Any) -> bool:
        return type(recorded) is type(received)

    for match in ("any", same_kind):
        async with embedded_server(playback(CONVERSATION, speed=None, match=match)) as server:
            async with connect(server.url) as client:
                await client.send("1")
                await client.send("2")
                assert await all_of(client) == ["subscribed", b"\x00\x01", "here"]
    async with (
        embedded_server(playback(CONVERSATION, match=same_kind)) as server,
        connect(server.url) as client,
    ):
        await client.send(b"1")
        await client.wait_closed()
        assert client.close_code == 1011


async def test_a_fragmented_request_is_joined():
    """A request that was recorded in fragments is matched by the whole message."""
    rows = recording(
        (0, "out", "text", b"he"),
        (0, "out", "continuation", b"llo"),
        (0, "in", "text", b"yes"),
        fin=[False, True, True],
    )
    async with embedded_server(playback(rows, match="equal")) as server, connect(server.url) as client:
        await client.send("hello")
        assert await client.recv() == "yes"


async def test_a_client_that_leaves_before_the_last_request_is_an_error():
    """Three of five requests are made and the client closes: the sentence has the count and the request that is missing."""
    rows = recording(
        *(
            (at, *frame)
            for at in range(5)
            for frame in (("out", "text", b"ask %d" % at), ("in", "text", b"answer %d" % at))
        )
    )
    async with embedded_server(playback(rows, speed=None, match="equal")) as server:
        async with connect(server.url) as client:
            for number in range(3):
                await client.send(f"ask {number}")
                assert await client.recv() == f"answer {number}"
        await server.stop(grace=5)
        (error,) = server.errors
        assert "left after 3 of 5 recorded requests" in str(error) and "'ask 3'" in str(error)


async def test_a_request_after_the_last_is_an_error():
    """The recording has no close of the server, so it waits for the client's, and for what it sends before."""
    rows = recording((0, "out", "text", b"a"), (0, "in", "text", b"b"), (1, "out", "close", b"\x03\xe8"))
    async with embedded_server(playback(rows, match="equal")) as server:
        async with connect(server.url) as client:
            await client.send("a")
            assert await client.recv() == "b"
            await client.send("c")
            await client.wait_closed()
        assert client.close_code == 1011 and "every recorded request was made" in str(server.errors[0])


BEATING = recording(
    (0.0, "out", "text", b"one"),
    (0.1, "in", "text", b"1"),
    (0.2, "out", "text", b"\n"),
    (0.2, "in", "text", b"\n"),
    (0.3, "out", "text", b"two"),
    (0.4, "in", "text", b"2"),
    (0.5, "out", "text", b"\n"),
)


@pytest.mark.parametrize(
    "sent", [["one", "two"], ["\n", "one", "\n", "two", "\n", "\n"]], ids=["none", "more"]
)
async def test_heartbeats_are_as_many_as_there_are(sent: list[str]) -> None:
    """What is ignored is neither missed nor refused; a heartbeat of the server follows the request before it."""
    async with embedded_server(playback(BEATING, speed=None, ignore=r"/^\n$/")) as server:
        async with connect(server.url) as client:
            for text in sent:
                await client.send(text)
            assert [await client.recv() for _ in range(3)] == ["1", "\n", "2"]
        await server.stop(grace=5)
    assert server.errors == []


async def test_heartbeats_alone_are_no_request() -> None:
    """A client that has nothing else to say is not waited for without end."""
    async with embedded_server(playback(BEATING, speed=None, ignore=r"/^\n$/", timeout=0.2)) as server:
        async with connect(server.url) as client:
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await client.send("\n")
                    await asyncio.sleep(0.02)
    assert "request 'one'" in str(server.errors[0]) and "did not come within 0.2 s" in str(server.errors[0])


async def test_without_strict_neither_is_an_error():
    """What was not recorded gets no answer."""
    async with embedded_server(playback(CONVERSATION, speed=None, match="equal", strict=False)) as server:
        async with connect(server.url) as client:
            await client.send("unknown")
            await client.send('{"id": 1, "op": "subscribe"}')
            assert await client.recv() == "subscribed"
        await server.stop(grace=5)
        assert server.errors == []


SUBSCRIPTIONS = recording(
    (0.0, "out", "text", b'{"type":"connection_init"}'),
    (0.0, "in", "text", b'{"type":"connection_ack"}'),
    (0.0, "out", "text", b'{"id":"r1","type":"subscribe","payload":{"query":"a"}}'),
    (0.0, "out", "text", b'{"id":"r2","type":"subscribe","payload":{"query":"b"}}'),
    (0.0, "in", "text", b'{"id":"r2","type":"next","payload":2}'),
    (0.0, "in", "text", b'{"id":"r1","type":"next","payload":1}'),
    (0.0, "out", "text", b'{"id":"r1","type":"complete"}'),
    (0.0, "in", "text", b'{"id":"r2","type":"complete"}'),
    (0.0, "out", "close", b"\x03\xe8"),
)


async def test_fresh_ids_in_another_order():
    """The client's own ids come back, and to whom they belong; what ends a subscription is that of its id."""
    behaviour = playback(SUBSCRIPTIONS, key="id", rewrite=True, unordered=True, speed=None)
    async with embedded_server(behaviour) as server:
        async with connect(server.url) as client:
            await client.send('{"type":"connection_init"}')
            assert await client.recv() == '{"type":"connection_ack"}'
            await client.send('{"id":"x","type":"subscribe","payload":{"query":"b"}}')
            assert await client.recv() == '{"id":"x","type":"next","payload":2}'
            assert await client.recv() == '{"id":"x","type":"complete"}'
            await client.send('{"id":"y","type":"subscribe","payload":{"query":"a"}}')
            assert await client.recv() == '{"id":"y","type":"next","payload":1}'
            await client.send('{"id":"y","type":"complete"}')
        await server.stop(grace=5)
        assert server.errors == []


async def test_the_end_of_another_subscription_is_no_recorded_request():
    """Equal but for the id: the id says which it is."""
    behaviour = playback(SUBSCRIPTIONS, key="id", rewrite=True, unordered=True, speed=None)
    async with embedded_server(behaviour) as server, connect(server.url) as client:
        for message in (
            '{"type":"connection_init"}',
            '{"id":"x","type":"subscribe","payload":{"query":"b"}}',
            '{"id":"y","type":"subscribe","payload":{"query":"a"}}',
            '{"id":"x","type":"complete"}',
        ):
            await client.send(message)
        await client.wait_closed()
        assert client.close_code == 1011 and '{"id":"x","type":"complete"}' in str(server.errors[0])


async def test_replies_of_two_requests_are_sent_side_by_side():
    """Unordered, a reply that is late does not hold up the one of another request; in order it does."""
    rows = recording(
        (0.0, "out", "text", b'{"id":1}'),
        (0.1, "out", "text", b'{"id":2}'),
        (0.1, "in", "text", b'{"id":2,"r":"fast"}'),
        (0.5, "in", "text", b'{"id":1,"r":"slow"}'),
    )
    for unordered, first in ((True, "fast"), (False, "slow")):
        behaviour = playback(rows, key="id", unordered=unordered)
        async with embedded_server(behaviour) as server, connect(server.url) as client:
            await client.send('{"id":1}')
            await client.send('{"id":2}')
            assert first in str(await client.recv())


async def test_an_error_of_a_match_is_the_error_of_the_server():
    """As it was raised."""

    def wrong(recorded: Any, received: Any) -> bool:
        raise LookupError("no such thing")

    async with (
        embedded_server(playback(CONVERSATION, match=wrong)) as server,
        connect(server.url) as client,
    ):
        await client.send("a")
        await client.wait_closed()
        assert isinstance(server.errors[0], LookupError)


# ---- what cannot be played ----


def test_sessions_must_be_told_apart():
    """A recording of several sessions asks which; a name that is not there lists those that are."""
    rows = recording((0, "in", "text", b"a"), (1, "in", "text", b"b"), session=["one", "two"])
    with pytest.raises(ValueError, match="session='one'"):
        playback(rows)
    with pytest.raises(ValueError, match="one, two"):
        playback(rows, session="three")


@pytest.mark.parametrize("column", ["recording", "connection", "attempt"])
def test_connections_of_one_session_are_told_apart(column: str):
    """A session that reconnected, or was recorded twice, is not one conversation; another session does not matter."""
    rows = recording((0, "in", "text", b"a"), (1, "in", "text", b"b"), **{column: [0, 1]})
    with pytest.raises(ValueError, match=f"recorded 2 times, with {column} 0, 1: choose one, .*{column}"):
        playback(rows)
    playback({**rows, "session": ["one", "two"]}, session="two")
    if column == "connection":
        playback(rows, connection=1)
        with pytest.raises(ValueError, match=r"no connection 2 of that session, but 0, 1"):
            playback(rows, connection=2)


async def test_a_named_session_is_played_alone():
    """session= leaves out the others."""
    rows = recording((0, "in", "text", b"a"), (9, "in", "text", b"b"), session=["one", "two"])
    async with embedded_server(playback(rows, session="two")) as server, connect(server.url) as client:
        assert await all_of(client) == ["b"]


def test_missing_columns_are_named():
    """Without payloads nothing can be played; without a clock only as fast as possible."""
    with pytest.raises(ValueError, match="'payload'"):
        playback({"direction": [], "opcode": []})
    with pytest.raises(ValueError, match="speed=None"):
        playback({"direction": [], "opcode": [], "payload": []})
    with pytest.raises(ValueError, match="speed is a factor"):
        playback(CONVERSATION, speed=0)


async def test_an_empty_recording_closes():
    """There is nothing to send: the session is closed with 1000."""
    async with embedded_server(recording()) as server, connect(server.url) as client:
        await client.wait_closed()
        assert client.close_code == 1000
