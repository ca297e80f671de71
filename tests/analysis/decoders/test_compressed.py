"""Compressed messages: each format, cut and followed by more, and one that inflates over the limit."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest

from wsnotebook.analysis.decoders.compressed import INFLATED_LIMIT

RAW = zlib.compressobj(wbits=-15)
WRITTEN = {
    "gzip": gzip.compress(b"hello"),
    "zlib": zlib.compress(b"hello"),
    "deflate": RAW.compress(b"hello") + RAW.flush(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_it_inflates(decoded: Any, name: str) -> None:
    """What the standard library wrote; cut, empty, or a text it is an error."""
    found = decoded(name, WRITTEN[name], WRITTEN[name][:-1], b"", "text")
    assert found[0].value == b"hello" and all(each.error for each in found[1:])


def test_members_of_gzip_follow_each_other(decoded: Any) -> None:
    """In zlib nothing may follow."""
    assert decoded("gzip", WRITTEN["gzip"] * 2)[0].value == b"hellohello"
    assert "bytes follow" in decoded("zlib", WRITTEN["zlib"] + b"x")[0].error


def test_a_bomb_names_the_limit(decoded: Any) -> None:
    """The limit passes, one byte more does not, nor two members of half of it and a byte."""
    half = gzip.compress(bytes(INFLATED_LIMIT // 2), 1)
    assert len(decoded("gzip", half * 2)[0].value) == INFLATED_LIMIT
    assert str(INFLATED_LIMIT) in decoded("gzip", half * 2 + gzip.compress(b"x"))[0].error
