"""ResponseReader: heads, bodies and limits, whole, byte by byte, truncated, with trailing bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.wire.response import (
    MAX_BODY,
    MAX_FIELDS,
    MAX_INTERIM,
    MAX_LINE,
    BadResponse,
    Oddity,
    Response,
    ResponseReader,
)

UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"


def reader() -> ResponseReader:
    """A reader of the answer to an upgrade."""
    return ResponseReader((101).__eq__)


def read(data: bytes, *, end: bool = False) -> Response:
    """Return the final response of bytes that come at once."""
    reading = reader()
    reading.feed(data)
    if end:
        reading.feed_end()
    assert reading.final is not None and reading.is_complete
    return reading.final


def facts(reading: ResponseReader) -> object:
    """Return all that a reader knows."""
    return reading.interim, reading.final, reading.is_complete


def outcome(pieces: list[bytes]) -> object:
    """Return all that a reader knows after a stream in these pieces, and why it was refused or what lies behind."""
    reading = reader()
    try:
        for piece in pieces:
            reading.feed(piece)
        reading.feed_end()
    except BadResponse as error:
        return facts(reading), str(error)
    return facts(reading), reading.take_rest()


def test_a_101_ends_with_its_head() -> None:
    """What follows is left, and is had once."""
    reading = reader()
    reading.feed(UPGRADE + b"\x81\x02hi")
    assert reading.is_complete and reading.final is not None
    assert (reading.final.version, reading.final.status, reading.final.reason) == (
        "1.1",
        101,
        "Switching Protocols",
    )
    assert reading.final.fields == [("Upgrade", "websocket")]
    assert (reading.final.lack, reading.final.oddities) == ("", [])
    assert (reading.take_rest(), reading.take_rest()) == (b"\x81\x02hi", b"")


@pytest.mark.parametrize("line", [b"HTTP/1.1 101", b"HTTP/1.1 101 "])
def test_a_status_line_may_lack_its_reason(line: bytes) -> None:
    """RFC 9112 §4: a reason is optional, its space is not, and servers leave out both."""
    response = read(line + b"\r\n\r\n")
    assert (response.status, response.reason, response.oddities) == (101, "", [])


def test_interim_responses_are_read_past() -> None:
    """RFC 9110 §15.2: a client has to parse any number of them; here at most so many."""
    reading = reader()
    reading.feed(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + UPGRADE)
    assert [(each.status, each.fields) for each in reading.interim] == [(100, []), (103, [("Link", "</a>")])]
    assert reading.final is not None and reading.final.status == 101
    reading = reader()
    reading.feed(b"HTTP/1.1 103\r\n\r\n" * MAX_INTERIM)
    with pytest.raises(BadResponse, match="over 32 responses"):
        reading.feed(b"HTTP/1.1 103\r\n\r\n")


@pytest.mark.parametrize(
    ("head", "oddity"),
    [
        (b"HTTP/1.0 101 S\r\nA: b\r\n\r\n", Oddity.OLD_VERSION),
        (b"HTTP/1.1 101 S\nA: b\n\n", Oddity.BARE_LF),
        (b"HTTP/1.1 101 S\r\nA: b\n\r\n", Oddity.BARE_LF),
        (b"HTTP/1.1 101 S\r\nX: y\r\nA:\r\n \tb\r\n\r\n", Oddity.FOLDED),
    ],
)
def test_an_oddity_is_read_and_noted(head: bytes, oddity: Oddity) -> None:
    """Each once; the value is what it means."""
    response = read(head)
    assert response.oddities == [oddity]
    assert response.values("a") == ["b"]


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("what", ["fields", "line"])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_the_limits_of_a_head(what: str, over: int, size: int) -> None:
    """As many fields, and as long a line, and not one more; in reads of a byte too."""
    fields, line = (MAX_FIELDS + over, 10) if what == "fields" else (3, MAX_LINE + over)
    data = b"HTTP/1.1 101\r\n" + b"A: " + b"a" * (line - 5) + b"\r\n" + b"B: b\r\n" * (fields - 1) + b"\r\n"
    reading = reader()

    def feed() -> None:
        for place in range(0, len(data), size):
            reading.feed(data[place : place + size])

    if over > 0:
        with pytest.raises(BadResponse, match="over"):
            feed()
    else:
        feed()
        assert reading.final is not None and len(reading.final.fields) == fields


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"SSH-2.0-OpenSSH_9.2", "does not begin with HTTP/"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "alert of TLS"),
        (b"HTTP/1.1 OK\r\n", "no status line"),
        (b"HTTP/1.1 600 X\r\n", "no status line"),
        (b"HTTP/1.1 101 a\x07\r\n", "no status line"),
        (b"HTTP/1.1 101 X\r\nno colon\r\n", "no name before a colon"),
        (b"HTTP/1.1 101 X\r\nA : b\r\n", "no name before a colon"),
        (b"HTTP/1.1 101 X\r\n folded: first\r\n", "no name before a colon"),
        (b"HTTP/1.1 101 X\r\nA: b\x00\r\n", "control character"),
    ],
)
def test_what_is_no_response_is_refused_at_once(data: bytes, problem: str) -> None:
    """Without waiting for the end of a line that may never come."""
    with pytest.raises(BadResponse, match=problem):
        reader().feed(data)


@pytest.mark.parametrize("length", [0, 3, 10, 20, len(UPGRADE) - 1])
def test_a_head_that_is_cut_off_is_refused(length: int) -> None:
    """By the place of the end."""
    reading = reader()
    reading.feed(UPGRADE[:length])
    with pytest.raises(
        BadResponse, match="the connection ended (without one|within (the status|a header) line)"
    ) as caught:
        reading.feed_end()
    assert caught.value.is_empty is (length == 0)


@pytest.mark.parametrize(
    ("framing", "end"),
    [
        (b"Content-Length: 5\r\n\r\nhello", False),
        (b"Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello", False),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n03 ;ext=1\r\nllo\r\n0\r\n\r\n", False),
        (b"\r\nhello", True),
    ],
)
def test_a_body_is_read_by_its_framing(framing: bytes, end: bool) -> None:
    """RFC 9112 §6.3."""
    response = read(b"HTTP/1.1 500 X\r\n" + framing, end=end)
    assert (response.body, response.lack) == (b"hello", "")


@pytest.mark.parametrize(
    ("framing", "body", "lack"),
    [
        (b"Content-Length: 9\r\n\r\nhello", b"hello", "the connection ended within it"),
        (b"Content-Length: x\r\n\r\nhello", b"", "its Content-Length is no number"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nhello", b"", "its Content-Length is no number"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\nzz\r\n", b"he", "the size of a chunk is no number"),
        (b"Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", b"he", "a chunk is longer than its size"),
    ],
)
def test_a_wrong_framing_leaves_the_status(framing: bytes, body: bytes, lack: str) -> None:
    """The body lacks something, and says what."""
    response = read(b"HTTP/1.1 502 Bad Gateway\r\n" + framing, end=True)
    assert (response.status, response.body, response.lack) == (502, body, lack)


@pytest.mark.parametrize("over", [-1, 0, 1])
@pytest.mark.parametrize("framing", ["length", "chunked", "end"])
def test_a_body_over_the_limit_is_cut(framing: str, over: int) -> None:
    """Nothing waits for its rest."""
    body = b"b" * (MAX_BODY + over)
    head = {
        "length": b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
        "chunked": b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        "end": b"\r\n" + body,
    }[framing]
    response = read(b"HTTP/1.1 500 X\r\n" + head, end=framing == "end" and over <= 0)
    assert len(response.body) == min(len(body), MAX_BODY)
    assert response.lack == ("" if over <= 0 else f"what is over {MAX_BODY} bytes was not read")


def test_a_body_that_does_not_end_is_had_as_far_as_it_came() -> None:
    """With its status, before the reading is complete."""
    reading = reader()
    reading.feed(b"HTTP/1.1 500 X\r\nContent-Length: 9\r\n\r\nhel")
    assert reading.final is not None and not reading.is_complete
    assert (reading.final.status, reading.final.body, reading.final.lack) == (
        500,
        b"hel",
        "its end has not come",
    )


HEADS = st.sampled_from(
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 101\nA: b\n c\n\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 404 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"HTTP/1.1 500 X\r\n\r\nrest",
        b"\x81\x02hi",
    ]
)


@given(st.lists(HEADS, max_size=4).map(b"".join), st.lists(st.integers(1, 9), max_size=40))
def test_a_reading_is_the_same_at_any_cuts(data: bytes, sizes: list[int]) -> None:
    """Interim responses, final one, completeness, refusal and rest."""
    pieces, place = [], 0
    for size in sizes:
        pieces.append(data[place : place + size])
        place += size
    assert outcome([*pieces, data[place:]]) == outcome([data])


LINES = st.sampled_from(
    [
        b"A: b",
        b"a:b",
        b"Empty:",
        b"Spaces: \t b \t c\t ",
        b"Latin: \xa0\xe9\x85",
        b"Colons: a:b: c",
        b" folded",
        b"no colon",
        b"A : b",
        b": b",
        b"CR: a\rb",
        b"CR: a\r",
        b"NUL: \x00",
        b"DEL: \x7f",
        b"\xe9: b",
    ]
)
FIRST = st.sampled_from(
    [b"HTTP/1.1 101 Switching  Protocols ", b"HTTP/1.1 101", b"HTTP/1.1 204\t", b"HTTP/1.1 404 \xe9\x01"]
)


@given(FIRST, st.lists(LINES, max_size=4), st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"]), st.data())
def test_a_head_whole_in_one_read_is_what_it_is_line_by_line(
    first: bytes, lines: list[bytes], end: bytes, draw: st.DataObject
) -> None:
    """A head that comes in two reads is read line by line; the bytes behind it stay as they are."""
    data = end.join([first, *lines, b"", b"\x81\x02hi"])
    cut = draw.draw(st.integers(1, len(first)))
    assert outcome([data]) == outcome([data[:cut], data[cut:]])
