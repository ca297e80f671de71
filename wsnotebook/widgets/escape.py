"""The one way a peer's text is made fit to be looked at: safe_text().

It takes care of what moves a cursor or reorders a line. That text is never markup is the part of those
who show it: textContent in the browser, html.escape in static pages.
"""

from __future__ import annotations

import unicodedata

__all__ = ["safe_text"]

_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe_text(text: str, *, keep: str = "") -> str:
    """Show control, bidirectional, invisible and surrogate characters as escapes.

    A backslash stays as it is, or every regular expression and Windows path would be doubled: where the exact
    bytes matter, look at the hex dump.

    Args:
        text: what a peer sent, or what contains it.
        keep: characters to leave alone, such as ``"\\n\\t"`` for a block of several lines.
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
