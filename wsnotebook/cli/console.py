"""What is written to the terminal: answers on stdout, sentences on stderr, a peer's text only with its escapes shown."""

from __future__ import annotations

import sys
from typing import BinaryIO

from wsnotebook.widgets.escape import safe_text

__all__ = ["PROGRAM", "MessageWriter", "complain", "say"]

PROGRAM = "wsnotebook"


def say(line: str) -> None:
    """Write one line to stdout, at once: whoever reads a pipe waits for it."""
    sys.stdout.write(f"{safe_text(line)}\n")
    sys.stdout.flush()


def complain(sentence: str, verb: str = "") -> None:
    """Write one line to stderr, the program's name before it."""
    sys.stderr.write(f"{PROGRAM}{' ' if verb else ''}{verb}: {safe_text(sentence)}\n")
    sys.stderr.flush()


class MessageWriter:
    """Writes received messages to stdout, one a line.

    Args:
        raw: write text and bytes as they came. On a terminal they are escaped all the same, because there a peer's
            text could move the cursor and rewrite what stands above it.
    """

    def __init__(self, *, raw: bool) -> None:
        self.is_raw = raw and not sys.stdout.isatty()
        self.count = 0
        """Messages written."""
        self._bytes: BinaryIO = sys.stdout.buffer

    def write(self, message: str | bytes) -> None:
        """Write one message: a line of text; a binary one as hex, or raw, and then without a line end."""
        self.count += 1
        if not self.is_raw:
            say(
                message if isinstance(message, str) else f"<{len(message)} bytes> {message.hex(' ')}".rstrip()
            )
            return
        self._bytes.write(message.encode() + b"\n" if isinstance(message, str) else message)
        self._bytes.flush()
