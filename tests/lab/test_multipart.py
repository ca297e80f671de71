from __future__ import annotations

import asyncio
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.lab.messages import Headers, HttpSyntaxError
from wsnotebook.lab.multipart import Epilogue, Event, Part, Preamble, parse_boundary, parse_multipart

BODIES = [b"", b"plain", b"two\r\nlines\r\n", b"\x00\xff\r\n--boundar\r\n--", bytes(range(256))]
KINDS = ["multipart/form-data", "multipart/mixed"]


def written(
    bodies: list[bytes], boundary: str = "boundary", preamble: bytes = b"", epilogue: bytes = b""
) -> bytes:
    """A multipart body by the letter of RFC 2046."""
    out = preamble + b"\r\n" if preamble else b""
    for number, body in enumerate(bodies):
        out += f"--{boundary}\r\n".encode()
        out += f'Content-Disposition: form-data; name="field{number}"; filename="f{number}.bin"\r\n'.encode()
        out += b"Content-Type: application/octet-stream\r\n\r\n" + body + b"\r\n"
    return out + f"--{boundary}--\r\n".encode() + epilogue


def stream(data: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return reader


async def parse(data: bytes, kind: str = KINDS[0], boundary: str = "boundary", **limits: int) -> list[Event]:
    return [event async for event in parse_multipart(stream(data), f"{kind}; boundary={boundary}", **limits)]


def bodies_of(events: list[Event]) -> list[bytes]:
    return [event.body for event in events if isinstance(event, Part)]


@pytest.mark.parametrize("kind", KINDS)
async def test_preamble_five_parts_and_epilogue_are_seven_events(kind: str) -> None:
    """Behaviour 62: seven events in order, every body intact to the byte."""
    events = await parse(written(BODIES, preamble=b"before\r\nall", epilogue=b"after\r\nall"), kind)
    assert [type(event) for event in events] == [Preamble, *[Part] * 5, Epilogue]
    assert events[0].body == b"before\r\nall"
    assert bodies_of(events) == BODIES
    assert events[-1].body == b"after\r\nall"
    part = events[1]
    assert isinstance(part, Part)
    assert part.headers.get("content-type") == "application/octet-stream"
    assert list(part.headers)[0][0] == "Content-Disposition"


@pytest.mark.parametrize("kind", KINDS)
async def test_without_preamble_and_epilogue_there_are_only_parts(kind: str) -> None:
    """Nothing is handed out for what is not there."""
    assert [type(event) for event in await parse(written([b"a", b"b"]), kind)] == [Part, Part]


async def test_a_form_field_has_its_name_and_filename() -> None:
    """Names come from Content-Disposition, UTF-8 and quotes undone."""
    body = (
        '--b\r\nContent-Disposition: form-data; name="größe"; filename="a %22b%22.txt"\r\n\r\n1\r\n'
        '--b\r\nContent-Disposition: form-data; name="plain"\r\n\r\n2\r\n--b--'
    ).encode()
    first, second = await parse(body, boundary="b")
    assert isinstance(first, Part) and isinstance(second, Part)
    assert (first.name, first.filename, first.body) == ("größe", 'a "b".txt', b"1")
    assert (second.name, second.filename, second.body) == ("plain", None, b"2")


@pytest.mark.parametrize("kind", KINDS)
async def test_a_body_fed_byte_by_byte_parses_to_the_same(kind: str) -> None:
    """Where the network splits a body makes no difference."""
    data = written(BODIES, preamble=b"before", epilogue=b"after")

    class OneByOne:
        place = 0

        async def read(self, n: int = -1, /) -> bytes:
            self.place += 1
            return data[self.place - 1 : self.place]

    events = [event async for event in parse_multipart(OneByOne(), f"{kind}; boundary=boundary")]
    assert events == await parse(data, kind)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_body_truncated_anywhere_is_an_error(kind: str) -> None:
    """Up to the last boundary every proper beginning fails with 400."""
    data = written([b"one", b"\r\ntwo\r\n"], preamble=b"before")
    for end in range(len(data) - len(b"\r\n")):
        with pytest.raises(HttpSyntaxError) as caught:
            await parse(data[:end], kind)
        assert caught.value.status == 400


async def test_a_part_is_handed_out_before_the_next_one_has_come() -> None:
    """Form-data is parsed as it arrives."""
    reader = asyncio.StreamReader()
    first, second = written([b"one", b"two"]).split(b"two")
    reader.feed_data(first)
    events = parse_multipart(reader, "multipart/form-data; boundary=boundary")
    assert (await anext(events)).body == b"one"
    reader.feed_data(b"two" + second)
    reader.feed_eof()
    assert [event.body async for event in events] == [b"two"]


async def test_content_length_ends_the_body_and_what_follows_stays_unread() -> None:
    """With the headers of a message on a connection that goes on, not a byte more than the length is read."""
    data = written([b"one"], epilogue=b"after")
    headers = Headers(
        [("content-type", "multipart/form-data; boundary=boundary"), ("Content-Length", str(len(data)))]
    )
    reader = stream(data + b"GET / HTTP/1.1\r\n")
    events = [event async for event in parse_multipart(reader, headers)]
    assert bodies_of(events) == [b"one"] and events[-1] == Epilogue(b"after")
    assert await reader.read() == b"GET / HTTP/1.1\r\n"
    with pytest.raises(HttpSyntaxError, match="ended 1 bytes"):
        [event async for event in parse_multipart(stream(data[:-1]), headers)]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ('multipart/form-data; a_boundary="boundary=z"; boundary=A', "A"),
        ("multipart/mixed;boundary=" + "x" * 70, "x" * 70),
        ('Multipart/Mixed; charset="a;b\\"c"; BOUNDARY="a b; c=d"', "a b; c=d"),
        ("multipart/form-data; boundary=----=_Part_1/2:3", "----=_Part_1/2:3"),
        ("multipart/form-data; boundary=A;", "A"),
    ],
)
def test_the_boundary_is_found_among_parameters(content_type: str, boundary: str) -> None:
    """Behaviour 61: quoted strings hide what is in them, 70 characters pass."""
    assert parse_boundary(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; boundary=" + "x" * 71,
        "multipart/form-data; boundary=grüße",
        'multipart/form-data; boundary="a\r\nb"',
        'multipart/form-data; boundary="open',
        'multipart/form-data; boundary="ends with space "',
        "multipart/form-data; boundary=a; boundary=b",
        "multipart/form-data, boundary=a",
        "text/plain; boundary=a",
        "",
    ],
)
async def test_a_wrong_boundary_is_refused_before_anything_is_read(content_type: str) -> None:
    """Behaviour 61: 71 characters, none, non-ASCII, control characters, two, or no multipart at all: 400."""
    reader = stream(b"unread")
    with pytest.raises(HttpSyntaxError) as caught:
        [event async for event in parse_multipart(reader, content_type)]
    assert caught.value.status == 400
    assert await reader.read() == b"unread"


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("Content-Type", "multipart/mixed; boundary=a"), ("content-type", "multipart/mixed; boundary=b")],
        [("Content-Type", "multipart/mixed; boundary=a"), ("Content-Length", "+5")],
        [("Content-Type", "multipart/mixed; boundary=a"), ("Content-Length", "5"), ("Content-Length", "5")],
    ],
)
async def test_headers_that_say_two_things_are_refused(pairs: list[tuple[str, str]]) -> None:
    """One Content-Type, and at most one Content-Length that is a number."""
    with pytest.raises(HttpSyntaxError):
        [event async for event in parse_multipart(stream(b""), pairs)]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no boundary at all",
        b"--boundaryX\r\n\r\n\r\n--boundaryX--",
        b"--boundary\nA: b\n\nbody\n--boundary--\n",
        b"--boundary\r\nContent-Disposition: form-data; name=a\r\n--boundary--\r\n",
        b"--boundary\r\nno colon\r\n\r\nbody\r\n--boundary--\r\n",
        b"--boundary\r\nContent-Type: text/plain\r\n\r\nbody\r\n--boundary--\r\n",
        b"--boundary\r\nContent-Disposition: form-data; name=\xff\r\n\r\nbody\r\n--boundary--\r\n",
        b"x" * 10_000 + b"\r\n" + written([b"a"]),
        b"x" * 100_000 + b"\r\n" + written([b"a"]),
    ],
)
async def test_malformed_form_data_is_a_400_with_a_reason(body: bytes) -> None:
    """Wrong boundaries, wrong line ends, parts without their headers, an endless preamble."""
    with pytest.raises(HttpSyntaxError) as caught:
        await parse(body)
    assert caught.value.status == 400 and caught.value.reason


