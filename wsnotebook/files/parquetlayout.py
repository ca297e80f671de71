"""Chunks and pages of a Parquet file as its metadata declares them, checked before pyarrow reads the file.

pyarrow 26 ends the process where the metadata of a column contradicts its schema, and allocates what a page declares.
The numbers of fields are those of parquet.thrift of Apache Parquet.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

from wsnotebook.files.thrift import ThriftReader

__all__ = ["Chunk", "check_pages", "chunks_of"]

_TAIL = 8  # bytes after the footer: its length, and PAR1
_DICTIONARY = 2  # type of a page
_ENCODINGS = {5: 2, 7: 2, 8: 4}  # field of the header for each kind of page, and in it that of the encoding
_REPEATING = 7  # DELTA_BYTE_ARRAY: a value may be that before, for no bytes
_EXPANSIONS = {0: 1, 7: 256}  # most bytes of a page for each in the file: uncompressed, LZ4_RAW
_LARGEST = 256 << 20  # bytes of a page of any other codec, which no file of ours has; most pages have 1 MiB
_SLACK = 4096  # bytes of a page beyond that
_HEAD = 16 << 10  # bytes of the header of a page, at most: it may have two values of 4 KiB


class Chunk(NamedTuple):
    """The values of one column in one row group."""

    column: str
    """Name of the column; of one within another, their names with dots."""
    codec: int
    """Compression of its pages."""
    start: int
    """Place of its first page."""
    size: int
    """Bytes of its pages."""
    values: int
    """Number of values, those that are missing too."""


def chunks_of(file: BinaryIO) -> list[Chunk]:
    """Return the chunks that the footer of a Parquet file declares.

    Raises:
        ValueError: the footer cannot be read.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - _TAIL, 0))
    tail = file.read(_TAIL)
    size = int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or size > end - _TAIL:
        raise ValueError("no footer at its end")
    file.seek(end - _TAIL - size)
    footer = ThriftReader(file.read(size)).struct()
    try:
        return [_chunk(group, chunk) for group in footer[4] for chunk in group[1]]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("metadata of a column that is incomplete") from error


def _chunk(group: dict[int, Any], chunk: dict[int, Any]) -> Chunk:
    values = chunk[3]
    rows, is_nested = group[3], len(values[3]) > 1  # another program's; one of ours is a column of frames
    places = [values[number] for number in (9, 11) if number in values]
    found = Chunk(
        ".".join(part.decode() for part in values[3]),
        values[4],
        min(places),
        values[7],
        values[5],
    )
    if (found.values != rows and not is_nested) or min(found.start, found.size) < 0:
        raise ValueError(f"column {found.column} with {found.values} values for {rows} rows")
    return found


class _Page(NamedTuple):
    """One page, as its header declares it."""

    is_dictionary: bool
    """Whether a value of it may stand for many rows."""
    declared: int
    """Bytes of its values."""
    size: int
    """Bytes of it in the file."""
    values: int
    """Number of its values, those that are missing too."""
    encoding: int


def check_pages(file: BinaryIO, chunks: list[Chunk], room: int) -> set[str]:
    """Check that pages declare no more than they can have, nor than there is room for, nor a place outside of the file.

    Args:
        file: the file.
        chunks: its chunks.
        room: bytes that all its pages may have.

    Returns:
        The columns with a dictionary, of which a value stands once in the file for many rows. The footer may hide it.

    Raises:
        ValueError: a page declares more.
    """
    end = file.seek(0, os.SEEK_END)
    if sum(chunk.size for chunk in chunks) > end:
        raise ValueError("columns that overlap")
    dictionaries = set()
    for chunk in chunks:
        values = 0
        for page in _pages(file, chunk, end):
            _check_page(chunk, page)
            room -= page.declared
            if room < 0:
                raise ValueError(
                    "pages that declare far more than the file has: refused as a decompression bomb"
                )
            if page.is_dictionary:
                dictionaries.add(chunk.column)
            else:
                values += page.values
        if values != chunk.values:
            raise ValueError(f"column {chunk.column}: pages of {values} values for {chunk.values}")
    return dictionaries


def _check_page(chunk: Chunk, page: _Page) -> None:
    expansion = _EXPANSIONS.get(chunk.codec)
    most = _LARGEST if expansion is None else page.size * expansion + _SLACK
    if not 0 <= page.declared <= most:
        raise ValueError(
            f"column {chunk.column}: {page.size} bytes that declare {page.declared}: refused as a decompression bomb"
        )
    # pyarrow allocates for each value of a dictionary, and each has a byte.
    if page.is_dictionary and not 0 <= page.values <= page.declared:
        raise ValueError(
            f"column {chunk.column}: a dictionary of {page.values} values in {page.declared} bytes"
        )
    if page.encoding == _REPEATING:
        raise ValueError(
            f"column {chunk.column}: values that repeat the one before (DELTA_BYTE_ARRAY), whose size nothing declares: "
            "FrameLog.from_frames(pandas.read_parquet(path)) makes a log of a file that you trust"
        )


def _pages(file: BinaryIO, chunk: Chunk, end: int) -> Iterator[_Page]:
    place, stop = chunk.start, chunk.start + chunk.size
    while place < stop:
        file.seek(place)
        reader = ThriftReader(file.read(_HEAD))
        page = _page(reader.struct())
        if page is None:
            raise ValueError(f"column {chunk.column}: no page at byte {place}")
        place += reader.place + page.size
        if place > min(stop, end):
            raise ValueError(f"column {chunk.column}: a page that ends outside of it, at byte {place}")
        yield page


def _page(header: dict[int, Any]) -> _Page | None:
    """Return what a header declares, or None where it is none of a page with values."""
    kinds = [(header[field], encoding) for field, encoding in _ENCODINGS.items() if field in header]
    if len(kinds) != 1 or not isinstance(kinds[0][0], dict):
        return None
    ((fields, encoding),) = kinds
    numbers = [header.get(1), header.get(2), header.get(3), fields.get(1), fields.get(encoding)]
    if any(type(number) is not int for number in numbers) or min(numbers[2], numbers[3]) < 0:
        return None
    kind, *declared = numbers
    return _Page(kind == _DICTIONARY, *declared)
