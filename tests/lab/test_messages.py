from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wsnotebook.lab.messages import Body, Headers, HttpSyntaxError, Request, Response


def test_headers_keep_order_and_case_and_are_found_without_case() -> None:
    """Pairs are as given; a doubled field reads as both values, so that it equals neither."""
    headers = Headers([("HOST", "a"), ("X-y", "1, B"), ("x-Y", "c")])
    assert list(headers) == [("HOST", "a"), ("X-y", "1, B"), ("x-Y", "c")]
    assert (headers.get("host"), headers.get("none"), headers.get("none", "?")) == ("a", None, "?")
    assert headers.get("x-y") == "1, B, c" and headers.get_all("X-Y") == ["1, B", "c"]
    assert headers.tokens("x-y") == ["1", "b", "c"]
    assert "hOsT" in headers and "none" not in headers and len(headers) == 3
    assert headers == Headers(headers) != Headers({"HOST": "a"})


@pytest.mark.parametrize("bad", ["a\r\nInjected: 1", "a\n", "\r", "a\0b", "a\x7fb", "€"])
def test_a_header_that_could_end_its_line_is_refused(bad: str) -> None:
    """CR, LF, NUL, other controls and what ISO-8859-1 does not have: no in a value, a name or a reason."""
    with pytest.raises(ValueError):
        Response(headers={"X": bad})
    with pytest.raises(ValueError):
        Response(headers={bad: "x"})
    with pytest.raises(ValueError):
        Response(reason=bad)


@pytest.mark.parametrize(
    ("arguments", "error", "remedy"),
    [
        ({"status": 101}, ValueError, "request.upgrade"),
        ({"status": 99}, ValueError, "200–599"),
        ({"status": 600}, ValueError, "200–599"),
        ({"body": "text"}, TypeError, "Response.text"),
        ({"body": [b"a"]}, TypeError, "async iterable"),
        ({"body": b"a", "content_length": 1}, ValueError, "bytes know their own"),
        ({"headers": {"content-Length": "1"}}, ValueError, "content_length="),
        ({"headers": [("Transfer-Encoding", "chunked")]}, ValueError, "leave it out"),
        ({"headers": {"": "x"}}, ValueError, "letters"),
    ],
)
def test_a_response_that_cannot_be_sent_is_refused_with_the_remedy(
    arguments: dict[str, Any], error: type[Exception], remedy: str
) -> None:
    """Each is noticed where it is written, not on the wire."""
    with pytest.raises(error, match=remedy):
        Response(**arguments)


def test_text_and_json_set_their_type() -> None:
    """Response.text and Response.json encode, and keep further headers."""
    text, value = Response.text("ü", 404, headers={"X": "y"}), Response.json([1])
    assert (text.status, text.reason, text.body) == (404, "Not Found", "ü".encode())
    assert list(text.headers) == [("Content-Type", "text/plain; charset=utf-8"), ("X", "y")]
    assert json.loads(bytes(value.body)) == [1]  # type: ignore[arg-type]  # bytes, as made above


async def pieces(*given: bytes) -> AsyncIterator[bytes]:
    for piece in given:
        yield piece


async def test_a_body_is_read_whole_or_by_size_or_piece_by_piece() -> None:
    """The three ways share one position; the end is b"" for ever."""
    body = Body(pieces(b"abcdef", b"gh", b"ij"))
    assert await body.read(0) == b""
    assert [await body.read(4), await body.read(4)] == [b"abcd", b"ef"]
    async for piece in body:
        assert piece == b"gh"
        break
    assert not body.complete
    assert (await body.read(), await body.read(), await body.read(5)) == (b"ij", b"", b"")
    assert body.complete


async def test_a_body_over_its_limit_raises_and_stays_unreadable() -> None:
    """413 at the first byte too many, and again at every further read."""
    body = Body(pieces(b"abc", b"d"), limit=3)
    assert await body.read(10) == b"abc"
    for _ in range(2):
        with pytest.raises(HttpSyntaxError, match="over the limit of 3") as caught:
            await body.read(10)
        assert caught.value.status == 413
    assert body.ended.done() and not body.complete


async def test_a_body_without_length_limit_and_one_of_nothing() -> None:
    """limit None takes any number; length 0 is complete before it is read."""
    assert await Body(pieces(b"x" * 100), limit=None).read() == b"x" * 100
    empty = Body(pieces(), length=0)
    assert empty.complete and await empty.read() == b""


async def test_the_repr_of_a_request_shows_no_secret() -> None:
    """Neither query nor header values appear where a notebook would keep them."""
    headers = Headers({"Authorization": "Bearer secret"})
    request = Request("GET", "/a?token=secret", "1.1", headers, b"", Body(pieces()), ("127.0.0.1", 1))
    assert repr(request) == "<Request GET /a from ('127.0.0.1', 1)>"
    assert "secret" not in repr(headers)
