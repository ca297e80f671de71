"""Text that a notebook shows as it is, in lines, and a peer's text cut and escaped for it."""

from __future__ import annotations

from wsnotebook.safetext import safe_text

__all__ = ["ShownText", "short"]


class ShownText(str):
    """A text whose repr is itself, so that the last line of a cell shows its lines."""

    def __repr__(self) -> str:
        return str(self)


def short(text: str, length: int) -> str:
    """Return a text in one escaped line of at most ``length`` characters."""
    line = safe_text(text if len(text) <= length else text[: length + 1])
    return line if len(line) <= length else line[: length - 1] + "…"
