"""Compressed messages: each format, cut and followed by more, and one that inflates over the limit."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Any

import pytest

from wsnotebook.analysis.decoders.compressed import INFLATED_LIMIT, looks_like_zstd

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


def compressed_by(name: str, data: bytes) -> bytes:
    """Compress with the library of a format; skip visibly where it is not installed."""
    if name == "brotli":
        return bytes(pytest.importorskip("brotli").compress(data, quality=1))
    return bytes(pytest.importorskip("zstandard").ZstdCompressor().compress(data))


@pytest.mark.parametrize("name", ["brotli", "zstd"])
def test_a_library_inflates(decoded: Any, name: str) -> None:
    """What it wrote; cut, empty, followed by more, no such data, and a text are errors."""
    for text in (b"hello", bytes(3 << 20)):
        data = compressed_by(name, text)
        found = decoded(name, data, data[:-1], b"", data + b"x", b"\xff" * 8, "text")
        assert found[0].value == text and all(each.error for each in found[1:])


@pytest.mark.parametrize("name", ["brotli", "zstd"])
def test_a_bomb_for_a_library_names_the_limit(decoded: Any, name: str) -> None:
    """The limit passes, a byte more does not."""
    data = compressed_by(name, bytes(INFLATED_LIMIT))
    assert len(decoded(name, data)[0].value) == INFLATED_LIMIT
    assert str(INFLATED_LIMIT) in decoded(name, compressed_by(name, bytes(INFLATED_LIMIT + 1)))[0].error


def test_frames_of_zstd_follow_each_other(decoded: Any) -> None:
    """And a message of them is guessed."""
    data = compressed_by("zstd", b"hello")
    assert decoded("zstd", data * 2)[0].value == b"hellohello" and looks_like_zstd(data)


@pytest.mark.parametrize(("name", "library"), [("brotli", "brotli"), ("zstd", "zstandard")])
def test_a_missing_library_is_named(
    decoded: Any, name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what installs it."""
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'wsnotebook\[{library}\]'"):
        decoded(name, b"x")


def test_a_bomb_names_the_limit(decoded: Any) -> None:
    """The limit passes, one byte more does not, nor two members of half of it and a byte."""
    half = gzip.compress(bytes(INFLATED_LIMIT // 2), 1)
    assert len(decoded("gzip", half * 2)[0].value) == INFLATED_LIMIT
    assert str(INFLATED_LIMIT) in decoded("gzip", half * 2 + gzip.compress(b"x"))[0].error