async def test_limits_pass_what_is_equal_and_refuse_one_more() -> None:
    """Size of a part, number of parts and size of the body: equal passes, one more is 413."""
    data = written([b"x" * 100] * 3)
    for kind in KINDS:
        for limit, value in {"part_limit": 100, "parts_limit": 3, "body_limit": len(data)}.items():
            assert len(await parse(data, kind, **{limit: value})) == 3
            with pytest.raises(HttpSyntaxError) as caught:
                await parse(data, kind, **{limit: value - 1})
            assert caught.value.status == 413


async def test_a_part_that_is_itself_multipart_stays_bytes() -> None:
    """Nesting is not followed: the inner body comes as sent, with its boundaries."""
    inner = written([b"deep"], boundary="inner")
    data = (
        b"--boundary\r\nContent-Type: multipart/mixed; boundary=inner\r\n\r\n" + inner + b"\r\n--boundary--"
    )
    (part,) = await parse(data, "multipart/related")
    assert part.body == inner


async def test_a_transfer_encoding_of_mail_is_not_undone() -> None:
    """Content-Transfer-Encoding has no meaning in HTTP; the body is what was sent, folded headers are unfolded."""
    data = b"--boundary\r\nContent-Transfer-Encoding: base64\r\nX-Long: a\r\n b\r\n\r\naGk=\r\n--boundary--"
    (part,) = await parse(data, "multipart/mixed")
    assert isinstance(part, Part)
    assert part.body == b"aGk="
    assert part.headers.get("x-long") == "a b"


