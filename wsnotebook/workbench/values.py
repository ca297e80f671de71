"""Conversion of typed values; each function raises ValueError with a sentence that names the correct form."""

from __future__ import annotations

__all__ = ["read_close_code", "read_count", "read_header", "read_on_or_off", "read_seconds"]

_SWITCH = {"on": True, "off": False}


def read_header(text: str) -> tuple[str, str]:
    """Return name and value of a header field, ``Name: value``."""
    name, colon, value = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} has no colon: write Name: value")
    return name.strip(), value.strip()


def read_seconds(text: str) -> float:
    """Return a finite number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{text!r} is no number of seconds above 0")
    return seconds


def read_count(text: str) -> int:
    """Return a number of rows, 0 or more."""
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no number of rows, 0 or more")
    return int(text)


def read_on_or_off(text: str) -> bool:
    """Return True for on, False for off, in any case."""
    value = _SWITCH.get(text.lower())
    if value is None:
        raise ValueError(f"{text!r} is neither on nor off")
    return value


def read_close_code(text: str) -> int:
    """Return a close code; whether it may be sent is checked by the session."""
    code = text.strip()
    if not (code.isascii() and code.isdecimal()):
        raise ValueError(f"close code {code!r} is not a number: write 1000, or 3000 to 4999 for your own.")
    return int(code)
