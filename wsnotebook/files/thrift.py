"""Thrift's compact protocol, read only, from untrusted bytes: structs as dicts by field number, for the metadata of Parquet.

The format is in thrift/doc/specs/thrift-compact-protocol.md of Apache Thrift.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

__all__ = ["ThriftReader"]

Struct: TypeAlias = dict[int, Any]

_TRUE, _FALSE = 1, 2
_DEEPEST = 16  # structs and lists within others; Parquet has 8


class ThriftReader:
    """Reads values one after the other.

    Args:
        data: the bytes.
        place: where the first value begins.
    """

    def __init__(self, data: bytes, place: int = 0) -> None:
        self._data = data
        self.place = place
        """Where the next value begins."""

    def struct(self, depth: int = 0) -> Struct:
        """Return the fields of a struct: ints, bytes, bools, lists and structs.

        Raises:
            ValueError: there is no struct here.
        """
        fields: Struct = {}
        number = 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            kind = head & 0x0F
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("metadata nested too deeply")
        if kind in (9, 10):
            return self._list(depth)
        if kind == 12:
            return self.struct(depth)
        read = _SCALARS.get(kind)
        if read is None:
            raise ValueError(f"metadata with a value of type {kind}")
        return read(self)

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        if count > len(self._data) - self.place:  # each value has a byte at least
            raise ValueError("metadata with a list longer than the file")
        return [self._value(head & 0x0F, depth + 1) for _ in range(count)]

    def _byte(self) -> int:
        place = self.place
        if place >= len(self._data):
            raise ValueError("metadata that is cut off")
        self.place = place + 1
        return self._data[place]

    def _bytes(self, size: int) -> bytes:
        data = self._data[self.place : self.place + size]
        if len(data) != size:
            raise ValueError("metadata that is cut off")
        self.place += size
        return data

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("metadata with a number of more than 64 bits")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _binary(self) -> bytes:
        return self._bytes(self._varint())


_SCALARS: dict[int, Callable[[ThriftReader], Any]] = {
    _TRUE: lambda reader: reader._byte() == _TRUE,  # in a list, where a bool has a byte of its own
    _FALSE: lambda reader: reader._byte() == _TRUE,
    3: lambda reader: reader._byte(),
    4: ThriftReader._zigzag,
    5: ThriftReader._zigzag,
    6: ThriftReader._zigzag,
    7: lambda reader: reader._bytes(8),
    8: ThriftReader._binary,
}
"""Reader of each type that has no fields."""
