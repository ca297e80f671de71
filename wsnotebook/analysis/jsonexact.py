"""JSON texts parsed one by one in Python: exact, whatever the text is, and odd values are counted.

The way for texts that Arrow cannot parse, or not exactly (jsonfast.py).
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from wsnotebook.analysis.jsoncolumns import Cells, Path, Piece, WrittenFloat
from wsnotebook.jsonvalues import parse_keys

__all__ = ["COUNTS", "ExactParser"]

COUNTS = ("not_json", "no_path", "not_object", "null", "nan", "beyond_float", "duplicate_key", "bom")
"""What is counted, in the order of ``attrs["json"]``."""

_NOT_JSON: Any = object()
_BOM = "\ufeff"
_DEEPEST = 256
"""Objects in objects that become columns of their own; one that CBOR or MessagePack nests deeper, or in itself, is a value."""


class ExactParser:
    """Parses texts and counts what a table cannot show.

    Args:
        path: keys from the value of a text to the object that becomes a row, or the text of such a path; without it the
            value is the object.
        flatten: whether objects in objects become columns of their own.
        decimals: whether numbers with a fraction or an exponent keep their text.

    Raises:
        ValueError: the text is no path of keys.
    """

    def __init__(
        self, path: str | Sequence[str] | None = None, *, flatten: bool = True, decimals: bool = False
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._odd: list[str] = []  # in the text that is being parsed
        self.path = parse_keys(path) if isinstance(path, str) else tuple(path or ())
        self.flatten = flatten
        self._number: type[float] = WrittenFloat if decimals else float
        self._decode = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=self._float,
            parse_constant=self._constant,
        ).decode

    def parse(self, texts: Iterable[str | None], sources: Iterable[int]) -> Piece:
        """Return the rows of some texts, in their order.

        Args:
            texts: the texts; None is not JSON.
            sources: the message of each text.
        """
        found = (
            (source, row)
            for source, text in zip(sources, texts, strict=True)
            for value in self._lines(text)
            for row in self._objects(value)
        )
        return self._piece(found)

    def rows(self, objects: Iterable[dict[str, Any]], sources: Iterable[int]) -> Piece:
        """Return objects that were decoded by something else, or those at the path in them, as rows."""
        found = zip(sources, objects, strict=True)
        return self._piece((source, row) for source, value in found for row in self._objects(value))

    def _piece(self, found: Iterable[tuple[int, dict[str, Any]]]) -> Piece:
        rows: list[int] = []
        columns: dict[Path, tuple[list[int], list[Any]]] = {}
        for source, row in found:
            self._add(row, (), len(rows), columns)
            rows.append(source)
        cells = {
            path: Cells(np.array(places, np.int64), values) for path, (places, values) in columns.items()
        }
        return Piece(np.array(rows, np.int64), cells)

    def values(self, text: str | None) -> Iterator[Any]:
        """Yield the value of a text, or of each of its lines (NDJSON); nothing for what is not JSON."""
        yield from (value for value in self._lines(text) if value is not _NOT_JSON)

    def _lines(self, text: str | None) -> Iterator[Any]:
        """Yield the value of a text, or of each of its lines (NDJSON)."""
        if text is not None and text.startswith(_BOM):
            self.counts["bom"] += 1
            text = text[1:]
        value = self._value(text)
        lines = text.split("\n") if value is _NOT_JSON and text is not None else []
        values = [self._value(line) for line in lines if line.strip()]
        if len(values) > 1 and any(each is not _NOT_JSON for each in values):
            yield from values
        else:
            yield value

    def _value(self, text: str | None) -> Any:
        self._odd.clear()
        try:
            value = self._decode(text or "")
        except (ValueError, RecursionError):  # a peer may nest deeper than the interpreter's recursion limit
            return _NOT_JSON
        if self._odd:
            self.counts.update(self._odd)
        return value

    def _objects(self, value: Any) -> Iterator[dict[str, Any]]:
        """Yield the objects at the path in a value; count every value that is not one."""
        if value is _NOT_JSON:
            self.counts["not_json"] += 1
            return
        for key in self.path:
            if not isinstance(value, dict) or key not in value:
                self.counts["no_path"] += 1
                return
            value = value[key]
        if self.path and isinstance(value, str | bytes):  # an envelope, with JSON as its text
            for inner in self._lines(_text(value)):
                yield from self._elements(inner)
        else:
            yield from self._elements(value)

    def _elements(self, value: Any) -> Iterator[dict[str, Any]]:
        for row in value if isinstance(value, list) else [value]:
            if isinstance(row, dict):
                yield row
            else:
                self.counts["not_object"] += 1

    def _add(self, found: dict[str, Any], prefix: Path, row: int, columns: dict[Path, Any]) -> None:
        """Add the cells of an object; an empty object is a value."""
        for key, value in found.items():
            name = key
            if type(key) is not str:  # formats other than JSON have numbers as keys
                name = str(key)
                if name in found and not isinstance(key, str):
                    self.counts["duplicate_key"] += 1
                    continue
            path = (*prefix, name)
            if self.flatten and isinstance(value, dict) and value and len(path) < _DEEPEST:
                self._add(value, path, row, columns)
                continue
            if value is None:
                self.counts["null"] += 1
            places, values = columns.setdefault(path, ([], []))
            places.append(row)
            values.append(value)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            self._odd.append("duplicate_key")
        return found

    def _float(self, text: str) -> float | Decimal:
        value = self._number(text)
        if math.isinf(value):
            self._odd.append("beyond_float")
            return Decimal(text)
        return value

    def _constant(self, word: str) -> float:
        self._odd.append("nan")
        return float(word)


def _text(value: str | bytes) -> str | None:
    try:
        return value if isinstance(value, str) else value.decode()
    except UnicodeDecodeError:
        return None
