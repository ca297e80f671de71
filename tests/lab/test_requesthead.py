from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.lab.messages import HttpSyntaxError
from wsnotebook.lab.requesthead import HEAD_LIMIT, parse_request_head, read_request_head

HEAD = b"GET /a HTTP/1.1\r\nHost: test\r\nX: \xfc\r\n\r\n"


def stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def test_a_head_is_read_to_its_empty_line_and_not_further() -> None:
    """Every byte behind it stays in the reader; at the end of the stream there is None."""
    reader = stream(HEAD + b"\r\n" + HEAD + b"\x81\x05Hello")
    assert await read_request_head(reader) == HEAD
    assert await read_request_head(reader) == HEAD
    assert await reader.read() == b"\x81\x05Hello"
    assert await read_request_head(reader) is None


async def test_a_head_truncated_anywhere_is_refused() -> None:
    """Only at its very beginning is the end of the stream an end."""
    for end in range(1, len(HEAD)):
        with pytest.raises(HttpSyntaxError, match="ended inside"):
            await read_request_head(stream(HEAD[:end]))


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\r\n\t", b"\n\r\n"])
def test_odd_line_ends_are_refused_wherever_the_head_comes_from(end: bytes) -> None:
    """Also for a caller that has found the end of the head by itself: LF or CR alone, and folded lines."""
    with pytest.raises(HttpSyntaxError, match="a line of the head"):
        parse_request_head(b"GET / HTTP/1.1\r\nHost: test\r\nX: y" + end + b"Z: z\r\n\r\n")


@pytest.mark.parametrize("lines", [b"Authorization Bearer T0P", b"X\"T0P': y", b"X: y\r\nT0P'\x01: y"])
def test_a_refusal_cites_nothing_of_the_head(lines: bytes) -> None:
    """It is recorded, and a line of a head may be a secret."""
    for raw in (b"GET /?a=T0P' HTTP/1.1\r\nHost: x\r\n" + lines, b"GET /T0P\"' T0P HTTP/1.1\r\nHost: x"):
        with pytest.raises(HttpSyntaxError, match="^(illegal|Illegal|a control)[a-z ]+") as caught:
            parse_request_head(raw + b"\r\n\r\n")
        assert "T0P" not in caught.value.reason and caught.value.reason[-1].isalpha()


async def test_the_limit_of_a_head_is_exact() -> None:
    """A head of 16 KiB passes, one byte more is 431."""
    for extra in (0, 1):
        filler = b"F: " + b"x" * (HEAD_LIMIT + extra - len(HEAD) - len(b"F: \r\n")) + b"\r\n"
        head = HEAD[:-2] + filler + b"\r\n"
        assert len(head) == HEAD_LIMIT + extra
        if not extra:
            assert await read_request_head(stream(head)) == head
            assert parse_request_head(head).headers.get("f") == filler[3:-2].decode()
            continue
        with pytest.raises(HttpSyntaxError) as caught:
            await read_request_head(stream(head))
        assert caught.value.status == 431


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (b"", ("1.1", False, 0, False, False)),
        (b"Content-Length: 007\r\n", ("1.1", False, 7, False, False)),
        (b"transfer-encoding: Chunked\r\n", ("1.1", True, 0, False, False)),
        (b"Connection: a, CLOSE\r\n", ("1.1", False, 0, False, True)),
        (b"Connection: a\r\nConnection: UpGrade\r\nUpgrade: x\r\n", ("1.1", False, 0, True, False)),
        (b"Connection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n", ("1.1", False, 0, True, False)),
        (b"Upgrade: x\r\n", ("1.1", False, 0, False, False)),
    ],
)
def test_the_framing_of_a_head_is_read_off_its_fields(fields: bytes, expected: tuple[object, ...]) -> None:
    """Version, chunked, length, upgrade and last, whatever the case of names and tokens."""
    head = parse_request_head(b"POST / HTTP/1.1\r\nHost: test\r\n" + fields + b"\r\n")
    assert (head.http_version, head.chunked, head.length, head.upgrade, head.last) == expected


def test_values_are_latin_1_and_unstripped_inside() -> None:
    """obs-text survives, outer blanks do not."""
    head = parse_request_head(b"GET / HTTP/1.1\r\nHost: test\r\nX:\t a  \xfc \r\nY:\r\n\r\n")
    assert list(head.headers)[1:] == [("X", "a  ü"), ("Y", "")]


@settings(deadline=None)  # other work on the machine must not fail it
@given(data=st.binary(max_size=60), fields=st.lists(st.binary(max_size=20), max_size=4))
def test_no_bytes_raise_anything_else(data: bytes, fields: list[bytes]) -> None:
    """Whatever comes, the outcome is a head or an HttpSyntaxError with a 4xx or 5xx and a reason."""

    async def run(sent: bytes) -> None:
        try:
            raw = await read_request_head(stream(sent))
            if raw is not None:
                parse_request_head(raw)
        except HttpSyntaxError as exc:
            assert exc.status in (400, 431, 505) and exc.reason

    asyncio.run(run(data))
    asyncio.run(run(b"GET / HTTP/1.1\r\nHost: test\r\n" + b"\r\n".join(fields) + b"\r\n\r\n"))


def test_a_proxy_may_be_asked_to_connect() -> None:
    """And nobody else; whoever connects reads its target."""
    raw = b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"
    head = parse_request_head(raw, of_proxy=True)
    assert (head.method, head.target) == ("CONNECT", "example.org:443")
    with pytest.raises(HttpSyntaxError, match="CONNECT is for a proxy"):
        parse_request_head(raw)
