"""What a Parquet file declares of itself: the same as pyarrow says, and refused where it cannot be."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import load
from wsnotebook.files.parquetlayout import check_pages, chunks_of

ROOM = 1 << 30


@pytest.mark.long
def test_chunks_are_those_that_pyarrow_sees(make_log: Callable[..., FrameLog], tmp_path: Path) -> None:
    """Names, places, sizes and dictionaries, of each row group."""
    path = make_log(7000).save(tmp_path / "log.parquet")
    metadata = pq.read_metadata(path)
    with path.open("rb") as file:
        chunks = chunks_of(file)
        dictionaries = check_pages(file, chunks, ROOM)
    assert len(chunks) == metadata.num_row_groups * metadata.num_columns > metadata.num_columns
    for place, chunk in enumerate(chunks):
        expected = metadata.row_group(place // metadata.num_columns).column(place % metadata.num_columns)
        assert chunk.column == expected.path_in_schema and chunk.values == expected.num_values
        assert chunk.size == expected.total_compressed_size
        has_dictionary = any("DICTIONARY" in name for name in expected.encodings)
        assert (chunk.column in dictionaries) == has_dictionary


@pytest.mark.long
@pytest.mark.parametrize("codec", ["none", "lz4", "snappy", "zstd", "gzip"])
def test_files_of_other_codecs_pass(codec: str) -> None:
    """A table that compresses well is no bomb."""
    file = BytesIO()
    pq.write_table(pa.table({"a": ["x" * 1000] * 100_000}), file, compression=codec, use_dictionary=False)
    check_pages(file, chunks_of(file), ROOM)


def test_a_page_that_declares_far_more_than_it_has_is_refused() -> None:
    """Some bytes that would become a megabyte: the uncompressed size of the header is another one of as many bytes."""
    file = BytesIO()
    pq.write_table(pa.table({"a": [0] * 2000}), file, compression="lz4", use_dictionary=False)
    data = bytearray(file.getvalue())
    assert data[4:7] == b"\x15\x00\x15", "magic, then the fields 1, type, and 2, uncompressed size"
    data[7:10] = b"\xfe\xff\x7f"
    bomb = BytesIO(data)
    with pytest.raises(ValueError, match="column a: .* declare 1048575: refused as a decompression bomb"):
        check_pages(bomb, chunks_of(bomb), ROOM)


def test_pages_that_declare_more_than_there_is_room_for_are_refused() -> None:
    """All together, whatever the columns: each of them alone is one that a table has which compresses well."""
    file = BytesIO()
    table = pa.table({name: pa.repeat(pa.scalar("x" * 1000), 1000) for name in "abc"})
    pq.write_table(table, file, compression="zstd", use_dictionary=False)
    check_pages(file, chunks_of(file), 3_100_000)
    with pytest.raises(
        ValueError, match="declare far more than the file has: refused as a decompression bomb"
    ):
        check_pages(file, chunks_of(file), 2_900_000)


@pytest.mark.parametrize(
    ("column", "encoding", "declared", "sentence"),
    [
        (pa.array(range(2000)), "plain", 2000, "pages of 8191 values for 2000"),
        (pa.array(map(str, range(100))), "dictionary", 100, "a dictionary of 8191 values in 590 bytes"),
    ],
)
def test_values_that_cannot_be_there_are_refused(
    column: pa.Array, encoding: str, declared: int, sentence: str
) -> None:
    """pyarrow allocates for as many as a header says: another number of as many bytes."""
    file = BytesIO()
    pq.write_table(pa.table({"a": column}), file, compression="none", use_dictionary=encoding == "dictionary")
    number = (2 * declared).to_bytes(2, "little")  # as a varint of a zigzag, of seven bits a byte
    varint = bytes((number[0] & 0x7F | 0x80, 2 * declared >> 7))
    data = file.getvalue()
    assert varint in data[:32], "in the header of the first page"
    bomb = BytesIO(data.replace(varint, b"\xfe\x7f", 1))
    with pytest.raises(ValueError, match=sentence):
        check_pages(bomb, chunks_of(bomb), ROOM)


def test_values_whose_size_nothing_declares_are_refused() -> None:
    """A value that is the one before takes no byte, so that a page of some bytes may be of any size."""
    file = BytesIO()
    pq.write_table(
        pa.table({"a": ["x" * 1000] * 1000}),
        file,
        use_dictionary=False,
        column_encoding={"a": "DELTA_BYTE_ARRAY"},
    )
    with pytest.raises(ValueError, match=r"column a: .*DELTA_BYTE_ARRAY.*pandas\.read_parquet\(path\)"):
        check_pages(file, chunks_of(file), ROOM)


def test_columns_that_share_their_pages_are_refused() -> None:
    """So that pages count once, and looking at them takes the time of the file."""
    file = BytesIO()
    pq.write_table(pa.table({"a": ["x" * 1000] * 1000}), file, compression="none", use_dictionary=False)
    with pytest.raises(ValueError, match="columns that overlap"):
        check_pages(file, 2 * chunks_of(file), ROOM)


def test_columns_within_columns_are_those_of_another_program(tmp_path: Path) -> None:
    """Their values are not counted by rows, and load() says what to do."""
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [[1, 2]], "b": [{"c": None}]}), path)
    with path.open("rb") as file:
        assert [chunk.column for chunk in chunks_of(file)] == ["a.list.element", "b.c"]
    with pytest.raises(FileError, match=r"FrameLog\.from_frames\(pandas\.read_parquet\(path\)\)"):
        load(path)
