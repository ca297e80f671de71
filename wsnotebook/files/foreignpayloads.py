"""Payloads of a table that another program wrote, as bytes: of texts, bytes, values of JSON, and bytes written as text."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from wsnotebook.analysis.versions import is_text
from wsnotebook.log.rows import Array
from wsnotebook.wire.frames import Opcode

__all__ = ["ENCODINGS", "UNKNOWN", "Payloads", "payloads_of"]

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "base64": lambda text: base64.b64decode(text, validate=True),
    "hex": bytes.fromhex,
    "utf-8": str.encode,
}
"""Ways to write bytes as text."""

UNKNOWN = -1
"""Opcode of a row whose type of payload says it."""
_TEXT, _BINARY = int(Opcode.TEXT), int(Opcode.BINARY)  # ints: they are compared for every row
_OF_MESSAGES = (_TEXT, int(Opcode.CONTINUATION))
_AS_TEXT = (*_OF_MESSAGES, int(Opcode.PING), int(Opcode.PONG))  # opcodes whose payload may be a text
_SHOWN = 40  # characters of a payload in a sentence


class Payloads(NamedTuple):
    """Payloads of the rows of a table."""

    values: pa.LargeBinaryArray
    """The bytes."""
    opcodes: Array
    """uint8: opcode of each."""
    texts: Array
    """bool: whether a payload is UTF-8, of a text frame or a continuation."""
    from_json: bool = False
    """Whether one was a value of JSON, whose bytes on the wire are not known."""


def payloads_of(values: pd.Series[Any], opcodes: Array, encoding: str | None) -> Payloads:
    """Return the payloads of a column.

    Args:
        values: text, bytes, or dicts and lists, which are written as JSON without spaces.
        opcodes: opcode of each, or UNKNOWN.
        encoding: one of ENCODINGS, for bytes that are written as text; or None.

    Raises:
        ValueError: a payload is missing, of another type, or not written so.
    """
    if encoding is None and is_text(values) and not values.isna().any():
        if np.isin(opcodes, (UNKNOWN, _TEXT)).all():  # of most files: no loop
            return _all_texts(values)
    return _one_by_one(values, opcodes, None if encoding is None else ENCODINGS[encoding])


def _all_texts(values: pd.Series[Any]) -> Payloads:
    found = pa.array(values.array, pa.large_string())
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    count = len(values)
    return Payloads(found.cast(pa.large_binary()), np.full(count, _TEXT, np.uint8), np.ones(count, np.bool_))


def _one_by_one(values: pd.Series[Any], opcodes: Array, decode: Callable[[str], bytes] | None) -> Payloads:
    payloads: list[bytes] = []
    codes: list[int] = []
    texts: list[bool] = []
    from_json = False
    for row, (value, opcode) in enumerate(zip(values.tolist(), opcodes.tolist(), strict=True)):
        try:
            if isinstance(value, dict | list | np.ndarray):
                value, from_json = _json(value), True
            is_text = isinstance(value, str)
            payload, code = _text(value, opcode, decode) if is_text else _data(value, opcode)
        except ValueError as error:
            raise ValueError(f"row {row}: {error}") from error
        payloads.append(payload)
        codes.append(code)
        texts.append(code in _OF_MESSAGES and (is_text or _is_utf8(payload)))
    return Payloads(
        pa.array(payloads, pa.large_binary()),
        np.array(codes, np.uint8),
        np.array(texts, np.bool_),
        from_json,
    )


def _json(value: Any) -> str:
    """Return a value as JSON without spaces.

    Raises:
        ValueError: JSON has no such value.
    """
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_of_numpy)
    except TypeError as error:
        raise ValueError(f"the payload is no value of JSON: {error}; write it as text") from error


def _of_numpy(value: Any) -> Any:
    """Return an array or a scalar of NumPy, as files of Parquet give them, as a value of JSON.

    Raises:
        TypeError: it is none.
    """
    if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in "biufUO":
        plain = value.tolist()
        if isinstance(plain, list):  # pandas has NaN for a missing number
            return [None if isinstance(each, float) and each != each else each for each in plain]
        return plain
    raise TypeError(f"it has a {type(value).__name__}, {value!r:.{_SHOWN}}")


def _text(value: str, opcode: int, decode: Callable[[str], bytes] | None) -> tuple[bytes, int]:
    """Return the payload and the opcode of a text."""
    if opcode in _AS_TEXT or (opcode == UNKNOWN and decode is None):
        return value.encode(), _TEXT if opcode == UNKNOWN else opcode
    if decode is None:
        raise ValueError(
            f"the payload {value[:_SHOWN]!r} of opcode {opcode} is text: say how bytes are written, "
            f"encoding={' or '.join(map(repr, ENCODINGS))}"
        )
    return decode(value), _BINARY if opcode == UNKNOWN else opcode


def _data(value: Any, opcode: int) -> tuple[bytes, int]:
    """Return the payload and the opcode of bytes."""
    if not isinstance(value, bytes | bytearray | memoryview):
        raise ValueError(
            f"the payload is {value!r}, neither text nor bytes: leave out rows without one; read a file so that texts "
            "stay texts, as pandas.read_json(…, dtype=False) or read_csv(…, dtype=str, keep_default_na=False)"
        )
    return bytes(value), _BINARY if opcode == UNKNOWN else opcode


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
