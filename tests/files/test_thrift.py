"""Thrift's compact protocol, against literals of its specification; cut off anywhere, and hostile."""

from __future__ import annotations

import pytest

from wsnotebook.files.thrift import ThriftReader

STRUCT = bytes.fromhex(
    "15 02"  # field 1, i32: zigzag 1
    "16 ac02"  # field 2, i64: 150
    "18 03 616263"  # field 3, binary of 3 bytes
    "11"  # field 4, true
    "12"  # field 5, false
    "19 25 02 03"  # field 6, list of two i32: 1, -2
    "1c 15 04 00"  # field 7, struct with field 1: 2
    "05 ff01 06"  # a long step to field -128: 3
    "00"
)
VALUES = {1: 1, 2: 150, 3: b"abc", 4: True, 5: False, 6: [1, -2], 7: {1: 2}, -128: 3}


def test_a_struct_of_every_type() -> None:
    """Bytes after it are the next value."""
    reader = ThriftReader(STRUCT + b"rest")
    assert reader.struct() == VALUES and reader.place == len(STRUCT)


@pytest.mark.parametrize("size", range(len(STRUCT)))
def test_a_struct_that_is_cut_off(size: int) -> None:
    """At every byte: an error, no other value."""
    with pytest.raises(ValueError, match="cut off|longer than the file"):
        ThriftReader(STRUCT[:size]).struct()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"\x1c" * 99, "nested too deeply"),
        (b"\x19\x1c" * 99, "nested too deeply"),
        (b"\x19\x19" * 99, "nested too deeply"),
        (b"\x19\xf5\xff\xff\xff\x7f", "list longer than the file"),
        (b"\x16" + b"\xff" * 20, "64 bits"),
        (b"\x1f\x00", "type 15"),
    ],
    ids=repr,
)
def test_hostile_bytes_are_refused(data: bytes, sentence: str) -> None:
    """Depth, length and numbers have limits."""
    with pytest.raises(ValueError, match=sentence):
        ThriftReader(data).struct()