async def test_a_form_without_fields_has_no_parts() -> None:
    """What browsers send for an empty FormData."""
    assert await parse(b"--boundary--\r\n") == []


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None)  # other work on the machine must not fail it
@given(bodies=st.lists(st.binary(max_size=200), min_size=1, max_size=5), cut=st.integers(1, 100))
def test_any_bodies_survive_any_split(kind: str, bodies: list[bytes], cut: int) -> None:
    """Random bytes come back identical however the stream is split."""
    data = written(bodies, boundary="0-unlikely-0")

    async def run() -> list[Event]:
        reader = asyncio.StreamReader()

        async def feed() -> None:
            for place in range(0, len(data), cut):
                reader.feed_data(data[place : place + cut])
                await asyncio.sleep(0)
            reader.feed_eof()

        feeding = asyncio.create_task(feed())
        events = [event async for event in parse_multipart(reader, f"{kind}; boundary=0-unlikely-0")]
        await feeding
        return events

    assert bodies_of(asyncio.run(run())) == bodies


@settings(deadline=None)  # other work on the machine must not fail it
@given(
    data=st.lists(st.sampled_from([b"\r\n", b"--b", b"--", b"b", b"A: c", b"\n", b"\r", b"x", b" "])).map(
        b"".join
    )
)
def test_no_input_raises_anything_else(data: bytes) -> None:
    """Whatever lines come, the outcome is events or an HttpSyntaxError, and form-data agrees with itself in two splits."""

    async def outcome(size: int) -> list[Event] | str:
        class Pieces:
            place = 0

            async def read(self, n: int = -1, /) -> bytes:
                self.place += size
                return data[self.place - size : self.place]

        try:
            return [event async for event in parse_multipart(Pieces(), "multipart/form-data; boundary=b")]
        except HttpSyntaxError as exc:
            return re.sub(r".*", "refused", str(exc), count=1)

    assert asyncio.run(outcome(1)) == asyncio.run(outcome(10_000))
    try:
        asyncio.run(parse(data, "multipart/mixed", "b"))
    except HttpSyntaxError as exc:
        assert exc.status == 400


async def test_without_the_library_a_form_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    """Other subtypes need it not."""
    monkeypatch.setitem(sys.modules, "multipart", None)
    mixed = "multipart/mixed; boundary=boundary"
    parts = [
        event async for event in parse_multipart(stream(written([b"a"])), mixed) if isinstance(event, Part)
    ]
    assert [part.body for part in parts] == [b"a"]
    with pytest.raises(ImportError, match=r"pip install 'wsnotebook\[multipart\]'"):
        await anext(parse_multipart(stream(written([b"a"])), "multipart/form-data; boundary=boundary"))
