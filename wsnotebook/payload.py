"""parse_payload(): the frame to send from a text that a person typed."""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable
from typing import Any, Literal, NoReturn, TypeAlias, get_args

from wsnotebook.wire.frames import Frame

__all__ = ["KINDS", "PayloadKind", "parse_payload", "read_json"]

PayloadKind: TypeAlias = Literal["text", "json", "hex", "base64"]
KINDS: tuple[PayloadKind, ...] = get_args(PayloadKind)
"""The kinds of payload, the default first."""

_HEX_PREFIX = re.compile(r"(?<![0-9A-Fa-f])0[xX]")
_NOT_HEX = re.compile(r"[^0-9A-Fa-f\s:,_-]")
_FROM_URL_SAFE = str.maketrans("-_", "+/")
_HEX_DIGIT = re.compile(r"[0-9A-Fa-f]")


def parse_payload(text: str, kind: PayloadKind = "text") -> Frame:
    """Make the frame to send from a typed text.

    Args:
        text: the text, the JSON document (validated, then sent as typed), or the hex digits in pairs; blanks, ``:``,
            ``,``, ``-``, ``_`` and ``0x`` between hex bytes are skipped; or base64, with or without padding.
        kind: ``"text"`` and ``"json"`` make a text frame, ``"hex"`` and ``"base64"`` a binary one.

    Raises:
        ValueError: not JSON, not hex, not encodable, or an unknown kind; the sentence names the position.
    """
    if kind in _BYTES:
        return Frame.binary(_BYTES[kind](text))
    if kind == "json":
        # Numbers are not converted: one of 5000 digits is valid JSON, and int() refuses it.
        read_json(text, parse_number=str)
    elif kind != "text":
        raise ValueError(f"unknown kind of payload {kind!r}: use one of {', '.join(KINDS)}.")
    try:
        return Frame.text(text)
    except UnicodeEncodeError as error:
        raise ValueError(
            f"character {error.start + 1} is half of a surrogate pair and has no UTF-8 form: delete it, or send bytes as hex."
        ) from error


def _hex_bytes(text: str) -> bytes:
    bare = _HEX_PREFIX.sub("  ", text)  # two blanks for two characters, so that positions stay true
    wrong = _NOT_HEX.search(bare)
    if wrong:
        raise ValueError(
            f"character {wrong.start() + 1}, {wrong.group()!r}, is not a hex digit: write bytes as pairs of 0-9 and a-f, as in 48 65 6c."
        )
    digits = list(_HEX_DIGIT.finditer(bare))
    if len(digits) % 2:
        raise ValueError(
            f"{len(digits)} hex digits do not make whole bytes, the last one is character {digits[-1].start() + 1}: "
            "write each byte with two digits, as in 0a."
        )
    return bytes.fromhex("".join(digit.group() for digit in digits))


def _base64_bytes(text: str) -> bytes:
    bare = "".join(text.split()).translate(_FROM_URL_SAFE).rstrip("=")
    try:
        return binascii.a2b_base64(bare + "=" * (-len(bare) % 4), strict_mode=True)
    except ValueError as error:
        raise ValueError(
            f"not base64 ({error}): write groups of four of A-Z, a-z, 0-9, + and /, as in SGVsbG8=; - and _ are read too."
        ) from error


_BYTES = {"hex": _hex_bytes, "base64": _base64_bytes}
"""Functions that return the bytes of a typed text, by the kind that makes a binary frame."""


def read_json(text: str, *, parse_number: Callable[[str], Any] | None = None) -> Any:
    """Return the value of a typed JSON document.

    Args:
        text: the document.
        parse_number: converts each number; None makes int and float of them.

    Raises:
        ValueError: not JSON; the sentence names the position.
    """
    try:
        return json.loads(
            text, parse_int=parse_number, parse_float=parse_number, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}; correct it, or send it as text."
        ) from error
    except RecursionError as error:
        raise ValueError("not checked: the JSON is nested too deep for Python; send it as text.") from error


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(
        f"not JSON: {word} is a word of Python and JavaScript only; use null or a number, or send it as text."
    )
