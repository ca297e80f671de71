"""JsonStream: reads a large JSON document piece by piece, in memory of one piece, and goes on behind a damaged value.

ijson was measured: 1.7 µs for a message of a HAR, against 2.2 of the standard library's scanner used here; but it ends
at the first damage, and makes a question mark of half a character. What the values of a HAR mean is not known here.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from wsnotebook.files.jsonextent import CLOSING, JsonExtent, end_of

__all__ = ["BrokenJson", "ByteSource", "JsonStream", "UnreadableValue"]

_CHUNK = 1 << 20  # bytes of one read
_HEAD = 4  # bytes that tell the encoding
_SPARSE = 16  # characters per bracket, at least: Python allocates sixty bytes for the two of an empty list
_DEEPEST = 100_000  # open brackets; Python reads a thousand, and each that is passed takes a microsecond
_SMALL = 64 << 10  # characters that cannot need much memory, whatever they are
_SCAN = json.JSONDecoder(strict=False).raw_decode  # a line feed in a string can be read
_SPACES = " \t\n\r"
_SPACE = re.compile(rf"[{_SPACES}]*+")
_AFTER = _SPACES + ",]}:"


class ByteSource(Protocol):
    """A file that is opened to read bytes."""

    def read1(self, size: int, /) -> bytes:
        """Return at least a byte, and at most ``size``; none at the end."""


@dataclass(frozen=True)
class UnreadableValue:
    """Stands for a value that is damaged or too large; the stream goes on behind it."""

    problem: str
    """Why it cannot be read."""


class BrokenJson(ValueError):
    """The document is cut off or damaged, so that nothing behind the place can be read."""


class JsonStream:
    """Read a document from its begin.

    ``peek`` tells what comes next; ``value`` reads it, ``skip`` passes over it; ``members``, ``items`` and ``values`` enter it.
    Text is UTF-8, 16 or 32, by its first bytes. A byte that is not UTF-8 becomes half a character (a lone surrogate).

    Args:
        source: bytes of the document.
        chunk: bytes of one read.
    """

    def __init__(self, source: ByteSource, chunk: int = _CHUNK) -> None:
        self._source = source
        self._chunk = chunk
        self._head = b""  # that the encoding is found by
        self._decoder: codecs.IncrementalDecoder | None = None
        self._text = ""
        self._at = 0  # of the next character
        self._ended = False
        self._passed = 0  # characters before _text
        self._lines = 0  # ends of lines in them
        self._line_start = 0  # character, from that of the document

    def peek(self) -> str:
        """Return the next character that is not a space; an empty text at the end."""
        next_one = self._text[self._at : self._at + 1]
        if next_one and next_one not in _SPACES:  # as after nearly every value
            return next_one
        while True:
            self._at = end_of(_SPACE, self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._fill():
                return ""

    def value(self, most: int) -> object:
        """Return the next value; an UnreadableValue for one that is no JSON, or too large.

        Args:
            most: characters, of a value that is larger than a chunk.

        Raises:
            BrokenJson: it has no end.
        """
        self.peek()
        try:
            value, end = _SCAN(self._text, self._at)
        except (ValueError, RecursionError):
            return self._slow_value(most)
        if end == len(self._text) or self._text[end] not in _AFTER:  # "-0" and "1e" can be parts of a number
            return self._slow_value(most)
        self._at = end
        return value

    def skip(self) -> None:
        """Pass over the next value, whatever its size.

        Raises:
            BrokenJson: it has no end.
        """
        self._pass_value(0)

    def members(self) -> Iterator[str]:
        """Enter the object that comes next, and yield each key; a value that is not read meanwhile is skipped.

        Raises:
            BrokenJson: the object is cut off or damaged.
        """
        for _ in self._parts("{"):
            key = self.value(_SMALL)
            if not isinstance(key, str) or self.peek() != ":":
                raise self._broken("a key and a colon should stand here")
            self._at += 1
            before = self._place()
            yield key
            if self._place() == before:
                self.skip()

    def items(self) -> Iterator[int]:
        """Enter the list that comes next, and yield each index; an item that is not read meanwhile is skipped.

        Raises:
            BrokenJson: the list is cut off or damaged.
        """
        for number in self._parts("["):
            before = self._place()
            yield number
            if self._place() == before:
                self.skip()

    def values(self, most: int) -> Iterator[object]:
        """Enter the list that comes next, and yield each value, read as ``value`` does."""
        for _ in self._parts("["):
            yield self.value(most)

    def check_end(self) -> None:
        """Pass over spaces to the end of the document.

        Raises:
            BrokenJson: something else stands there.
        """
        if self.peek():
            raise self._broken("something stands behind the document")

    def _parts(self, opening: str) -> Iterator[int]:
        """Yield the number of each part between brackets and commas, which is to be read meanwhile."""
        closing = CLOSING[opening]
        if self.peek() != opening:
            raise self._broken(f"{opening} should stand here")
        self._at += 1
        number = 0
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield number
            number += 1
            after = self.peek()
            if after not in (",", closing):
                raise self._broken(f"a comma or {closing} should stand here")
            self._at += 1
            if after == closing:
                return

    def _place(self) -> int:
        """Return the number of the next character that is not a space."""
        self.peek()
        return self._passed + self._at

    def _slow_value(self, most: int) -> object:
        """Return the next value, which is longer than what was read, or damaged."""
        text = self._pass_value(most)
        if text is None:
            return UnreadableValue(f"over {most:,} characters, or hardly any beside its brackets")
        try:
            value, end = _SCAN(text, 0)
        except RecursionError:
            return UnreadableValue("nested too deeply")
        except json.JSONDecodeError:
            end = -1
        except ValueError:  # more digits than Python converts
            return UnreadableValue("a number of thousands of digits")
        return value if end == len(text) else UnreadableValue(f"not JSON, of length {len(text):,}")

    def _pass_value(self, most: int) -> str | None:
        """Pass over the next value; return its text, None where it has more characters, or hardly any beside brackets."""
        extent = JsonExtent(self.peek(), counts=most > 0)
        at, start = self._at, self._passed + self._at
        is_kept = most > 0
        while True:
            at = extent.follow(self._text, at)
            if extent.is_whole:
                break
            if extent.depth > _DEEPEST:
                raise self._broken("it is nested too deeply")
            size = at - self._at
            is_kept = is_kept and size <= most and extent.brackets * _SPARSE <= max(size, _SMALL)
            if not is_kept:
                self._at = at
            at -= self._at
            if not self._fill():
                if not extent.is_bare:
                    raise self._broken("it is cut off")
                break
        if self._passed + at == start:
            raise self._broken("a value should stand here")
        text = self._text[self._at : at] if is_kept else None
        self._at = at
        return text

    def _fill(self) -> bool:
        """Drop what was passed, and read some more; return whether there was more."""
        passed = self._text[: self._at]
        lines = passed.count("\n")
        if lines:
            self._lines += lines
            self._line_start = self._passed + passed.rindex("\n") + 1
        self._passed += len(passed)
        rest, self._at = self._text[self._at :], 0
        more = ""
        while not more and not self._ended:
            # twice the size each time, so that a long value is not copied once for each chunk
            data = self._source.read1(max(self._chunk, len(rest)))
            self._ended = not data
            more = self._decode(data)
        self._text = rest + more
        return bool(more)

    def _decode(self, data: bytes) -> str:
        if self._decoder is None:
            self._head = data = self._head + data
            if len(data) < _HEAD and not self._ended:
                return ""
            encoding = json.detect_encoding(data)
            errors = "surrogateescape" if encoding.startswith("utf-8") else "replace"
            self._decoder = codecs.getincrementaldecoder(encoding)(errors)
        return self._decoder.decode(data, self._ended)

    def _broken(self, problem: str) -> BrokenJson:
        before = self._text[: self._at]
        line = self._lines + before.count("\n")
        start = self._passed + before.rindex("\n") + 1 if "\n" in before else self._line_start
        return BrokenJson(f"line {line + 1}, column {self._passed + self._at - start + 1}: {problem}")
