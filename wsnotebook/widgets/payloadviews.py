"""The views of a payload in the inspector: text, JSON and hex. A long one is cut, says so, and is continued on request.

All text of a peer is escaped by safe_text() here, but for that of the JSON, whose tree escapes it: it copies it too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from wsnotebook.jsonlayout import laid_out
from wsnotebook.safetext import safe_text

__all__ = [
    "IMAGE_BYTES",
    "JSON_BYTES",
    "View",
    "continued",
    "hex_dump",
    "image_view",
    "kind_of",
    "views_of",
]

TEXT_BYTES = 64 * 1024  # of a payload at once: more text in one element makes the page slow
HEX_BYTES = 8 * 1024  # 512 lines
IMAGE_BYTES = 4 << 20  # as base64 in one attribute of the page
JSON_BYTES = 256 * 1024  # parsed whole in the kernel's loop: up to 50 ms

_IMAGES = [
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
]
"""Begins of pictures that a browser shows without running anything; SVG can hold scripts, and is a text here."""


class View(NamedTuple):
    """One way to see a payload."""

    name: str
    """Its tab."""
    body: str
    """Its text, escaped; that of "JSON" is as it was sent."""
    note: str = ""
    """How much of it this is, where it is not all."""
    next: int | None = None
    """Byte of the payload where the rest begins; None where there is none."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the page."""
        return self._asdict()


def views_of(payload: memoryview, *, is_binary: bool) -> list[View]:
    """Return text (if it is UTF-8), JSON (if it is JSON) and hex (always, and last).

    Args:
        payload: the bytes.
        is_binary: binary that happens to be valid UTF-8 is not text.
    """
    texts = [] if is_binary else [view for view in (_text(payload, 0), _json(payload)) if view]
    return [*texts, _hex(payload, 0)]


def kind_of(payload: memoryview, *, is_binary: bool) -> str:
    """Return the name of the first view of ``views_of``, with the same arguments."""
    return "Hex" if is_binary or _text(payload, 0) is None else "Text"


def image_view(payload: memoryview) -> View | None:
    """Return the view of a picture: its media type is the body, and the page asks for the bytes; None where it is none."""
    kind = next((kind for begin, kind in _IMAGES if begin.match(payload)), None)
    if kind is None:
        return None
    if len(payload) > IMAGE_BYTES:
        return View(
            "Image", "", f"{len(payload):,} bytes are too many to show as a picture: save them as a file"
        )
    return View("Image", kind)


def continued(payload: memoryview, name: str, start: int) -> View:
    """Return a view from a byte of the payload on.

    Raises:
        ValueError: no view of this name is continued.
    """
    if name not in _CONTINUED:
        raise ValueError(f"{name!r} is no view that goes on: one of {', '.join(_CONTINUED)}.")
    return _CONTINUED[name](payload, start)


def hex_dump(data: bytes, start: int = 0) -> str:
    """Return lines of offset, from ``start`` on, sixteen bytes and their printable ASCII."""
    lines = []
    for offset in range(0, len(data), 16):
        part = data[offset : offset + 16]
        digits = f"{part[:8].hex(' '):<23}  {part[8:].hex(' '):<23}"
        letters = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{start + offset:08x}  {digits}  {letters}")
    return "\n".join(lines)


def _text(payload: memoryview, start: int) -> View | None:
    try:
        return _decoded(payload, start, "strict")
    except UnicodeDecodeError:
        return None


def _more_text(payload: memoryview, start: int) -> View:
    """Return the part of a text from a byte on, whose first part is UTF-8."""
    try:
        return _decoded(payload, start, "strict")
    except UnicodeDecodeError:
        view = _decoded(payload, start, "replace")
        notes = [view.note, "each \ufffd of this part may stand for bytes that are no UTF-8: Hex has them"]
        return view._replace(note="; ".join(note for note in notes if note))


def _decoded(payload: memoryview, start: int, errors: str) -> View:
    part = bytes(payload[start : start + TEXT_BYTES])
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    text = decoder.decode(part, final=start + len(part) == len(payload))
    # A character that the cut divides belongs to the next part.
    end = start + len(part) - len(decoder.getstate()[0])
    return _part("Text", safe_text(text, keep="\n\t"), end, len(payload))


def _json(payload: memoryview) -> View | None:
    if len(payload) > JSON_BYTES:
        if bytes(payload[:1]) not in (b"{", b"["):
            return None
        return View(
            "JSON",
            "",
            f"{len(payload):,} bytes are too many for a tree: Save keeps them all as a file",
        )
    try:
        lines = laid_out(str(payload, "utf-8"))
    except UnicodeDecodeError:
        return None
    return None if lines is None else View("JSON", lines)


def _hex(payload: memoryview, start: int) -> View:
    part = bytes(payload[start : start + HEX_BYTES])
    between = "\n" if start else ""  # it is appended to the lines before
    return _part("Hex", between + hex_dump(part, start), start + len(part), len(payload))


def _part(name: str, body: str, end: int, whole: int) -> View:
    return View(name, body) if end >= whole else View(name, body, f"first {end:,} of {whole:,} bytes", end)


_CONTINUED: dict[str, Callable[[memoryview, int], View]] = {"Text": _more_text, "Hex": _hex}
