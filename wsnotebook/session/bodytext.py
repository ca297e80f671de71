"""body_text: the body of a response as text: its content coding undone, its characters decoded (RFC 9110 §8.3, §8.4)."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable

from wsnotebook.wire.response import MAX_BODY

__all__ = ["body_text"]

_MOST_CODINGS = 4  # a body is encoded once; a chain of many is an attack
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\s\";]+)", re.IGNORECASE)


def body_text(body: bytes, content_type: str, content_encoding: str) -> str:
    """Return the text of a body, at most MAX_BODY bytes of it; a coding that is not known stays.

    Args:
        body: as it came, cut off where it was too long.
        content_type: value of that field; its charset is used, else UTF-8.
        content_encoding: value of that field.
    """
    codings = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    for coding in reversed(codings[-_MOST_CODINGS:]):
        decode = _DECODERS.get(coding)
        if decode is None:
            break
        body = decode(body)
    charset = _CHARSET.search(content_type)
    try:
        return body.decode(charset[1] if charset else "utf-8", "replace")
    except (
        LookupError,
        ValueError,
    ):  # none that Python knows, or one of something else than text, such as hex
        return body.decode("utf-8", "replace")


def _inflate(body: bytes, window: int) -> bytes:
    """Return what zlib makes of a body, as far as it can."""
    inflater = zlib.decompressobj(window)
    text = bytearray()
    try:
        for start in range(0, len(body), 4096):  # so that what comes before an error is had
            text += inflater.decompress(body[start : start + 4096], MAX_BODY - len(text))
            if len(text) >= MAX_BODY:
                break
    except zlib.error:
        pass
    return bytes(text)


def _gzip(body: bytes) -> bytes:
    return _inflate(body, 16 + zlib.MAX_WBITS) or body


def _deflate(body: bytes) -> bytes:
    # With the frame of zlib, as RFC 9110 §8.4.1.2 has it, or without, as some servers send it.
    return _inflate(body, zlib.MAX_WBITS) or _inflate(body, -zlib.MAX_WBITS) or body


def _brotli(body: bytes) -> bytes:
    try:
        import brotli
    except ImportError:  # it is an extra
        return body
    try:
        return bytes(brotli.Decompressor().process(body, output_buffer_limit=MAX_BODY)) or body
    except brotli.error:
        return body


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
}
