"""Compressed messages: each format, cut and followed by more, and one that inflates over the limit."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Any

import pytest

from wsnotebook.analysis.decoders.compressed import INFLATED_LIMIT, looks_like_zstd
from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders

RAW = zlib.compressobj(wbits=-15)
WRITTEN = {
    "gzip": gzip.compress(b"hello"),
    "zlib": zlib.compress(b"hello"),
    "deflate": RAW.compress(b"hello") + RAW.flush(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_it_inflates(decoded: Any, name: str) -> None:
    """What the standard library wrote; cut or empty it is an error."""
    found = decoded(name, WRITTEN[name], WRITTEN[name][:-1], b"")
    assert found[0].value == b"hello" and all(each.error for each in found[1:])


def test_members_of_gzip_follow_each_other(decoded: Any) -> None:
    """In zlib nothing may follow."""
    assert decoded("gzip", WRITTEN["gzip"] * 2)[0].value == b"hellohello"
    assert "bytes follow" in decoded("zlib", WRITTEN["zlib"] + b"x")[0].error


def compressed_by(name: str, data: bytes) -> bytes:
    """Compress with the module or the library of a format; skip visibly where it is not installed."""
    if name in ("gzip", "zlib"):
        return bytes({"gzip": gzip, "zlib": zlib}[name].compress(data))
    if name == "brotli":
        return bytes(pytest.importorskip("brotli").compress(data, quality=1))
    return bytes(pytest.importorskip("zstandard").ZstdCompressor().compress(data))


@pytest.mark.parametrize("name", ["brotli", "zstd"])
def test_a_library_inflates(decoded: Any, name: str) -> None:
    """What it wrote; cut, empty, followed by more, and no such data are errors."""
    for text in (b"hello", bytes(3 << 20)):
        data = compressed_by(name, text)
        found = decoded(name, data, data[:-1], b"", data + b"x", b"\xff" * 8)
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


@pytest.mark.parametrize("name", [*WRITTEN, "brotli", "zstd"])
def test_a_text_stays_as_it_is(decoded: Any, name: str) -> None:
    """Services compress what they send and not what they are sent, or only what is long."""
    if name not in WRITTEN:
        compressed_by(name, b"")
    assert decoded(name, '{"pong":1}')[0].value == '{"pong":1}'


@pytest.mark.parametrize("name", ["gzip", "zlib", "zstd"])
def test_what_is_in_it_is_guessed(name: str) -> None:
    """With the texts of the other direction, or between them; of what is not known only the compression is said."""

    def packed(text: str) -> bytes:
        return compressed_by(name, text.encode())

    known = list(decoders().values())
    call, result = '{"jsonrpc":"2.0","id":1,"method":"a"}', '{"jsonrpc":"2.0","id":1,"result":1}'
    for samples, chain in (
        ([['{"sub":"btc","id":"1"}'], [packed('{"id":"1"}'), packed('{"ping":1}')]], [name, "json"]),
        ([['{"op":2}'], ['{"op":10}', packed('{"op":0,"t":"READY"}')]], [name, "json"]),
        ([[call], [packed(result)]], [name, "jsonrpc"]),
        ([[packed("hello")]], [name]),
        ([['{"op":2}'], ['{"op":10}']], ["json"]),
    ):
        assert [each.name for each in guess(known, "", samples)[0]] == chain
