from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsnotebook.lab.multipart import Part, parse_multipart
from wsnotebook.lab.ranges import multiple_ranges_length, write_multiple_ranges

DATA = bytes(range(256)) * 4


def produce(first: int, last: int) -> bytes:
    return DATA[first : last + 1]


async def written(*arguments: object) -> bytes:
    return b"".join([piece async for piece in write_multiple_ranges(*arguments)])  # type: ignore[arg-type]


async def test_two_single_bytes_have_the_declared_length() -> None:
    """Behaviour 63: ranges 0-0 and 2-2 make a body of exactly multiple_ranges_length, by the letter of RFC 9110."""
    body = await written(
        lambda first, last: b"abc"[first : last + 1], [(0, 0), (2, 2)], 3, "THE_B", "text/plain"
    )
    assert body == (
        b"\r\n--THE_B\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-0/3\r\n\r\na"
        b"\r\n--THE_B\r\nContent-Type: text/plain\r\nContent-Range: bytes 2-2/3\r\n\r\nc"
        b"\r\n--THE_B--\r\n"
    )
    assert len(body) == multiple_ranges_length([(0, 0), (2, 2)], 3, "THE_B", "text/plain")


async def test_an_unknown_whole_is_a_star_and_a_stream_is_passed_on() -> None:
    """full_length None is written as "*"; produce may give its bytes piece by piece."""

    async def pieces(first: int, last: int) -> AsyncIterator[bytes]:
        for place in range(first, last + 1):
            yield DATA[place : place + 1]

    body = await written(pieces, [(5, 9)], None, "b", "application/octet-stream")
    assert b"Content-Range: bytes 5-9/*\r\n\r\n" + DATA[5:10] + b"\r\n--b--" in body
    assert len(body) == multiple_ranges_length([(5, 9)], None, "b", "application/octet-stream")


ranges = st.tuples(st.integers(0, len(DATA) - 1), st.integers(0, len(DATA) - 1)).map(
    lambda pair: tuple(sorted(pair))
)


@settings(deadline=None)  # other work on the machine must not fail it
@given(chosen=st.lists(ranges, min_size=1, max_size=6), known=st.booleans())
def test_any_ranges_have_the_declared_length_and_are_read_back(
    chosen: list[tuple[int, int]], known: bool
) -> None:
    """The length is exact for any ranges, and another parser finds the same bytes in the same order."""
    arguments = (chosen, len(DATA) if known else None, "5e8f0a11", "image/png")

    async def run() -> list[bytes]:
        body = await written(produce, *arguments)
        assert len(body) == multiple_ranges_length(*arguments)
        reader = asyncio.StreamReader()
        reader.feed_data(body)
        reader.feed_eof()
        events = parse_multipart(reader, "multipart/byteranges; boundary=5e8f0a11")
        return [event.body async for event in events if isinstance(event, Part)]

    assert asyncio.run(run()) == [DATA[first : last + 1] for first, last in chosen]


@pytest.mark.parametrize(
    "change",
    [
        {"boundary": "a\r\nInjected: 1"},
        {"boundary": "a\n"},
        {"boundary": ""},
        {"boundary": "x" * 71},
        {"boundary": "ü"},
        {"content_type": "text/plain\r\nInjected: 1"},
        {"content_type": "text/plain\n"},
        {"content_type": "text/plain\r"},
        {"content_type": "text/\0plain"},
        {"content_type": ""},
        {"ranges": []},
        {"ranges": [(1, 0)]},
        {"ranges": [(-1, 0)]},
        {"ranges": [(0, 3)]},
    ],
)
def test_what_cannot_be_written_is_refused_before_the_first_byte(change: dict[str, object]) -> None:
    """CR, LF, a wrong boundary or an impossible range raise at the call, in both functions alike."""
    arguments = {"ranges": [(0, 0)], "full_length": 3, "boundary": "b", "content_type": "text/plain"} | change
    with pytest.raises(ValueError):
        write_multiple_ranges(produce, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        multiple_ranges_length(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(("given_bytes", "problem"), [(b"ab", "fewer"), (b"abcd", "more"), (b"", "fewer")])
async def test_a_produce_that_gives_another_size_is_an_error(given_bytes: bytes, problem: str) -> None:
    """A body that would not fit its Content-Length ends with an error that says so."""
    described = ([(0, 2)], None, "b", "text/plain")
    out: list[bytes] = []
    with pytest.raises(ValueError, match=f"gave {problem} than the 3 bytes"):
        async for piece in write_multiple_ranges(lambda first, last: given_bytes, *described):
            out.append(piece)
    assert out == ([out[0], given_bytes] if problem == "fewer" else [out[0]])
