"""Checks of arguments of connect(): sizes in bytes, times in seconds, extensions, TLS. Those of the request are in address.py."""

from __future__ import annotations

import ssl as ssl_module
from collections.abc import Sequence
from datetime import timedelta

from wsnotebook.errors import InvalidURL
from wsnotebook.wire.extensions import PerMessageDeflate, WebSocketExtensionFactory, check_claims

__all__ = ["check_frame_size", "check_name", "check_ssl", "offers", "seconds"]


_DEFLATE = (PerMessageDeflate(),)  # one for all: it holds nothing that changes


def check_frame_size(limit: int | None) -> int | None:
    """Return a size limit in bytes, None for no limit.

    Raises:
        ValueError: ``limit`` is not over 0.
    """
    if limit is not None and limit <= 0:
        raise ValueError(f"max_frame_size is a number of bytes over 0, or None for no limit; not {limit}")
    return limit


def check_name(name: str | None) -> str | None:
    """Return the name of a session, None for one that is chosen.

    Raises:
        TypeError: ``name`` is no text.
        ValueError: it has half a character, which no column can hold.
    """
    if name is None:
        return None
    if not isinstance(name, str):
        raise TypeError(f"name is a text, not {name!r}; str() makes one")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"name {name!r} has half a character, at {error.start}: leave it out") from None
    return name


def seconds(value: float | timedelta, name: str) -> float:
    """Return a number or a timedelta in seconds.

    Args:
        value: seconds, or a timedelta.
        name: name of the argument, for the message.

    Raises:
        ValueError: ``value`` is not over 0.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if not number > 0:
        raise ValueError(f"{name} is a number of seconds over 0, not {value!r}; None turns it off")
    return number


def offers(
    raw: bool, extensions: Sequence[WebSocketExtensionFactory] | None, compression: str | None
) -> tuple[WebSocketExtensionFactory, ...]:
    """Return the extensions that a session offers: those given, or the default ones.

    Raises:
        ValueError: another word for compression, or two extensions that claim the same bit.
    """
    if compression not in ("deflate", None):
        raise ValueError(f"compression is 'deflate' or None, not {compression!r}")
    if extensions is None:
        return () if raw or compression is None else _DEFLATE
    check_claims(extensions)
    return tuple(extensions)


def check_ssl(url: str, context: ssl_module.SSLContext | None) -> ssl_module.SSLContext | None:
    """Return the context for TLS, if one was given.

    Raises:
        TypeError: it is none.
        InvalidURL: the URL is not wss://.
    """
    if context is None:
        return None
    if not isinstance(context, ssl_module.SSLContext):
        raise TypeError(f"ssl is an ssl.SSLContext, not {context!r}: ssl.create_default_context() makes one")
    if not url.startswith("wss:"):
        raise InvalidURL(url, "an SSLContext was given, and TLS is for wss://")
    return context
