from __future__ import annotations

import asyncio

import pytest

from wsnotebook.lab.httpline import read_line
from wsnotebook.lab.messages import HttpSyntaxError


def stream(data: bytes, limit: int = 2**16) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit)
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_a_line_comes_with_its_end_and_the_next_stays() -> None:
    """Line by line, then b"" at the end of the stream."""
    reader = stream(b"one\r\n\r\ntwo\r\n")
    assert [await read_line(reader, 10) for _ in range(4)] == [b"one\r\n", b"\r\n", b"two\r\n", b""]


@pytest.mark.parametrize("line", [b"a\n", b"\n", b"a\rb\r\n", b"a\r\r\n", b"a", b"a\r"])
async def test_a_line_without_cr_lf_is_refused(line: bytes) -> None:
    """LF alone, CR inside, or the end of the stream: 400."""
    with pytest.raises(HttpSyntaxError) as caught:
        await read_line(stream(line), 10)
    assert caught.value.status == 400


async def test_the_limit_counts_the_line_end_and_holds_for_a_stream_without_one() -> None:
    """Equal passes; one more is 431, and so is a line longer than the stream would ever buffer."""
    assert await read_line(stream(b"12345678\r\n"), 10) == b"12345678\r\n"
    for data in (b"123456789\r\n", b"1" * 1000):
        with pytest.raises(HttpSyntaxError) as caught:
            await read_line(stream(data, limit=100), 10)
        assert caught.value.status == 431


async def test_an_endless_line_is_refused_while_it_still_comes() -> None:
    """No end of stream is needed to refuse it."""
    reader = asyncio.StreamReader(100)
    reader.feed_data(b"1" * 1000)
    with pytest.raises(HttpSyntaxError) as caught:
        await read_line(reader, 10)
    assert caught.value.status == 431
