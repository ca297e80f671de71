"""server.df: what the server saw, in the columns of a session's own log."""

from __future__ import annotations

import pytest
from websockets.asyncio.client import connect
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

from wsnotebook.lab import closer, embedded_server, fragments, rude, ticker
from wsnotebook.log.columns import COLUMNS


async def test_both_directions_with_their_wire_facts():
    """What the client sent is ``in`` and masked, what the server sent ``out`` and not; ping, pong and close included."""
    async with embedded_server("echo") as server:
        async with connect(server.url, compression=None) as client:
            await client.send("hello")
            await client.recv()
            await (await client.ping(b"p"))
        df = server.df
    assert list(df.columns) == [column.name for column in COLUMNS]
    assert list(zip(df.direction, df.opcode, df.payload, df.masked, strict=True)) == [
        ("in", "text", b"hello", True),
        ("out", "text", b"hello", False),
        ("in", "ping", b"p", True),
        ("out", "pong", b"p", False),
        ("in", "close", b"\x03\xe8", True),
        ("out", "close", b"\x03\xe8", False),
    ]
    assert set(df.status) == {"ok"} and set(df.session) == {"client-1"}
    assert list(df.frame_length) == [11, 7, 7, 3, 8, 4]
    assert list(df.text.dropna()) == ["hello", "hello"]


async def test_the_rows_rebuild_the_wire(raw_upgrade):
    """The bytes of both directions can be had back from the log exactly, mask keys and all."""
    sent = (
        b"\x81\x82\x01\x02\x03\x04\x69\x6b" + b"\x82\xfe\x00\x03\x09\x09\x09\x09abc"
    )  # a length that is not minimal
    async with embedded_server("echo") as server, raw_upgrade(server.port) as (reader, writer):
        writer.write(sent[:5])
        await writer.drain()
        writer.write(sent[5:])
        got = await reader.readexactly(9)
        assert server.log.wire_bytes("in") == sent
        assert server.log.wire_bytes("out") == got


@pytest.mark.parametrize("takeover", [True, False])
async def test_compressed_messages_show_what_was_meant(takeover: bool):
    """With deflate the payload is the application's, and the wire length tells what crossed."""
    factory = ClientPerMessageDeflateFactory(
        client_no_context_takeover=not takeover, server_no_context_takeover=not takeover
    )
    async with embedded_server("echo") as server:
        async with connect(server.url, compression=None, extensions=[factory]) as client:
            for _ in range(3):
                await client.send("market data " * 100)
                await client.recv()
        df = server.df[server.df.opcode == "text"]
    assert list(df.text) == ["market data " * 100] * 6
    assert df.rsv1.all() and (df.length == 1200).all() and (df.wire_length < 60).all()


async def test_fragments_share_a_message():
    """The frames of a cut message have one message number and the opcodes of the wire."""
    async with embedded_server(fragments(size=2)) as server:
        async with connect(server.url, compression=None) as client:
            await client.send("h€llo")
            assert await client.recv() == "h€llo"
        out = server.df[server.df.direction == "out"].iloc[:4]
    assert list(out.opcode) == ["text", "continuation", "continuation", "continuation"]
    assert list(out.fin) == [False, False, False, True]
    assert out.message.nunique() == 1


async def test_what_breaks_a_rule_is_marked(raw_upgrade):
    """A rude server's frame and a client's unmasked one are rows with status violation and the rule."""
    async with embedded_server(rude(["bad-utf8", "reserved-data-opcode"])) as server:
        async with raw_upgrade(server.port) as (reader, writer):
            writer.write(b"\x81\x02hi")
            await reader.read()  # the server fails the connection
        df = server.df.set_index("direction")
    assert list(df.loc["out"].status)[:2] == ["violation", "violation"]
    assert "UTF-8" in df.loc["out"].detail.iloc[0] and "opcode" in df.loc["out"].detail.iloc[1]
    assert list(df.loc[["in"]].status) == ["violation"] and "mask" in df.loc[["in"]].detail.iloc[0]


async def test_a_frame_that_was_cut_off_is_a_row(raw_upgrade, until):
    """What the end of the connection left incomplete is recorded as truncated."""
    async with embedded_server("silent") as server:
        async with raw_upgrade(server.port) as (_, writer):
            writer.write(b"\x81\x85\x00\x00\x00\x00He")
            writer.write_eof()
            await until(lambda: len(server.df[server.df.direction == "in"]))
        row = server.df[server.df.direction == "in"].iloc[0]
        assert (row.status, row.payload) == ("truncated", b"He")


async def test_every_connection_has_its_name_and_its_end():
    """Sessions are client-1, client-2 …; their opening and their end with its code are events."""
    async with embedded_server(closer(4001, "bye")) as server:
        for _ in range(2):
            client = await connect(server.url)
            await client.close()
        events = server.log.events
    assert list(zip(events.session, events.kind, strict=True)) == [
        ("client-1", "open"),
        ("client-1", "closed"),
        ("client-2", "open"),
        ("client-2", "closed"),
    ]
    assert events.detail.iloc[1] == "4001 bye"


async def test_both_ends_can_be_joined():
    """The n-th frame that a client received is the n-th that the server sent it, with the same payload."""
    async with embedded_server(ticker(rate=None, count=1000)) as server:
        async with connect(server.url) as client:
            received = [message async for message in client]
        sent = server.df[(server.df.direction == "out") & (server.df.opcode == "text")]
    assert list(sent.text) == received


async def test_a_handshake_is_recorded_without_secrets():
    """By the table that the client has: only values that are known to hold no secret are kept."""
    async with embedded_server("echo") as server:
        headers = {"Authorization": "Bearer s3cret", "X-Vault-Token": "s3cret", "Cookie": "a=s3cret"}
        async with connect(server.url + "/feed?ticket=s3cret", additional_headers=headers) as client:
            await client.close()
        recorded = server.log.connections[0]
    assert b"s3cret" not in recorded.request + recorded.response
    assert b"Authorization: Bearer <redacted:" in recorded.request


async def test_refused_connections_leave_no_rows():
    """A handshake that fails is no session."""
    async with embedded_server(None) as server:
        with pytest.raises(Exception, match="404"):
            await connect(server.url)
        assert len(server.log) == 0 and server.accepted == 0
