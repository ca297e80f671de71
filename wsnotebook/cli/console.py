"""Output to the terminal: results on stdout, messages to the person on stderr, control characters as escapes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import BinaryIO

from wsnotebook.safetext import safe_text

__all__ = [
    "PROGRAM",
    "MessageWriter",
    "escape_unwritable",
    "open_closed_streams",
    "write_error",
    "write_line",
    "write_lines",
]

PROGRAM = "wsnotebook"


def open_closed_streams() -> None:
    """Open the null device in the place of the standard streams that are closed, as by ``>&-`` in a shell.

    Python has None for them, and the first socket would get the number of one.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is that of the stream
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))


def escape_unwritable() -> None:
    """Let stdout write the escape of a character that its encoding does not have, as stderr does.

    The encoding is that of the locale: in a pipe on Windows, or a container without one, a peer's text would end the program.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def write_line(line: str) -> None:
    """Write one line to stdout and flush it, because the reader of a pipe may wait for it."""
    sys.stdout.write(f"{safe_text(line)}\n")
    sys.stdout.flush()


def write_lines(lines: Iterable[str]) -> None:
    """Write lines to stdout that are escaped already, and may be coloured, in one piece."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def write_error(sentence: str, verb: str = "") -> None:
    """Write one line to stderr, prefixed with the program's name and the verb."""
    sys.stderr.write(f"{PROGRAM}{' ' if verb else ''}{verb}: {safe_text(sentence)}\n")
    sys.stderr.flush()


class MessageWriter:
    """Writes received messages to stdout, one per line.

    Args:
        unchanged: write text and bytes as they came. On a terminal they are still escaped, because a peer's text could move
            the cursor and overwrite lines above.
    """

    def __init__(self, *, unchanged: bool) -> None:
        self.is_unchanged = unchanged and not sys.stdout.isatty()
        self.count = 0
        """Number of messages written."""
        self._bytes: BinaryIO = sys.stdout.buffer

    def write(self, message: str | bytes) -> None:
        """Write one message: text as a line, binary as a line of hex or, if unchanged, as it came without a line end."""
        self.count += 1
        if not self.is_unchanged:
            write_line(
                message if isinstance(message, str) else f"<{len(message)} bytes> {message.hex(' ')}".rstrip()
            )
            return
        self._bytes.write(message.encode() + b"\n" if isinstance(message, str) else message)
        self._bytes.flush()
