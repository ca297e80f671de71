"""Writes the body of a 206 response with several ranges, multipart/byteranges (RFC 9110 §14.6), and its length."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence

from wsnotebook.lab.multipart import check_boundary

__all__ = ["multiple_ranges_length", "write_multiple_ranges"]


def write_multiple_ranges(
    produce: Callable[[int, int], bytes | AsyncIterable[bytes]],
    ranges: Sequence[tuple[int, int]],
    full_length: int | None,
    boundary: str,
    content_type: str,
) -> AsyncIterator[bytes]:
    """Yield a multipart/byteranges body, produced while it is read.

    It is the body of a Response with status 206. Example::

        data = bytes(range(100))
        shape = ([(0, 9), (90, 99)], len(data), "frontier", "text/plain")
        Response(
            206,
            write_multiple_ranges(lambda first, last: data[first : last + 1], *shape),
            {"Content-Type": "multipart/byteranges; boundary=frontier"},
            content_length=multiple_ranges_length(*shape),
        )

    Args:
        produce: called with (first, last) of each range; returns those bytes, or an async iterable of pieces.
        ranges: pairs (first, last), both included, as in HTTP: (0, 0) is the first byte.
        full_length: bytes of the whole representation, None if unknown.
        boundary: 1 to 70 ASCII characters that do not occur in the data.
        content_type: type of the data.

    Raises:
        ValueError: a range, boundary or content type that cannot be written; while reading, ``produce`` returned
            more or fewer bytes than its range.
    """
    heads = _part_heads(ranges, full_length, boundary, content_type)
    return _write(produce, ranges, heads, _end(boundary))


def multiple_ranges_length(
    ranges: Sequence[tuple[int, int]], full_length: int | None, boundary: str, content_type: str
) -> int:
    """Return the number of bytes that ``write_multiple_ranges`` yields for the same arguments.

    Example: ``multiple_ranges_length([(0, 9), (90, 99)], 100, "frontier", "text/plain")``.

    Raises:
        ValueError: a range, boundary or content type that cannot be written.
    """
    heads = _part_heads(ranges, full_length, boundary, content_type)
    data = sum(last - first + 1 for first, last in ranges)
    return sum(map(len, heads)) + data + len(_end(boundary))


async def _write(
    produce: Callable[[int, int], bytes | AsyncIterable[bytes]],
    ranges: Sequence[tuple[int, int]],
    heads: Sequence[bytes],
    end: bytes,
) -> AsyncIterator[bytes]:
    for (first, last), head in zip(ranges, heads, strict=True):
        yield head
        left = last - first + 1
        async for piece in _pieces(produce(first, last)):
            left -= len(piece)
            if left < 0:
                break  # never write more than the declared length
            yield piece
        if left:
            problem = "fewer" if left > 0 else "more"
            raise ValueError(
                f"produce({first}, {last}) gave {problem} than the {last - first + 1} bytes of its range."
            )
    yield end


async def _pieces(data: bytes | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        yield data
        return
    async for piece in data:
        yield piece


def _part_heads(
    ranges: Sequence[tuple[int, int]], full_length: int | None, boundary: str, content_type: str
) -> list[bytes]:
    check_boundary(boundary)
    if not (content_type.isascii() and content_type.isprintable() and content_type):
        raise ValueError(f"the content type {content_type!r} must be printable ASCII, without CR and LF.")
    if not ranges:
        raise ValueError("there is no range to write: answer 416 for a request that names none that exists.")
    for first, last in ranges:
        if not 0 <= first <= last or (full_length is not None and last >= full_length):
            raise ValueError(
                f"({first}, {last}) is no range of {full_length} bytes: first and last are both included."
            )
    whole = "*" if full_length is None else full_length
    return [
        (
            f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: bytes {first}-{last}/{whole}\r\n\r\n"
        ).encode("ascii")
        for first, last in ranges
    ]


def _end(boundary: str) -> bytes:
    return f"\r\n--{boundary}--\r\n".encode("ascii")
