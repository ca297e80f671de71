"""safe_text(): the one function that escapes a peer's text before it is shown.

It escapes characters that move a cursor, reorder a line or are invisible. It does not escape markup: whoever shows
the text does that, with textContent in the browser and html.escape in static pages.
"""

from __future__ import annotations

import unicodedata

__all__ = ["safe_text"]

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe_text(text: str, *, keep: str = "") -> str:
    """Replace control, bidirectional, invisible and surrogate characters by their escapes.

    A backslash is not doubled, so that regular expressions and Windows paths stay readable: where the exact bytes
    matter, use the hex dump.

    Args:
        text: a text from a peer, or one that contains such a text.
        keep: characters that are not escaped, such as ``"\\n\\t"`` for a block of several lines.
    """
    if text.isprintable():  # one fast call in C for nearly every payload
        return text
    return "".join(_shown(character, keep) for character in text)


def _shown(character: str, keep: str) -> str:
    # Zs: the ideographic and the no-break space only look like a space.
    if character.isprintable() or character in keep or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    if code < 0x100:
        return _SHORT.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
