"""Conversion of typed values; each function raises ValueError with a sentence that names the correct form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wsnotebook.filtering import Filter

from wsnotebook.matching import is_regular_expression

__all__ = [
    "UNCHANGED",
    "read_auth",
    "read_close_code",
    "read_cookies",
    "read_count",
    "read_filter",
    "read_fragments",
    "read_header",
    "read_on_or_off",
    "read_port",
    "read_proxy",
    "read_regex",
    "read_seconds",
    "read_seconds_or_off",
    "read_size_or_off",
    "read_speed",
]

UNCHANGED: Any = object()
"""Value of a setting that is not given: None is a value of some."""

_SWITCH = {"on": True, "off": False}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:(k|m|g)(i?)b?|b)?", re.IGNORECASE)
_POWER = {"k": 1, "m": 2, "g": 3}


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
    """Return a number of rows, or the number of one, 0 or more."""
    if not text.isdecimal():
        raise ValueError(f"{text!r} is no whole number, 0 or more")
    return int(text)


def read_filter(text: str) -> Filter:
    """Return a filter of frames."""
    from wsnotebook.filtering import parse_filter  # at the first use: %load_ext loads no numpy

    return parse_filter(text)


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


def read_seconds_or_off(text: str) -> float | None:
    """Return seconds over 0, or None for off."""
    if text.lower() == "off":
        return None
    try:
        return read_seconds(text)
    except ValueError as error:
        raise ValueError(f"{error}, and not off") from None


def read_size_or_off(text: str) -> int | None:
    """Return bytes over 0, written as 1048576, 64KiB, 1.5MiB or 2MB; None for off."""
    if text.lower() == "off":
        return None
    match = _SIZE.fullmatch(text.strip())
    number, unit, binary = match.groups() if match else ("0", None, None)
    size = float(number) * (1024 if binary else 1000) ** _POWER.get((unit or "").lower(), 0)
    if size < 1 or size != int(size):
        raise ValueError(
            f"{text!r} is no size in whole bytes: write 65536, 64KiB, 1MiB, 2MB, or off for no limit"
        )
    return int(size)


def read_fragments(text: str) -> int:
    """Return a number of fragments, 2 or more."""
    if not text.isdecimal() or int(text) < 2:
        raise ValueError(f"{text!r} is no number of fragments, 2 or more")
    return int(text)


def read_regex(text: str) -> re.Pattern[str]:
    """Return a compiled regular expression, written as it is or between slashes, as expect has it."""
    try:
        return re.compile(text[1:-1] if is_regular_expression(text) else text)
    except re.error as error:
        raise ValueError(
            f"{text!r} is no regular expression: {error}; a backslash stands before ( [ * + ? that are meant as they are"
        ) from error


def read_speed(text: str) -> float | None:
    """Return a factor over 0; None for max, which is as fast as possible."""
    if text.lower() == "max":
        return None
    try:
        return read_seconds(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no speed: write 1 as recorded, 10 for ten times faster, or max"
        ) from None


def read_port(text: str) -> int:
    """Return a port, 0 to 65535."""
    if not text.isdecimal() or int(text) > 65535:
        raise ValueError(f"{text!r} is no port, 0 to 65535")
    return int(text)


def read_auth(text: str) -> tuple[str, str] | str:
    """Return user and password of ``user:password``, or a token, which has no colon."""
    user, colon, password = text.partition(":")
    return (user, password) if colon else text


def read_cookies(text: str) -> dict[str, str]:
    """Return the cookies of ``name=value; name=value``."""
    cookies: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair!r} has no equals sign: write a cookie as name=value")
        if name in cookies:
            raise ValueError(f"the cookie {name} is given twice")
        cookies[name] = value
    return cookies


def read_proxy(text: str) -> str | None:
    """Return the address of a proxy, or None for off."""
    return None if text.lower() == "off" else text
