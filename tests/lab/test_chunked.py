from __future__ import annotations

import asyncio

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.lab.chunked import decode_chunked
from wsnotebook.lab.messages import HttpSyntaxError

GOOD = {
    b"3\r\na=1\r\n0\r\n\r\n": b"a=1",
    b"0\r\n\r\n": b"",
    b"3;name=value;x\r\nabc\r\n0;last\r\n\r\n": b"abc",
    b"A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n": b"01234567890123456789",
    b"4\r\n\r\n\r\n\r\n0\r\n\r\n": b"\r\n\r\n",
    b"2\r\nhi\r\n0\r\nTrailer: one\r\nOther: two\r\n\r\n": b"hi",
}

BAD = {
    "no size": b"\r\n",
    "not hexadecimal": b"g\r\nabc\r\n0\r\n\r\n",
    "prefix": b"0x3\r\nabc\r\n0\r\n\r\n",
    "sign": b"+3\r\nabc\r\n0\r\n\r\n",
    "negative": b"-3\r\nabc\r\n0\r\n\r\n",
    "underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "space before": b" 3\r\nabc\r\n0\r\n\r\n",
    "too long for a number": b"1" * 21 + b"\r\nabc\r\n0\r\n\r\n",
    "LF alone after the size": b"3\nabc\r\n0\r\n\r\n",
    "LF inside an extension": b"3;a\nb\r\nabc\r\n0\r\n\r\n",
    "CR inside an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "data longer than its size": b"3\r\nabcd\r\n0\r\n\r\n",
    "data shorter than its size": b"3\r\nab\r\n0\r\n\r\n",
    "LF alone after the data": b"3\r\nabc\n0\r\n\r\n",
    "LF alone in a trailer": b"0\r\nA: b\n\r\n",
    "trailer that is no header": b"0\r\nno colon\r\n\r\n",
    "endless extension": b"3;" + b"a" * 5000 + b"\r\nabc\r\n0\r\n\r\n",
    "endless line": b"3;" + b"a" * 200_000,
    "endless trailers": b"0\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
}


def stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def decode(reader: asyncio.StreamReader, content_length: int | None = None) -> bytes:
    return b"".join([piece async for piece in decode_chunked(reader, content_length)])


@pytest.mark.parametrize("body", GOOD)
async def test_a_whole_body_is_decoded_and_what_follows_stays_unread(body: bytes) -> None:
    """Behaviour 60: the payload comes out, extensions and trailers do not, the reader stands behind the body."""
    reader = stream(body + b"trailing\r\n0\r\n\r\n")
    assert await decode(reader) == GOOD[body]
    assert await reader.read() == b"trailing\r\n0\r\n\r\n"


@pytest.mark.parametrize("body", GOOD)
async def test_a_body_fed_byte_by_byte_decodes_to_the_same(body: bytes) -> None:
    """Where the network splits a body makes no difference, and no byte behind it is taken."""
    reader = asyncio.StreamReader()
    decoding = asyncio.create_task(decode(reader))
    for byte in body + b"x":
        reader.feed_data(bytes([byte]))
        await asyncio.sleep(0)
    assert await decoding == GOOD[body]
    reader.feed_eof()
    assert await reader.read() == b"x"


@pytest.mark.parametrize("body", GOOD)
async def test_a_body_truncated_anywhere_is_an_error(body: bytes) -> None:
    """Every proper beginning of a body fails, "0" without its CRLF among them."""
    for end in range(len(body)):
        with pytest.raises(HttpSyntaxError) as caught:
            await decode(stream(body[:end]))
        assert caught.value.status == 400


@pytest.mark.parametrize("name", BAD)
async def test_what_is_not_chunked_is_refused_with_a_reason(name: str) -> None:
    """Each is read differently by some other server, or has no end; each is an HttpSyntaxError of status 4xx."""
    with pytest.raises(HttpSyntaxError) as caught:
        await decode(stream(BAD[name]))
    assert caught.value.status in (400, 431)
    assert str(caught.value) == caught.value.reason != ""


async def test_pieces_come_before_the_body_is_whole() -> None:
    """The first piece is yielded while its chunk is still on its way."""
    reader = asyncio.StreamReader()
    reader.feed_data(b"5\r\nab")
    pieces = decode_chunked(reader)
    assert await anext(pieces) == b"ab"
    reader.feed_data(b"cde\r\n0\r\n\r\n")
    assert [piece async for piece in pieces] == [b"cde"]


async def test_content_length_is_held_against_the_decoded_size() -> None:
    """With content_length the body has exactly that many bytes; more is noticed before they are read."""
    body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert await decode(stream(body), 5) == b"abcde"
    for wrong in (0, 4, 6):
        with pytest.raises(HttpSyntaxError, match="declared"):
            await decode(stream(body), wrong)
    with pytest.raises(HttpSyntaxError, match="more than the 4"):
        await decode(stream(b"fffff\r\n"), 4)


@settings(deadline=None)  # other work on the machine must not fail it
@given(
    chunks=st.lists(st.binary(min_size=1, max_size=300)), rest=st.binary(max_size=50), cut=st.integers(1, 64)
)
def test_whatever_h11_writes_is_read_back(chunks: list[bytes], rest: bytes, cut: int) -> None:
    """Bodies written by another implementation come back whole for any split, with what follows untouched."""
    client = h11.Connection(h11.CLIENT)
    client.send(
        h11.Request(method="POST", target="/", headers=[("Host", "x"), ("Transfer-Encoding", "chunked")])
    )
    body = b"".join(client.send(h11.Data(chunk)) for chunk in chunks) + client.send(h11.EndOfMessage())

    async def run() -> tuple[bytes, bytes]:
        reader = asyncio.StreamReader()
        decoding = asyncio.create_task(decode(reader))
        data = body + rest
        for place in range(0, len(data), cut):
            reader.feed_data(data[place : place + cut])
            await asyncio.sleep(0)
        reader.feed_eof()
        return await decoding, await reader.read()

    assert asyncio.run(run()) == (b"".join(chunks), rest)
