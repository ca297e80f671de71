"""JsonStream gives what json.loads gives, however the bytes are cut, and goes on behind damage."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.files.jsonstream import BrokenJson, JsonStream, UnreadableValue

MOST = 1 << 20
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class Pieces(io.BytesIO):
    """A file that gives a few bytes at a time, whatever is asked for."""

    def __init__(self, data: bytes, size: int) -> None:
        super().__init__(data)
        self._size = size

    def read1(self, size: int | None = -1, /) -> bytes:
        return super().read1(self._size)


def stream_of(text: str | bytes, size: int = 1 << 20, chunk: int = 1 << 20) -> JsonStream:
    """Return a stream whose reads give ``size`` bytes."""
    return JsonStream(Pieces(text if isinstance(text, bytes) else text.encode(), size), chunk)


def entered(stream: JsonStream) -> Any:
    """Return the next value, read by entering each object and list."""
    if stream.peek() == "{":
        return {key: entered(stream) for key in stream.members()}
    if stream.peek() == "[":
        return [entered(stream) for _ in stream.items()]
    return stream.value(MOST)


@given(value=VALUES, size=st.integers(1, 9), indent=st.sampled_from([None, 1]), ascii_only=st.booleans())
def test_a_document_in_pieces_is_that_of_json(
    value: Any, size: int, indent: int | None, ascii_only: bool
) -> None:
    """As one value, entered, and skipped; spaces around it."""
    text = f" {json.dumps(value, indent=indent, ensure_ascii=ascii_only)} \n"
    for read in (lambda stream: stream.value(MOST), entered):
        stream = stream_of(text, size, 1)
        assert read(stream) == value
        stream.check_end()
    stream = stream_of(text, size, 1)
    stream.skip()
    stream.check_end()


@pytest.mark.long
@given(value=st.lists(VALUES, min_size=1), place=st.integers(0, 10**6), size=st.integers(1, 9))
def test_a_document_that_is_cut_off_says_so(value: Any, place: int, size: int) -> None:
    """Whether its values are read, entered or skipped."""
    text = json.dumps(value).encode()
    text = text[: place % len(text)]
    for read in (lambda stream: stream.value(MOST), entered, JsonStream.skip):
        stream = stream_of(text, size, 1)
        with pytest.raises(BrokenJson, match="line 1, column "):
            read(stream)


@pytest.mark.parametrize(
    "damaged", ["{1}", '{"a" "b"}', "[1 2]", "nulll", "[tru]", '"\\x"', "9" * 5000, "[" * 9000 + "]" * 9000]
)
@pytest.mark.parametrize("size", [1, 1000])
def test_behind_a_damaged_value_reading_goes_on(damaged: str, size: int) -> None:
    """Its end is found by brackets and quotes."""
    stream = stream_of(f'[1, {damaged}, {{"a": 3}}]', size, 1)
    found: list[Any] = list(stream.values(MOST))
    assert found[::2] == [1, {"a": 3}] and isinstance(found[1], UnreadableValue)
    stream.check_end()


def test_a_value_that_nobody_reads_is_skipped() -> None:
    """In an object and in a list; one whose key alone is wanted too."""
    stream = stream_of('{"a": [1, {"b": "]"}], "c": [1, "\\"[", 3], "d": null}', 1, 1)
    found: list[Any] = []
    for key in stream.members():
        if key == "c":
            found += [number for number in stream.items() if number]
        elif key == "d":
            found.append(stream.value(MOST))
    assert found == [1, 2, None]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n "a": 1,\n "b" 2}', "line 3, column 6: a key and a colon should stand here"),
        ("[1,\n2 ;", "line 2, column 3: a comma or ] should stand here"),
        ("[1,\n,2]", "line 2, column 1: a value should stand here"),
        ("[] x", "line 1, column 4: something stands behind the document"),
        ("", "line 1, column 1: [ should stand here"),
    ],
)
@pytest.mark.parametrize("size", [1, 1000])
def test_where_nothing_more_can_be_read_has_line_and_column(text: str, problem: str, size: int) -> None:
    """They are counted over all pieces."""
    stream = stream_of(text, size, 1)
    with pytest.raises(BrokenJson) as error:
        if text.startswith("{"):
            for _ in stream.members():
                pass
        else:
            for _ in stream.items():
                pass
            stream.check_end()
    assert str(error.value) == problem


@pytest.mark.parametrize("read", [JsonStream.skip, lambda stream: stream.value(MOST)])
def test_a_value_that_is_nested_without_end_is_not_followed(read: Callable[[JsonStream], object]) -> None:
    """What stands behind it cannot be found in time."""
    with pytest.raises(BrokenJson, match="line 1, column 1: it is nested too deeply"):
        read(stream_of("[" * 150_000, 1 << 17))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_the_first_bytes_tell_the_encoding(encoding: str) -> None:
    """Also where they come one by one."""
    assert stream_of('["grüße 🎉"]'.encode(encoding), 1, 1).value(MOST) == ["grüße 🎉"]


def test_a_byte_that_is_not_utf_8_is_half_a_character() -> None:
    """It can be told from a character, and the rest is read."""
    assert stream_of(b'["a\xffb", 1]').value(MOST) == ["a\udcffb", 1]


@pytest.mark.parametrize("large", [json.dumps("x" * 200_000), "[" + "[]," * 50_000 + "[]]"])
def test_a_value_beyond_the_limit_is_passed(large: str) -> None:
    """By its length, or by its brackets, which need twenty times their memory."""
    stream = stream_of(f"[{large}, 7]", 1000, 1000)
    found, last = stream.values(160_000)
    assert isinstance(found, UnreadableValue) and found.problem.startswith("over 160,000 char") and last == 7


def test_memory_is_that_of_a_piece() -> None:
    """A text of 16 MiB is skipped, and so is a list of many brackets."""

    class Large(io.BytesIO):
        pieces = iter(
            [b'{"a": "', *[b"x" * (1 << 20)] * 16, b'", "c": [', *[b"[[]]," * 200] * 160, b'1], "b": 5}']
        )

        def read1(self, size: int | None = -1, /) -> bytes:
            return next(self.pieces, b"")

    tracemalloc.start()
    stream = JsonStream(Large())
    assert [stream.value(MOST) for key in stream.members() if key == "b"] == [5]
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()
