"""HarMessage: one message of a HAR of any program; a value that cannot be read is said, and never raises."""

from __future__ import annotations

import base64
import binascii
import json
import math
from datetime import UTC, datetime
from typing import Any, NamedTuple

from wsnotebook.files.jsonstream import UnreadableValue
from wsnotebook.wire.frames import OPCODE_NAMES, Opcode

__all__ = [
    "EARLIEST_NS",
    "HarMessage",
    "iso_time",
    "number_of",
    "read_message",
    "shown",
    "text_of",
    "time_of",
]

EARLIEST_NS = 10**17
"""Times before this, in 1973, are of a clock that does not begin in 1970, or Playwright's -1 for none."""

_SECONDS_FROM, _SECONDS_TO = EARLIEST_NS / 1e9, 9.2e9
_SENT = {"send": True, "sent": True, "receive": False, "received": False}
_OPCODES = {name: opcode for opcode, name in enumerate(OPCODE_NAMES)}
_TEXT = int(Opcode.TEXT)  # an int: compared for every message
_OPCODE_OF_ERROR = -1  # written by Chrome, with the type "error"
_LATEST_NS = 1 << 63  # of a column of times
_MICROSECONDS = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (9.2e18, 1e-3))  # below: µs of a unit; s, ms, µs, ns
_URL_SAFE = str.maketrans("-_", "+/", " \r\n\t")
_SHOWN = 60  # characters of a value in a sentence


class HarMessage(NamedTuple):
    """The values of a message that can be read."""

    time_ns: int | None = None
    """ns since the epoch; None where the file does not say."""
    sent: bool = False
    """Whether the browser sent it."""
    opcode: int = Opcode.TEXT
    """Opcode."""
    payload: bytes | None = None
    """Payload; None where the message is no row."""
    odd: str = ""
    """What cannot be read, for a person; empty where all can."""
    error: str | None = None
    """Text of an error of the connection that stands among the messages, or None."""


def read_message(value: Any) -> HarMessage:
    """Return one message."""
    if not isinstance(value, dict):
        return HarMessage(odd=f"{shown(value)} is no message")
    time_ns = time_of(value.get("time"))
    kind, opcode, data = value.get("type"), _opcode_of(value.get("opcode")), value.get("data")
    if kind == "error" or opcode == _OPCODE_OF_ERROR:
        return HarMessage(time_ns, error=text_of(data) or "an error without a text")
    sent = _SENT.get(kind.lower()) if isinstance(kind, str) else None
    if sent is None:
        return HarMessage(
            time_ns, odd=f"type is {shown(kind)}, neither send nor receive; data is {shown(data)}"
        )
    if not isinstance(data, str):
        return HarMessage(time_ns, odd=f"data is {shown(data)}, no text")
    odd = ""
    if opcode is None or not 0 <= opcode <= 15:
        odd, opcode = f"opcode is {shown(value.get('opcode'))}: read as text", _TEXT
    if opcode != _TEXT:
        payload = _from_base64(data)
        if payload is None:
            return HarMessage(time_ns, odd=f"data is {shown(data)}, no base64")
        return HarMessage(time_ns, sent, opcode, payload, odd)
    try:
        payload = data.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, or a byte of a file that is not UTF-8
        payload, odd = data.encode("utf-8", "replace"), "data has what UTF-8 cannot hold: a ? stands for it"
    return HarMessage(time_ns, sent, opcode, payload, odd)


def time_of(value: Any) -> int | None:
    """Return the ns since the epoch of a number of seconds or of a smaller unit, or of an ISO 8601 text; None without.

    A float of seconds since 1970 is exact to microseconds.
    """
    if type(value) is float and _SECONDS_FROM <= value < _SECONDS_TO:
        return round(value * 1e6) * 1000  # what nearly every message has
    number = number_of(value)
    if number is None:
        time_ns = iso_time(value)
        return time_ns if time_ns is not None and time_ns >= EARLIEST_NS else None
    if number < 0:
        return None
    for below, microseconds in _MICROSECONDS:
        if number < below:
            time_ns = round(number * microseconds) * 1000
            return time_ns if EARLIEST_NS <= time_ns < _LATEST_NS else None
    return None


def iso_time(value: Any) -> int | None:
    """Return the ns since the epoch of an ISO 8601 text, in UTC where it names no zone; None for another value."""
    if not isinstance(value, str):
        return None
    try:
        when = datetime.fromisoformat(value)
        time_ns = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1e6) * 1000
    except (ValueError, OverflowError):
        return None
    return time_ns if time_ns < _LATEST_NS else None


def number_of(value: Any) -> float | None:
    """Return a finite number, also of a text that is one; None for another value."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _opcode_of(value: Any) -> int | None:
    if type(value) is int:
        return value
    if isinstance(value, str) and value.lower() in _OPCODES:
        return _OPCODES[value.lower()]
    number = number_of(value)
    return int(number) if number is not None and number.is_integer() else None


def _from_base64(text: str) -> bytes | None:
    """Return the bytes of base64, also of its URL-safe alphabet and without padding; None for another text."""
    plain = text.translate(_URL_SAFE).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def text_of(value: Any) -> str:
    """Return a text that UTF-8 can hold; empty for another value."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def shown(value: Any) -> str:
    """Return a value of JSON for a sentence, a long one cut."""
    if isinstance(value, UnreadableValue):
        return f"unreadable ({value.problem})"
    if value is None:
        return "missing"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, str):
        return json.dumps(text_of(value[:_SHOWN]), ensure_ascii=False) + ("…" if len(value) > _SHOWN else "")
    return json.dumps(value)[:_SHOWN]
