"""Blocks of a pcapng file (IETF draft-ietf-opsawg-pcapng), written little-endian and read in either order.

Syntax only: other modules encode and decode the bodies.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wsnotebook.errors import FileError

__all__ = [
    "ENHANCED",
    "INTERFACE",
    "OURS",
    "SECTION",
    "SIMPLE",
    "Block",
    "Torn",
    "block",
    "option",
    "options",
    "read",
]

SECTION = 0x0A0D0D0A
INTERFACE = 1
SIMPLE = 3
ENHANCED = 6
OURS = 0x8057534E
"""Type of our own blocks, from the range that the draft reserves for local use: other programs skip it."""

_MAGIC = 0x1A2B3C4D
_END_OF_OPTIONS = b"\0\0\0\0"


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


class Torn(NamedTuple):
    """The truncated end of a file whose writer died."""

    position: int
    """Byte at which the last whole block ends."""
    size: int
    """Bytes after it."""


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


def read(path: Path, file: BinaryIO) -> Iterator[Block | Torn]:
    """Yield the blocks of a file; where its end is missing, Torn is the last.

    Raises:
        FileError: bytes that are not a block.
    """
    size = path.stat().st_size
    position, order = 0, "<"
    while position < size:
        start = file.read(12)
        if start[:4] == b"\n\r\r\n" and len(start) == 12:
            order = _order(path, position, start[8:12])
        if len(start) < 12:
            yield Torn(position, size - position)
            return
        kind, length = struct.unpack(order + "II", start[:8])
        if kind == length == 0 and not any(start) and _is_empty(file):
            yield Torn(
                position, size - position
            )  # a file system that lost its power filled the end with zeros
            return
        if length < 12 or length % 4:
            raise FileError(path, f"byte {position}", f"a block cannot have a length of {length}")
        if position + length > size:
            yield Torn(position, size - position)
            return
        rest = file.read(length - 12)
        if len(rest) < length - 12:  # the file became shorter while it was read
            yield Torn(position, size - position)
            return
        if length > 12 and rest[-4:] != start[4:8] or length == 12 and start[8:] != start[4:8]:
            raise FileError(path, f"byte {position}", "the two lengths of the block differ")
        yield Block(position, kind, start[8:] + rest[:-4] if length > 12 else b"", order)
        position += length


def _order(path: Path, position: int, magic: bytes) -> str:
    for order in "<>":
        if struct.unpack(order + "I", magic) == (_MAGIC,):
            return order
    raise FileError(path, f"byte {position}", "a section without its byte-order magic")


def _is_empty(file: BinaryIO) -> bool:
    while part := file.read(1 << 20):
        if any(part):
            return False
    return True
