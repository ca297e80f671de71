"""Blocks of a pcapng file (IETF draft-ietf-opsawg-pcapng), written little-endian and read in either order.

Syntax only: other modules encode and decode the bodies.
"""

from __future__ import annotations

import re
import struct
import sys
from collections.abc import Iterator
from gzip import GzipFile
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wsnotebook.errors import FileError

__all__ = [
    "ENHANCED",
    "INTERFACE",
    "OURS",
    "PACKET",
    "SECRETS",
    "SECTION",
    "SIMPLE",
    "Block",
    "Damaged",
    "Torn",
    "block",
    "option",
    "options",
    "read",
]

SECTION = 0x0A0D0D0A
INTERFACE = 1
PACKET = 2
"""The former block of packets."""
SIMPLE = 3
ENHANCED = 6
SECRETS = 10
OURS = 0x8057534E
"""Type of our own blocks, from the range that the draft reserves for local use: other programs skip it."""

_MAGIC = 0x1A2B3C4D
_SECTION_START = struct.pack("<I", SECTION)  # the same in either byte order
_WINDOW = 1 << 20  # bytes that are read at once to find a block after damage
_MOST_TRIED = 100_000  # places that look like one: a hostile file has nothing else
_LARGEST_PACKED = 256 << 20  # bytes: a few bytes of gzip can become gigabytes
_END_OF_OPTIONS = b"\0\0\0\0"


_KINDS = {
    order: re.compile(
        b"|".join(
            re.escape(struct.pack(order + "I", kind))
            for kind in (INTERFACE, PACKET, SIMPLE, 4, 5, ENHANCED, SECRETS, OURS, SECTION)
        )
    )
    for order in "<>"
}
"""First bytes of a block that may follow damage."""


class Block(NamedTuple):
    """One whole block."""

    position: int
    """Byte of the file at which it begins."""
    kind: int
    """Block type."""
    body: bytes
    """Body, without type and lengths."""
    order: str
    """"<" or ">": byte order of its section."""

    @property
    def size(self) -> int:
        """Bytes with type and lengths."""
        return 12 + len(self.body)


class Torn(NamedTuple):
    """The truncated end of a file whose writer died."""

    position: int
    """Byte at which the last whole block ends."""
    size: int
    """Bytes after it; of a gzip file their number is not known."""


class Damaged(NamedTuple):
    """Bytes that are no block, and after which a whole one follows."""

    position: int
    """Byte of the file at which they begin."""
    size: int
    """Number of bytes."""
    problem: str


def block(kind: int, body: bytes) -> bytes:
    """Return a block."""
    padding = -len(body) % 4
    length = struct.pack("<I", len(body) + padding + 12)
    return struct.pack("<I", kind) + length + body + b"\0" * padding + length


def option(code: int, value: bytes) -> bytes:
    """Return an option; ``option(0, b"")`` ends a list of options."""
    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def options(data: bytes, order: str) -> dict[int, bytes]:
    """Return the last value of each option in a list; of a truncated list, of the options before its end."""
    found = {}
    place = 0
    while place + 4 <= len(data) and data[place : place + 4] != _END_OF_OPTIONS:
        code, size = struct.unpack_from(order + "HH", data, place)
        found[code] = data[place + 4 : place + 4 + size]
        place += 4 + size + (-size % 4)
    return found


def read(path: Path, file: BinaryIO, *, is_strict: bool = True) -> Iterator[Block | Torn | Damaged]:
    """Yield the blocks of a file; where its end is missing, Torn is the last.

    Args:
        path: for errors.
        file: may be what a gzip file holds.
        is_strict: raise where bytes are not a block; otherwise Damaged stands for them, and the next whole block follows.

    Raises:
        FileError: bytes that are not a block; of the first one also where this is not strict.
    """
    size = sys.maxsize if isinstance(file, GzipFile) else path.stat().st_size
    position, order = 0, "<"
    while position < size:
        start = file.read(12)
        if not start:
            return
        try:
            if start[:4] == _SECTION_START and len(start) == 12:
                order = _order(start[8:12])
            found: Block | Torn | Damaged = _block(file, start, position, size, order)
            problem = "its length is beyond the end of the file"
        except ValueError as error:
            if is_strict or not position:
                raise FileError(path, f"byte {position}", str(error)) from error
            found, problem = Torn(position, size - position), str(error)
        if isinstance(found, Torn):
            after = None if is_strict else _next_block(file, position + 1, order)
            if after is None:
                yield found
                return
            found = Damaged(position, after - position, f"a damaged block: {problem}")
            file.seek(after)
        yield found
        position += found.size


def _block(file: BinaryIO, start: bytes, position: int, size: int, order: str) -> Block | Torn:
    """Read the rest of a block, whose first 12 bytes are known."""
    torn = Torn(position, size - position)
    if len(start) < 12:
        return torn
    kind, length = struct.unpack(order + "II", start[:8])
    if kind == length == 0 and not any(start) and _is_empty(file):
        return torn  # a file system that lost its power filled the end with zeros
    if length < 12 or length % 4:
        raise ValueError(f"a block cannot have a length of {length}")
    if position + length > size or (size == sys.maxsize and length > _LARGEST_PACKED):
        return torn
    rest = file.read(length - 12)
    if len(rest) < length - 12:  # the file became shorter while it was read
        return torn
    if length > 12 and rest[-4:] != start[4:8] or length == 12 and start[8:] != start[4:8]:
        raise ValueError("the two lengths of the block differ")
    return Block(position, kind, start[8:] + rest[:-4] if length > 12 else b"", order)


def _order(magic: bytes) -> str:
    for order in "<>":
        if struct.unpack(order + "I", magic) == (_MAGIC,):
            return order
    raise ValueError("a section without its byte-order magic")


def _is_empty(file: BinaryIO) -> bool:
    while part := file.read(1 << 20):
        if any(part):
            return False
    return True


def _next_block(file: BinaryIO, start: int, order: str) -> int | None:
    """Return where the next block begins whose two lengths are equal, or None."""
    tried = 0
    while True:
        file.seek(start)
        data = file.read(_WINDOW)
        if len(data) < 12:
            return None
        for match in _KINDS[order].finditer(data):
            tried += 1
            if tried > _MOST_TRIED:
                return None
            place = start + match.start()
            length = int.from_bytes(_read_at(file, place + 4, 4), "little" if order == "<" else "big")
            if match[0] == _SECTION_START:
                return place
            if 12 <= length <= _LARGEST_PACKED and not length % 4:
                if _read_at(file, place + length - 4, 4) == _read_at(file, place + 4, 4):
                    return place
        start += len(data) - 3


def _read_at(file: BinaryIO, place: int, size: int) -> bytes:
    file.seek(place)
    return file.read(size)
