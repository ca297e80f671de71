"""body_text: content codings, charsets, and what is damaged, hostile or unknown."""

from __future__ import annotations

import gzip
import zlib

import pytest

from wsnotebook.session.bodytext import body_text
from wsnotebook.wire.response import MAX_BODY

TEXT = "Tür zu: größer als 5 €"


def raw_deflate(data: bytes) -> bytes:
    """DEFLATE without the frame of zlib, as some servers send it."""
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode(), "identity"),
        (gzip.compress(TEXT.encode(), mtime=0), "gzip"),
        (gzip.compress(TEXT.encode(), mtime=0), "X-GZip"),
        (zlib.compress(TEXT.encode()), "deflate"),
        (raw_deflate(TEXT.encode()), "deflate"),
        (gzip.compress(zlib.compress(TEXT.encode()), mtime=0), "deflate, gzip"),
        (TEXT.encode(), "gzip"),
        (TEXT.encode(), "zstd"),
    ],
)
def test_a_coding_is_undone(body: bytes, coding: str) -> None:
    """The last one first; a body that does not have it is as it came."""
    assert body_text(body, "text/plain", coding) == TEXT


@pytest.mark.long
def test_brotli_is_undone_where_it_is_installed() -> None:
    """The package is an extra."""
    brotli = pytest.importorskip("brotli")
    assert body_text(brotli.compress(TEXT.encode()), "", "br") == TEXT
    assert body_text(TEXT.encode(), "", "br") == TEXT
    assert len(body_text(brotli.compress(bytes(100 * MAX_BODY)), "", "br")) <= 2 * MAX_BODY


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("iso-8859-15", "iso-8859-15"), ('"UTF-16"', "utf-16"), ("no-such", "utf-8"), ("hex", "utf-8")],
)
def test_a_charset_is_used(charset: str, encoding: str) -> None:
    """One that is none of text is UTF-8."""
    assert body_text(TEXT.encode(encoding), f"text/html; charset={charset}", "") == TEXT


def test_a_body_that_was_cut_off_is_had_as_far_as_it_goes() -> None:
    """Its first characters, and a mark for a damaged one."""
    packed = gzip.compress(bytes(range(256)) * 200 + b"end", 1)
    text = body_text(packed[:-30], "text/plain; charset=latin-1", "gzip")
    assert text and (bytes(range(256)) * 200).startswith(text.encode("latin-1"))
    assert body_text(b"a\xff", "", "") == "a\ufffd"


def test_a_bomb_costs_what_a_body_may() -> None:
    """Whatever the codings."""
    bomb = gzip.compress(bytes(100 * MAX_BODY))
    assert len(body_text(bomb, "", "gzip")) == MAX_BODY
    for _ in range(9):
        bomb = gzip.compress(bomb)
    assert len(body_text(bomb, "latin-1", ", ".join(["gzip"] * 10))) <= MAX_BODY
