"""Compressed messages: each format, cut and followed by more, and one that inflates over the limit."""

from __future__ import annotations

import gzip
import sys
import zlib
from typing import Any

import pytest

from wsnotebook.analysis.decoders.compressed import INFLATED_LIMIT, ZlibStream, looks_like_zstd
from wsnotebook.analysis.decoders.guess import guess
from wsnotebook.analysis.decoders.registry import decoders
from wsnotebook.analysis.decoders.stream import Item, run
from wsnotebook.wire.frames import Frame

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


def flushed(*messages: bytes) -> list[bytes]:
    """Compress messages as one stream."""
    stream = zlib.compressobj(1)
    return [stream.compress(message) + stream.flush(zlib.Z_SYNC_FLUSH) for message in messages]


def test_one_stream_of_zlib_goes_over_all_messages(decoded: Any) -> None:
    """Each ended by a flush, also where a message is cut in several; texts stay as they are."""
    one, two, three = flushed(*([b'{"op":"hello"}'] * 3))
    found = decoded("zlib-stream", one, "text", two[:3], "more", two[3:-2], two[-2:], three)
    assert [(each.value, each.first, each.last) for each in found] == [
        (b'{"op":"hello"}', 0, 0),
        ("text", 1, 1),
        ("more", 3, 3),
        (b'{"op":"hello"}', 2, 5),
        (b'{"op":"hello"}', 6, 6),
    ]


def test_a_stream_of_zlib_is_lost_where_a_message_is_missing() -> None:
    """Of each message after it that is said, never what could be made of it, and of a beginning that is not there."""
    one, two, three = flushed(*([b'{"op":"hello"}'] * 3))
    hole = Item(1, 1, error="not whole")
    found = run(ZlibStream, [Item(0, 0, one), hole, Item(2, 2, two), Item(3, 3, "text"), Item(4, 4, three)])
    assert [each.value for each in found] == [b'{"op":"hello"}', None, None, "text", None]
    assert found[1] == hole and "before it in the stream" in str(found[2].error)
    found = run(ZlibStream, [Item(0, 0, one), Item(1, 1, two[:-3]), Item(2, 2, error="not whole")])
    assert found[1].error == "the compressed data ends too early" and (found[1].first, found[1].last) == (
        1,
        1,
    )
    late = run(ZlibStream, [Item(0, 0, two), Item(1, 1, three)])
    assert "begins before" in str(late[0].error) and "before it in the stream" in str(late[1].error)


def test_a_bomb_in_a_stream_of_zlib_names_the_limit(decoded: Any) -> None:
    """Each message may have so much, not a byte more."""
    one, most, more = flushed(b"\0", bytes(INFLATED_LIMIT), b"\0")
    found = decoded("zlib-stream", one, most, most + more)
    assert [each.error is None for each in found] == [True, True, False]
    assert str(INFLATED_LIMIT) in found[2].error


def test_a_stream_of_zlib_is_guessed(talk: Any) -> None:
    """By its first message, and JSON in it; each connection has its own."""
    for message in flushed(b'{"a":1}', b'{"a":2}'):
        talk.receive(1, (0x82, message))
    talk.send(1, Frame.text('{"b":1}'))
    found = talk.log.df.ws.decode()
    assert found.attrs["decoder"][0]["decoder"] == "zlib-stream+json"
    assert found["value"].tolist() == [{"a": 1}, {"a": 2}, {"b": 1}]
